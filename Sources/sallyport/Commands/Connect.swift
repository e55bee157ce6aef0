import ArgumentParser
import ConfigFile
import Foundation
import StrictJSON

struct Connect: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give database clients what they need to connect through the gateway.",
        discussion: """
            eval "$(sallyport connect ledger)"; psql
            sallyport connect ledger psql -c 'select 1'
            sallyport connect --jdbc ledger

            Without a program, prints the settings for a shell: a service file and a password file that libpq's clients \
            read (psql, pg_dump, psycopg, …), both readable by you alone. With a program, runs it with these settings. \
            The password is your token, which expires, or with --scram one that the gateway makes and that lasts as \
            long; run the command again then.
            """)

    @Argument(help: "The target, or target/database where it serves several.")
    var target: String

    @Argument(parsing: .captureForPassthrough, help: "A program to run, with its arguments.")
    var program: [String] = []

    @Flag(help: "Print a JDBC URL instead.")
    var jdbc = false

    @Option(
        help: ArgumentHelp(
            "Where the gateway listens for PostgreSQL: host:port.",
            discussion: "Without it: SALLYPORT_POSTGRES, or the configuration's first such listener."))
    var address: String?

    @Option(help: "libpq's sslmode; by default verify-full, and disable on this machine itself.")
    var sslmode: String?

    @Flag(help: "Use a password that proves itself (SCRAM), for clients that refuse to send one in clear.")
    var scram = false

    @OptionGroup var console: ConsoleConnection

    func perform() async throws {
        let (user, password) = try await credential()
        let place = try place()
        let settings = ClientSettings(
            target: target, host: place.host, port: place.port, user: user, password: password,
            sslmode: sslmode ?? (place.isLoopback ? "disable" : "verify-full"))
        if jdbc { return print(settings.jdbcURL) }
        let environment = try settings.write(to: CredentialFile.standard.folder)
        guard let name = program.first else {
            for (variable, value) in environment { print("export \(variable)='\(value)'") }
            return
        }
        for (variable, value) in environment { setenv(variable, value, 1) }
        var arguments = program.map { strdup($0) }
        arguments.append(nil)
        execvp(name, &arguments)
        throw CommandFailure("\(name) cannot be run: \(String(cString: strerror(errno)))", status: .usage)
    }

    /// The token, or what the gateway gives for it.
    private func credential() async throws -> (user: String, password: String) {
        guard scram else {
            let token = try await CredentialFile.token()
            return (try Self.user(of: token), token)
        }
        let issued = try await console.client().post("/api/v1/credentials")
        guard let name = issued["name"]?.string, let secret = issued["secret"]?.string else {
            throw CommandFailure("the console gave no credential", status: .unavailable)
        }
        return (name, secret)
    }

    private func place() throws -> ConfigAddress {
        if let text = address ?? ProcessInfo.processInfo.environment["SALLYPORT_POSTGRES"] {
            guard let place = ConfigAddress(text) else {
                throw CommandFailure("\"\(text)\" is no address; write host:port", status: .usage)
            }
            return place
        }
        guard FileManager.default.fileExists(atPath: console.config) else {
            throw CommandFailure("name the gateway with --address host:port", status: .usage)
        }
        let configuration = try GatewayConfiguration.load(path: console.config, registry: .all())
        for listener in configuration.listeners where listener.kind == "postgres" {
            if let address = listener.section.addresses.first?.address { return address }
        }
        throw CommandFailure(
            "no listener in \(console.config) speaks PostgreSQL; name the gateway with --address", status: .usage)
    }

    /// What the gateway calls the bearer of the token, which it verifies; here it is only read.
    private static func user(of token: String) throws -> String {
        let parts = token.split(separator: ".")
        var text = parts.count == 3 ? String(parts[1]) : ""
        text = text.replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        let data = Data(base64Encoded: text) ?? Data()
        let claims = try? JSONValue(parsing: Array(data))
        for name in ["email", "preferred_username", "sub"] {
            if let user = claims?[name]?.string { return user }
        }
        throw CommandFailure("the token names nobody", status: .refused)
    }
}

/// How libpq's clients and JDBC are told where to connect, and as whom.
private struct ClientSettings {
    let target: String
    let host: String
    let port: Int
    let user: String
    let password: String
    let sslmode: String

    var jdbcURL: String {
        let query = [("user", user), ("password", password), ("sslmode", sslmode)].map { "\($0)=\(Self.encoded($1))" }
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "jdbc:postgresql://\(shownHost):\(port)/\(Self.encoded(target))?\(query.joined(separator: "&"))"
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~")))
            ?? ""
    }

    /// Writes a service and a password file.
    ///
    /// - Returns: The variables that make libpq read them.
    func write(to folder: URL) throws -> [(String, String)] {
        let own = folder.appendingPathComponent("postgres/\(target.replacing("/", with: "."))")
        let services = own.appendingPathComponent("pg_service.conf").path
        let passwords = own.appendingPathComponent("pgpass").path
        try PrivateFile.replace(
            services,
            with: """
                [\(target)]
                host=\(host)
                port=\(port)
                dbname=\(target)
                user=\(user)
                sslmode=\(sslmode)

                """.utf8)
        let line = [host, String(port), target, user, password].map {
            $0.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
        }
        try PrivateFile.replace(passwords, with: (line.joined(separator: ":") + "\n").utf8)
        return [("PGSERVICEFILE", services), ("PGPASSFILE", passwords), ("PGSERVICE", target)]
    }
}
