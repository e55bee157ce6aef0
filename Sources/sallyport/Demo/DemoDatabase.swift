import Foundation

/// The PostgreSQL server of the demo, where the machine has one: a data folder of its own, gone when the demo ends.
struct DemoDatabase {
    let port: Int
    let password = UUID().uuidString
    private let programs: String
    /// Under the system's temporary folder: the server runs as an account that may not see the demo's.
    private let folder = "\(NSTemporaryDirectory())sallyport-demo-\(UUID().uuidString)"

    /// `nil` where PostgreSQL is not installed.
    init?(port: Int) {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.max { $0.compare($1, options: .numeric) == .orderedAscending }
        guard let newest, FileManager.default.isExecutableFile(atPath: "\(root)/\(newest)/bin/initdb") else {
            return nil
        }
        programs = "\(root)/\(newest)/bin"
        self.port = port
    }

    static let seed = """
        CREATE DATABASE ledger;
        \\c ledger
        CREATE TABLE customers (id text PRIMARY KEY, name text, email text, ssn text, balance numeric(12,2));
        INSERT INTO customers VALUES ('c-17', 'Dana Reyes', 'dana.reyes@example.com', '536-22-8741', 1204.50),
            ('c-18', 'Noor Haddad', 'noor@example.net', '536-90-9921', 88.00), ('c-19', 'Li Wei', 'li.wei@example.org', '536-47-3310', 56.10);
        CREATE VIEW contacts AS SELECT name, email, ssn AS reference FROM customers;
        """

    /// - Returns: The process of the server, to be started.
    func prepare() throws -> Process {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
        if getuid() == 0 { try run("/bin/chown", ["-R", "postgres", folder]) }
        try run(
            command("initdb")[0],
            command("initdb").dropFirst() + [
                "-D", "\(folder)/data", "-U", "gateway", "-A", "scram-sha-256", "--pwfile", "\(folder)/password", "-E",
                "UTF8", "--locale=C", "--no-sync",
            ])
        let server = Process()
        let words = command("postgres")
        server.executableURL = URL(fileURLWithPath: words[0])
        server.arguments =
            words.dropFirst() + [
                "-D", "\(folder)/data", "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c",
                "unix_socket_directories=", "-c", "fsync=off",
            ]
        return server
    }

    /// Fills it, once it answers.
    func fill() throws {
        let psql = Process()
        psql.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        psql.arguments = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
        psql.environment = ProcessInfo.processInfo.environment.merging([
            "PGHOST": "127.0.0.1", "PGPORT": String(port), "PGUSER": "gateway", "PGPASSWORD": password,
            "PGDATABASE": "postgres",
        ]) { $1 }
        let input = Pipe()
        psql.standardInput = input
        try psql.run()
        input.fileHandleForWriting.write(Data(Self.seed.utf8))
        try input.fileHandleForWriting.close()
        psql.waitUntilExit()
        guard psql.terminationStatus == 0 else { throw DemoFailure(description: "the database could not be filled") }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// A program of the server's, as an account that is not root: it refuses to run as that one.
    private func command(_ name: String) -> [String] {
        let path = "\(programs)/\(name)"
        guard getuid() == 0 else { return [path] }
        return ["/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", path]
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DemoFailure(description: "\(program) ended with \(process.terminationStatus)")
        }
    }
}
