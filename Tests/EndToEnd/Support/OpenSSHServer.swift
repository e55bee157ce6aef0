import Foundation

/// A real OpenSSH server on a free port of loopback, with keys of its own; it goes away with its folder.
final class OpenSSHServer: Sendable {
    let port: Int
    let folder: URL
    /// `ssh-ed25519 AAAA…`, as a target's `host_keys` takes it.
    let hostKey: String
    private let process: RunningProcess

    /// The only login that a server started by this account can let in.
    static let login = NSUserName()

    /// - Parameter options: Further lines of its configuration.
    init(_ options: [String] = []) async throws {
        port = try Tools.freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sshd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        Leftovers.add(folder: folder)
        for (name, type) in [("host_ed25519", "ed25519"), ("gateway", "ed25519")] {
            let made = try await RunningProcess.run(
                try Tools.system("ssh-keygen"),
                ["-q", "-t", type, "-N", "", "-C", "test", "-f", folder.path + "/\(name)"])
            guard made.status == 0 else { throw TestFailure("ssh-keygen: \(made.errors)") }
        }
        let gateway = try String(contentsOf: folder.appendingPathComponent("gateway.pub"), encoding: .utf8)
        try gateway.write(to: folder.appendingPathComponent("authorized_keys"), atomically: true, encoding: .utf8)
        hostKey = try String(contentsOf: folder.appendingPathComponent("host_ed25519.pub"), encoding: .utf8)
            .split(separator: " ").prefix(2).joined(separator: " ")
        // Where the server of root wants to go for its unprivileged part.
        if getuid() == 0 {
            try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        let lines =
            [
                "ListenAddress 127.0.0.1", "Port \(port)", "HostKey \(folder.path)/host_ed25519",
                "AuthorizedKeysFile \(folder.path)/authorized_keys", "StrictModes no", "UsePAM no", "PidFile none",
                "PermitRootLogin yes", "PasswordAuthentication no", "AcceptEnv LANG LC_* COLOUR",
                "Subsystem sftp /usr/lib/openssh/sftp-server", "MaxStartups 200", "MaxSessions 100", "PrintMotd no",
                // What the account's own start-up files do is not for these tests to wait for.
                "LogLevel VERBOSE", "SetEnv HOME=\(folder.path)",
            ] + options
        try lines.joined(separator: "\n").appending("\n").write(
            to: folder.appendingPathComponent("sshd_config"), atomically: true, encoding: .utf8)
        process = try RunningProcess(
            try Tools.system("sshd"), ["-D", "-e", "-f", folder.path + "/sshd_config"], in: folder)
        try await Tools.waitForPort(port, of: process)
    }

    deinit {
        process.signal(SIGTERM)
        try? FileManager.default.removeItem(at: folder)
    }

    /// The private key that it takes.
    var key: String { folder.path + "/gateway" }

    var log: String { process.output }

    /// A target of this server, in the configuration's words.
    func target(_ name: String, _ more: String = "") -> String {
        """
          - {name: \(name), kind: ssh, address: "127.0.0.1:\(port)", login: \(Self.login), key: "file:\(key)", host_keys: ["\(hostKey)"]\(more)}
        """
    }

    func stop() { process.signal(SIGTERM) }
}
