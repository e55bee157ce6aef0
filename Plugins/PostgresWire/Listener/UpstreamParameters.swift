import ConfigFile
import GatewayCore
import Identifiers
import Identity

/// What libpq is told for one session: the target's parameters, the caller's settings, and who it is for.
struct UpstreamParameters {
    private let target: PostgresTarget
    private let startup: StartupParameters

    /// What a startup packet has that is no setting of the server's.
    private static let notSettings: Set<String> = [
        "user", "database", "replication", "options", "application_name", "client_encoding",
    ]
    /// PostgreSQL's `NAMEDATALEN` less the zero byte.
    private static let longestName = 63

    init(_ target: PostgresTarget, _ startup: StartupParameters) {
        self.target = target
        self.startup = startup
    }

    /// - Parameter label: How the database's own log names the caller.
    /// - Throws: `SecretError` when the password cannot be had.
    func parameters(database: String, session: Session, label: String) throws(SecretError) -> [String: String] {
        var parameters = try Self.common(target, database)
        parameters["application_name"] = Self.name(label, session.id)
        parameters["client_encoding"] = startup.values["client_encoding"] ?? "UTF8"
        if startup.asksForReplication { parameters["replication"] = startup.values["replication"] }
        let options = options(for: session.caller.groups)
        if !options.isEmpty { parameters["options"] = options }
        return parameters
    }

    /// For what the gateway itself asks of the database.
    ///
    /// - Throws: `SecretError` when the password cannot be had.
    static func ofGateway(_ target: PostgresTarget, database: String) throws(SecretError) -> [String: String] {
        var parameters = try common(target, database)
        parameters["application_name"] = "sallyport catalog"
        parameters["client_encoding"] = "UTF8"
        // Names in views' queries are written with their schemas then.
        parameters["options"] = "-c search_path= -c statement_timeout=10000"
        return parameters
    }

    private static func common(_ target: PostgresTarget, _ database: String) throws(SecretError) -> [String: String] {
        var parameters = target.connection
        if !target.leavesToService(database) { parameters["dbname"] = database }
        if let password = target.password {
            parameters["password"] = try password.resolve(relativeTo: target.baseDirectory).reveal()
        }
        if parameters["gssencmode"] == nil { parameters["gssencmode"] = "disable" }
        return parameters
    }

    /// The caller and the session, so that the database's log leads back to the gateway's.
    private static func name(_ label: String, _ session: UUIDv7) -> String {
        let readable = label.map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" }
        return "\(String(readable.prefix(longestName - 37))) \(session)"
    }

    private func options(for groups: CallerGroups) -> String {
        var options = startup.values["options"].map { [$0] } ?? []
        for (name, value) in startup.values.sorted(by: { $0.key < $1.key })
        where !Self.notSettings.contains(name) && !name.hasPrefix("_pq_.") {
            options.append("-c \(Self.escaped("\(name)=\(value)"))")
        }
        // Last, so that it wins.
        if let role = role(for: groups) {
            options.append("-c \(Self.escaped("role=\(role)"))")
        }
        return options.joined(separator: " ")
    }

    /// Unknown groups have no role.
    private func role(for groups: CallerGroups) -> String? {
        guard case .known(let names) = groups else { return nil }
        return target.roles.first { names.contains($0.group) }?.role
    }

    /// PostgreSQL splits options at spaces, and a backslash takes the next character as it is.
    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\\" || $0.isWhitespace ? "\\\($0)" : "\($0)" }.joined()
    }
}
