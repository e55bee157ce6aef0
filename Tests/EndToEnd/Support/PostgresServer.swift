import Foundation

/// A real PostgreSQL in a folder of its own, on a free port, with SCRAM and TLS; it goes away with it.
final class PostgresServer: Sendable {
    let port: Int
    let folder: URL
    private let process: RunningProcess
    private let certificates: TestCertificates?
    private let authority: String

    static let password = "gateway's own pass word"
    /// The account that the gateway signs in with: the owner of the database.
    static let user = "gateway"
    static let database = "ledger"

    /// - Parameters:
    ///   - seed: SQL for the database.
    ///   - certificates: With them the server has TLS, and takes the gateway in no other way.
    ///   - authority: Whom the gateway trusts to have signed the server's certificate.
    init(seed: String = "", certificates: TestCertificates? = nil, trusting authority: String = "ca.pem") async throws {
        self.certificates = certificates
        self.authority = authority
        port = try Tools.freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("postgres-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        Leftovers.add(folder: folder)
        let passwordFile = folder.appendingPathComponent("password")
        try Self.password.write(to: passwordFile, atomically: true, encoding: .utf8)
        var tls: [String] = []
        if let certificates {
            for name in ["function.pem", "function.key"] {
                try FileManager.default.copyItem(atPath: certificates.path(name), toPath: folder.path + "/" + name)
            }
            chmod(folder.path + "/function.key", 0o600)
            tls = [
                "-c", "ssl=on", "-c", "ssl_cert_file=\(folder.path)/function.pem", "-c",
                "ssl_key_file=\(folder.path)/function.key",
            ]
        }
        if getuid() == 0 {
            let finished = try await RunningProcess.run(
                "/bin/chown", ["-R", Self.account, folder.path])
            guard finished.status == 0 else { throw TestFailure("chown: \(finished.errors)") }
        }
        let data = folder.appendingPathComponent("data").path
        let made = try await RunningProcess.run(
            Self.command("initdb").executable,
            Self.command("initdb").prefix + [
                "-D", data, "-U", Self.user, "-A", "scram-sha-256", "--pwfile", passwordFile.path, "-E", "UTF8",
                "--locale=C", "--no-sync",
            ], in: URL(fileURLWithPath: "/"))
        guard made.status == 0 else { throw TestFailure("initdb: \(made.errors)") }
        process = try RunningProcess(
            Self.command("postgres").executable,
            Self.command("postgres").prefix + [
                "-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                "-c", "fsync=off", "-c", "max_connections=200", "-c", "max_prepared_transactions=4", "-c",
                "wal_level=logical",
            ] + tls, in: URL(fileURLWithPath: "/"))
        try await Tools.waitForPort(port, of: process)
        _ = try await psql("CREATE DATABASE \(Self.database)", database: "postgres")
        if !seed.isEmpty { _ = try await psql(seed) }
    }

    deinit {
        // The postmaster ends its children at once on SIGQUIT.
        process.signal(SIGQUIT)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs SQL directly, past the gateway, and gives what psql prints: unaligned, tuples only.
    @discardableResult
    func psql(_ sql: String, database: String = PostgresServer.database) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let finished = try await RunningProcess.run(
                try Tools.system("psql"), ["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
                environment: environment(database: database))
            if finished.status == 0 { return finished.output }
            guard finished.errors.contains("starting up"), ContinuousClock.now < deadline else {
                throw TestFailure("psql: \(finished.errors)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// libpq's variables for a direct connection.
    func environment(database: String = PostgresServer.database) -> [String: String] {
        [
            "PGHOST": "127.0.0.1", "PGPORT": String(port), "PGUSER": Self.user, "PGPASSWORD": Self.password,
            "PGDATABASE": database, "PGSSLMODE": "disable",
        ]
    }

    /// The gateway's target for it, in YAML.
    ///
    /// - Parameter more: Further keys, a line each.
    func target(_ more: String = "") -> String {
        """
          - name: ledger
            kind: postgres
            connection: {host: 127.0.0.1, port: "\(port)", dbname: \(Self.database), user: \(Self.user), \(security)}
            password: "env:LEDGER_PASSWORD"
            \(more)
        """
    }

    private var security: String {
        guard let certificates else { return "sslmode: disable" }
        return "sslmode: verify-full, sslrootcert: \"\(certificates.path(authority))\", channel_binding: require"
    }

    private static let account = "postgres"

    /// Where a program of the server's package is.
    static func program(_ name: String) throws -> String {
        let (executable, prefix) = command(name)
        return prefix.last ?? executable
    }

    /// A program of the server's package, run as an account that is not root, since it refuses that one.
    private static func command(_ name: String) -> (executable: String, prefix: [String]) {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let path = "/usr/lib/postgresql/\(versions.max() ?? "15")/bin/\(name)"
        guard getuid() == 0 else { return (path, []) }
        return ("/usr/bin/setpriv", ["--reuid", account, "--regid", account, "--init-groups", path])
    }
}
