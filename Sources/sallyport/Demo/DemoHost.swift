import Foundation

/// The SSH server of the demo, where the machine has one: it takes the gateway's key and no other, and is gone when the
/// demo ends.
struct DemoHost {
    let port: Int
    private let folder: String
    private static let server = "/usr/sbin/sshd"

    /// `nil` where OpenSSH's server is not installed.
    init?(port: Int, folder: String) {
        guard FileManager.default.isExecutableFile(atPath: Self.server) else { return nil }
        self.port = port
        self.folder = "\(folder)/host"
    }

    /// The login that a server of this account lets in.
    var login: String { NSUserName() }

    /// The gateway's private key, which no caller ever sees.
    var gatewayKey: String { "\(folder)/gateway" }

    /// What the target's configuration has, to know the host by.
    func hostKey() throws -> String {
        try String(contentsOfFile: "\(folder)/host.pub", encoding: .utf8).split(separator: " ").prefix(2)
            .joined(separator: " ")
    }

    /// A file with something regulated in it.
    var customers: String { "\(folder)/customers.csv" }

    /// Makes its keys, its configuration and what it has to show.
    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in ["host", "gateway"] {
            try run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "\(folder)/\(name)"])
        }
        try FileManager.default.copyItem(atPath: "\(folder)/gateway.pub", toPath: "\(folder)/authorized_keys")
        try "c-17,Dana Reyes,536-22-8741,4111111111111111\nc-18,Noor Haddad,536-90-9921,5500005555555559\n"
            .write(toFile: customers, atomically: true, encoding: .utf8)
        // Where the server of root wants to go for its unprivileged part.
        if getuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        try """
        ListenAddress 127.0.0.1
        Port \(port)
        HostKey \(folder)/host
        AuthorizedKeysFile \(folder)/authorized_keys
        StrictModes no
        UsePAM no
        PidFile none
        PermitRootLogin yes
        PasswordAuthentication no
        SetEnv HOME=\(folder)
        Subsystem sftp /usr/lib/openssh/sftp-server

        """.write(toFile: "\(folder)/sshd_config", atomically: true, encoding: .utf8)
    }

    /// Starts the server; what it says goes to the file `log`.
    ///
    /// Not by Foundation's `Process`: sshd closes every descriptor that it inherits, also the one by which Foundation
    /// hears that a child has ended, so that Foundation would wait for it in the thread that watches all children.
    ///
    /// - Returns: Its process id.
    func start(log: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Threads of Dispatch block signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words: [UnsafeMutablePointer<CChar>?] =
            [Self.server, "-D", "-e", "-f", "\(folder)/sshd_config"].map { (word: String) in strdup(word) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let problem = posix_spawn(&pid, Self.server, &actions, &attributes, words, environ)
        guard problem == 0 else {
            throw DemoFailure(description: "\(Self.server): \(String(cString: strerror(problem)))")
        }
        return pid
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DemoFailure(description: "\(program) ended with \(process.terminationStatus)")
        }
    }
}
