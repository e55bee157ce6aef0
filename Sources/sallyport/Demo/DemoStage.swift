import Foundation
import NIOPosix

/// The servers of the demo, each its own process, and the commands that run among them.
final class DemoStage {
    let folder: String
    let gatewayPort: Int
    let consolePort: Int
    let issuerPort: Int
    let functionsPort: Int
    let postgresPort: Int
    /// `nil` where PostgreSQL is not installed.
    let database: DemoDatabase?
    let sshPort: Int
    /// `nil` where OpenSSH's server is not installed.
    let host: DemoHost?
    private let binary: String
    private var servers: [Process] = []
    private var hostServer: pid_t?

    init(folder: String) throws {
        self.folder = folder
        binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        var taken: Set<Int> = []
        func port(_ wanted: Int) throws -> Int {
            for candidate in wanted..<(wanted + 200) where !taken.contains(candidate) && Self.isFree(candidate) {
                taken.insert(candidate)
                return candidate
            }
            throw DemoFailure(description: "no port from \(wanted) on is free")
        }
        gatewayPort = try port(7480)
        consolePort = try port(7481)
        issuerPort = try port(7482)
        functionsPort = try port(7483)
        postgresPort = try port(7484)
        database = DemoDatabase(port: try port(7485))
        sshPort = try port(7486)
        host = DemoHost(port: try port(7487), folder: folder)
    }

    var gateway: String { "http://127.0.0.1:\(gatewayPort)" }
    var console: String { "http://127.0.0.1:\(consolePort)" }
    var issuer: String { "http://127.0.0.1:\(issuerPort)" }
    var functions: String { "http://127.0.0.1:\(functionsPort)" }

    /// Writes the configuration and starts everything.
    func start() async throws {
        if let host {
            try host.prepare()
            hostServer = try host.start(log: "\(folder)/host.log")
        }
        let files = DemoFiles(
            gatewayPort: gatewayPort, consolePort: consolePort, issuerPort: issuerPort, functionsPort: functionsPort,
            postgres: database.map { (listener: postgresPort, database: $0.port) },
            ssh: host.map { (listener: sshPort, host: $0) })
        for file in files.files {
            try file.text.write(toFile: "\(folder)/\(file.name)", atomically: true, encoding: .utf8)
        }
        // The credentials that no caller ever sees.
        try keep(DemoFunctions.key, in: "function-key")
        if let database {
            try keep(database.password, in: "database-password")
            try spawn("database", try database.prepare())
        }
        try spawn("issuer", ["issuer", "--port", String(issuerPort)])
        try spawn("functions", ["demo-functions", "--port", String(functionsPort)])
        try await wait(for: issuerPort, "the issuer")
        try await wait(for: functionsPort, "the function service")
        if let database {
            try await wait(for: database.port, "the database")
            try database.fill()
        }
        if let host { try await wait(for: host.port, "the host") }
        try spawn("gateway", ["serve", "--config", "sallyport.yaml"])
        try await wait(for: gatewayPort, "the gateway")
        try await wait(for: consolePort, "the console")
    }

    /// Ends the servers by their process ids.
    func stop() {
        // A database that is only asked to end waits for its sessions; interrupted, it ends them.
        for server in servers where server.isRunning { server.interrupt() }
        if let hostServer {
            kill(hostServer, SIGTERM)
            waitpid(hostServer, nil, 0)
        }
        for server in servers { server.waitUntilExit() }
        database?.remove()
    }

    private func keep(_ secret: String, in name: String) throws {
        let path = "\(folder)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(secret.utf8), attributes: [.posixPermissions: 0o600])
        else { throw DemoFailure(description: "\(path) cannot be written") }
    }

    private func spawn(_ name: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        try spawn(name, process)
    }

    private func spawn(_ name: String, _ process: Process) throws {
        let log = "\(folder)/\(name).log"
        try Data().write(to: URL(fileURLWithPath: log))
        process.standardInput = FileHandle.nullDevice
        let handle = FileHandle(forWritingAtPath: log) ?? .nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        servers.append(process)
    }

    private func wait(for port: Int, _ what: String) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while Self.isFree(port) {
            guard ContinuousClock.now < end, servers.allSatisfy(\.isRunning) else {
                throw DemoFailure(description: "\(what) did not start")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Whether nobody listens on the port of loopback.
    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0
            }
        }
    }

    /// Runs `line` in a shell, in the demo's folder, where `sallyport` is this program.
    func shell(_ line: String, environment: [String: String] = [:]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        let inherited = ProcessInfo.processInfo.environment
        let tools = URL(fileURLWithPath: binary).deletingLastPathComponent().path
        process.environment = inherited.merging(environment) { $1 }.merging([
            "PATH": "\(tools):\(inherited["PATH"] ?? "/usr/bin:/bin")", "SALLYPORT_CONSOLE": console,
            "SALLYPORT_GATEWAY": gateway,
        ]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
