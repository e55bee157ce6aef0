import Foundation

/// Debian's own `ssh`, `scp` and `sftp`, as a person has them.
struct OpenSSHClient: Sendable {
    let port: Int
    let folder: URL
    /// Options of all of them, which stand above the others.
    var options: [String] = []
    private(set) var key: String?
    private var token: String?

    /// Straight to a server, past the gateway.
    static func direct(_ server: OpenSSHServer) throws -> OpenSSHClient {
        try OpenSSHClient(port: server.port, key: server.key)
    }

    /// Through the gateway, with a token as the password.
    static func token(_ token: String, _ gateway: TestGateway) throws -> OpenSSHClient {
        try OpenSSHClient(port: gateway.sshPort.orThrow(), token: token)
    }

    /// Through the gateway, with a new key: registered for the token's holder, or for nobody.
    static func key(_ token: String?, _ gateway: TestGateway, type: String = "ed25519") async throws -> OpenSSHClient {
        var client = try OpenSSHClient(port: gateway.sshPort.orThrow())
        let path = client.folder.path + "/key"
        let made = try await RunningProcess.run(
            try Tools.system("ssh-keygen"), ["-q", "-t", type, "-N", "", "-C", "test", "-f", path])
        guard made.status == 0 else { throw TestFailure("ssh-keygen: \(made.errors)") }
        client.key = path
        guard let token else { return client }
        let answer = try await client.register(signing: token, token, gateway)
        guard answer.status == 201 else { throw TestFailure("registering a key: \(answer)") }
        return client
    }

    /// Registers the key, as somebody does who has `ssh-keygen` and `curl`.
    ///
    /// - Parameters:
    ///   - signing: What the key signs: the token, where it shall be registered.
    ///   - key: Who signs; the client's own key without it.
    func register(
        signing: String, _ token: String, _ gateway: TestGateway, signingWith key: String? = nil,
        namespace: String = "sallyport-ssh-key"
    ) async throws -> CurlAnswer {
        let path = try self.key.orThrow()
        let line = try String(contentsOfFile: path + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
        let signed = try await RunningProcess.run(
            try Tools.system("ssh-keygen"), ["-Y", "sign", "-q", "-n", namespace, "-f", key ?? path], input: signing)
        guard signed.status == 0 else { throw TestFailure("ssh-keygen -Y sign: \(signed.errors)") }
        let body = try JSONSerialization.data(withJSONObject: ["public_key": line, "signature": signed.output])
        return try await Curl(token: token).post(
            "\(gateway.consoleURL)/api/v1/ssh-keys", json: String(decoding: body, as: UTF8.self))
    }

    /// Through the gateway, with what somebody writes to `key` and beside it.
    static func unmade(_ gateway: TestGateway) throws -> OpenSSHClient {
        var client = try OpenSSHClient(port: gateway.sshPort.orThrow())
        client.key = client.folder.path + "/key"
        return client
    }

    private init(port: Int, key: String? = nil, token: String? = nil) throws {
        self.port = port
        self.key = key
        self.token = token
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("ssh-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        Leftovers.add(folder: folder)
        if let token {
            let script = folder.appendingPathComponent("askpass")
            try "#!/bin/sh\ncat <<'END'\n\(token)\nEND\n".write(to: script, atomically: true, encoding: .utf8)
            chmod(script.path, 0o700)
        }
    }

    /// The options that name the port, the credential and nothing of the person who runs the tests.
    var arguments: [String] {
        var all = [
            "-o", "Port=\(port)", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=\(folder.path)/known_hosts", "-o", "GlobalKnownHostsFile=/dev/null", "-o",
            "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
        ]
        if let key { all += ["-i", key, "-o", "PreferredAuthentications=publickey"] }
        if token != nil { all += ["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"] }
        return ["-F", "none"] + options + all
    }

    var environment: [String: String] {
        var all = ["SSH_AUTH_SOCK": ""]
        if token != nil {
            all["SSH_ASKPASS"] = folder.path + "/askpass"
            all["SSH_ASKPASS_REQUIRE"] = "force"
        }
        return all
    }

    /// Runs a command as `ssh user@gateway command`.
    func run(_ user: String, _ command: String, input: String? = nil, _ more: [String] = []) async throws
        -> RunningProcess.Finished
    {
        try await tool("ssh", more + ["\(user)@127.0.0.1", command], input: input)
    }

    /// Runs one of the tools with the usual options before `arguments`.
    func tool(_ name: String, _ arguments: [String], input: String? = nil, within seconds: Double = 60) async throws
        -> RunningProcess.Finished
    {
        try await RunningProcess.run(
            try Tools.system(name), self.arguments + arguments, in: folder, environment: environment, input: input,
            within: seconds)
    }

    /// What `-e` of rsync and `GIT_SSH_COMMAND` take.
    var command: String { (["ssh"] + arguments.map { "'\($0)'" }).joined(separator: " ") }
}

extension Optional {
    func orThrow() throws -> Wrapped {
        guard let self else { throw TestFailure("the gateway was started without what is asked for") }
        return self
    }
}
