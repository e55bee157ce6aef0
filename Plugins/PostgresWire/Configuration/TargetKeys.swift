import ConfigFile
import GatewayCore
import NIOCore

/// A database server as configured.
struct PostgresTarget: Sendable {
    let target: Target
    /// libpq's connection parameters, without those that the gateway sets for each session.
    let connection: [String: String]
    let password: SecretReference?
    let baseDirectory: String
    let connectTimeout: TimeAmount
    /// The databases that callers may name; only the connection's own when empty.
    let databases: [String]
    /// The role that a session takes, by the caller's group; the first that fits.
    let roles: [(group: String, role: String)]
    let allowsReplication: Bool
    let effectfulFunctions: [String]

    /// The database of callers who name only the target.
    var database: String {
        connection["dbname"] ?? (namesItsDatabase ? connection["user"] : nil) ?? target.name
    }

    /// libpq finds out what `database` is called, in a service file; callers and policies know it by the target's name.
    func leavesToService(_ database: String) -> Bool { !namesItsDatabase && database == self.database }

    private var namesItsDatabase: Bool { connection["dbname"] != nil || connection["service"] == nil }

    func serves(_ database: String) -> Bool { database == self.database || databases.contains(database) }
}

/// The keys of a target, and how they are read.
enum TargetKeys {
    static let keys: [ConfigKey] = [
        ConfigKey(
            "connection", .dictionary(.string), required: true,
            disclosure: .members(shownParameters, files: Array(fileParameters)),
            summary: "libpq's connection parameters: host, port, dbname, user, sslmode, sslrootcert, service, …"),
        ConfigKey("password", .secret, summary: "The password of `connection.user`."),
        ConfigKey(
            "databases", .list(.string),
            disclosure: .shown, summary: "Further databases of the server, which callers name as `target/database`."),
        ConfigKey(
            "roles", .dictionary(.string),
            disclosure: .shown,
            summary: "The database role (SET ROLE) for members of a group; the first group that a caller has counts."),
        ConfigKey("connect_timeout", .duration, default: "10s", summary: "How long connecting may take."),
        ConfigKey(
            "replication", .choice(["refuse", "pass"]), default: "refuse",
            summary: "Whether replication connections are relayed; what they carry is not inspected."),
        ConfigKey(
            "effectful_functions", .list(.string),
            disclosure: .shown,
            summary: "Functions, beyond the known ones, whose calls are effects of their own: `schema.name` or `name`."),
    ]

    /// What libpq takes a path in. Relative ones start at the configuration's folder, as all paths in it do.
    private static let fileParameters: Set<String> = ["sslrootcert", "sslcert", "sslcrl", "sslkey", "passfile"]

    /// What libpq takes no secret in; `sslpassword` and what later versions bring is not recorded.
    private static let shownParameters = [
        "host", "hostaddr", "port", "dbname", "user", "sslmode",
        "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding", "require_auth",
        "gssencmode", "krbsrvname", "target_session_attrs", "load_balance_hosts", "service",
    ]

    /// What the gateway itself sets, or what would lead around it.
    private static let ownParameters: Set<String> = [
        "password", "application_name", "client_encoding", "options", "replication", "fallback_application_name",
        "connect_timeout",
    ]

    private static func path(_ text: String, from folder: String) -> String {
        // `sslrootcert=system` is no path but means the system's authorities.
        if text.isEmpty || text == "system" || text.hasPrefix("/") { return text }
        return "\(folder)/\(text)"
    }

    static func read(_ target: Target, baseDirectory: String) throws(ConfigError) -> PostgresTarget {
        let section = target.section
        var connection: [String: String] = [:]
        for (name, text) in section.dictionary("connection") {
            guard !ownParameters.contains(name) else {
                throw section.error(
                    "connection",
                    name == "password"
                        ? "write the password as a reference in the target's own `password`"
                        : "\(name) is set by the gateway for each session")
            }
            connection[name] = fileParameters.contains(name) ? path(text, from: baseDirectory) : text
        }
        return PostgresTarget(
            target: target, connection: connection, password: section.secret("password"), baseDirectory: baseDirectory,
            connectTimeout: section.duration("connect_timeout").map(TimeAmount.init) ?? .seconds(10),
            databases: section.strings("databases"),
            roles: section.dictionary("roles").map { (group: $0.name, role: $0.text) },
            allowsReplication: section.string("replication") == "pass",
            effectfulFunctions: section.strings("effectful_functions"))
    }
}
