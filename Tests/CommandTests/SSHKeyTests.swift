import Foundation
import Identifiers
import Identity
import Testing

@testable import sallyport

/// The key and the settings of `sallyport login --ssh` and `sallyport ssh-config`, as OpenSSH's own tools read them.
@Suite("Keys and settings for OpenSSH") struct SSHKeyTests {
    private static func temporaryFolder(_ name: String = "home") throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = arguments
        program.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        program.standardOutput = output
        program.standardError = output
        program.standardInput = FileHandle.nullDevice
        try program.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        program.waitUntilExit()
        return (program.terminationStatus, text)
    }

    /// An agent, to be ended with SIGKILL: Foundation has its children start with whatever signals the thread blocks, so
    /// SIGTERM might be ignored.
    private static func startAgent(_ socket: String) throws -> Process {
        let agent = Process()
        agent.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        agent.arguments = ["ssh-agent", "-D", "-a", socket]
        agent.standardOutput = FileHandle.nullDevice
        try agent.run()
        for _ in 0..<1500 where !FileManager.default.fileExists(atPath: socket) { usleep(20_000) }
        return agent
    }

    @Test("the private key is accepted by ssh-keygen, is its owner's alone, and fits the public one")
    func privateKey() throws {
        let home = try Self.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = SSHKeyFolder(beside: CredentialFile(path: "\(home)/credentials.json"))
        // Comments of all lengths need all paddings.
        for length in 0..<9 {
            let pair = try SSHKeyPair(comment: "sallyport \(String(repeating: "x", count: length))")
            try folder.save(pair)
            let mode = try FileManager.default.attributesOfItem(atPath: folder.identityFile)[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600)
            let shown = try Self.run(["ssh-keygen", "-y", "-P", "", "-f", folder.identityFile])
            #expect(shown.status == 0 && shown.output == pair.publicKeyFile, "\(shown.output)")
            let listed = try Self.run(["ssh-keygen", "-l", "-f", "\(folder.identityFile).pub"])
            #expect(listed.output.contains(" \(pair.publicKey.fingerprint) sallyport "), "\(listed.output)")
        }
        // What it signs, its public key verifies.
        let message = "\(home)/message"
        try "text".write(toFile: message, atomically: true, encoding: .utf8)
        let signed = try Self.run(["ssh-keygen", "-Y", "sign", "-q", "-n", "test", "-f", folder.identityFile, message])
        #expect(signed.status == 0, "\(signed.output)")
        let checked = try Self.run([
            "sh", "-c", "ssh-keygen -Y check-novalidate -n test -s \(message).sig < \(message)",
        ])
        #expect(checked.status == 0, "\(checked.output)")
        folder.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("two keys are never the same")
    func fresh() throws {
        #expect(try SSHKeyPair(comment: "").publicKey != SSHKeyPair(comment: "").publicKey)
    }

    @Test("an agent gets the key for as long as the token lasts, and no disk does; without one it says what to do")
    func agent() throws {
        let home = try Self.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: home) }
        let socket = "\(home)/agent"
        let agent = try Self.startAgent(socket)
        defer {
            kill(agent.processIdentifier, SIGKILL)
            agent.waitUntilExit()
        }

        let folder = SSHKeyFolder(beside: CredentialFile(path: "\(home)/credentials.json"))
        let earlier = try SSHKeyPair(comment: "earlier")
        try folder.save(earlier)
        let pair = try SSHKeyPair(comment: "sallyport alice@example.com")
        let environment = ["SSH_AUTH_SOCK": socket]
        try folder.saveInAgent(pair, until: Timestamp.now.adding(.seconds(10)), environment: environment)
        let held = try Self.run(["ssh-add", "-l"], environment: environment)
        #expect(held.output.contains(pair.publicKey.fingerprint), "\(held.output)")
        #expect(!FileManager.default.fileExists(atPath: folder.identityFile))
        #expect(try String(contentsOfFile: "\(folder.identityFile).pub", encoding: .utf8) == pair.publicKeyFile)
        var later = held
        for _ in 0..<120 where later.output.contains(pair.publicKey.fingerprint) {
            Thread.sleep(forTimeInterval: 0.5)
            later = try Self.run(["ssh-add", "-l"], environment: environment)
        }
        #expect(!later.output.contains(pair.publicKey.fingerprint), "\(later.output)")

        let none = ["SSH_AUTH_SOCK": "\(home)/nobody"]
        #expect {
            try folder.saveInAgent(earlier, until: Timestamp.now.adding(.seconds(9)), environment: none)
        } throws: {
            ($0 as? CommandFailure)?.description.contains("ssh-agent") ?? false
        }
    }

    @Test("a key of one's own signs from its file, or from the agent where only the public one is there")
    func ownKey() throws {
        let home = try Self.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: home) }
        let path = "\(home)/id_ed25519"
        #expect(throws: CommandFailure.self) { try SSHKeyFile(path: path) }
        #expect(try Self.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]).status == 0)
        for name in [path, "\(path).pub"] {
            let key = try SSHKeyFile(path: name)
            #expect(key.path == path)
            #expect(throws: Never.self) {
                try ProvenSSHKey(key.publicKey, signature: key.proof(for: "a token"), of: "a token")
            }
        }
        let agent = try Self.startAgent("\(home)/agent")
        defer {
            kill(agent.processIdentifier, SIGKILL)
            agent.waitUntilExit()
        }
        let socket = ["SSH_AUTH_SOCK": "\(home)/agent"]
        #expect(try Self.run(["ssh-add", "-q", path], environment: socket).status == 0)
        try FileManager.default.removeItem(atPath: path)
        let key = try SSHKeyFile(path: path)
        let environment = ProcessInfo.processInfo.environment.merging(socket) { $1 }
        let proof = try key.proof(for: "a token", environment: environment)
        #expect(throws: Never.self) { try ProvenSSHKey(key.publicKey, signature: proof, of: "a token") }
        #expect(throws: CommandFailure.self) {
            try key.proof(for: "a token", environment: environment.merging(["SSH_AUTH_SOCK": "\(home)/nobody"]) { $1 })
        }
        try "not a key".write(toFile: "\(path).pub", atomically: true, encoding: .utf8)
        #expect(throws: CommandFailure.self) { try SSHKeyFile(path: path) }
    }

    @Test(
        "ssh reads the settings as they are meant",
        arguments: [
            ("web-1", nil, "gate.example", "home"), ("db.eu_2", "deploy", "2001:db8::1", "a home with %h and spaces"),
        ] as [(String, String?, String, String)])
    func settings(target: String, login: String?, host: String, home: String) throws {
        let home = try Self.temporaryFolder(home)
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = SSHKeyFolder(beside: CredentialFile(path: "\(home)/credentials.json"))
        let blocks = try [(target, login), ("another", nil)].map { target, login in
            try SSHClientSettings(target: target, login: login, host: host, port: 2222, folder: folder).text
        }
        let file = "\(home)/config"
        try blocks.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let read = try Self.run(["ssh", "-G", "-F", file, target])
        #expect(read.status == 0, "\(read.output)")
        let lines = Set(read.output.split(separator: "\n").map(String.init))
        let user = login.map { "\($0)+\(target)" } ?? target
        for line in ["hostname \(host)", "port 2222", "user \(user)", "identitiesonly yes"] {
            #expect(lines.contains(line), "\(line) in \(read.output)")
        }
        // Of the two, ssh -G has expanded what follows a percent sign in the second alone.
        let escaped = home.replacing("%", with: "%%")
        #expect(lines.contains("identityfile \(escaped)/ssh/id_ed25519"), "\(read.output)")
        #expect(lines.contains("userknownhostsfile \(home)/ssh/known_hosts"), "\(read.output)")
    }

    @Test(
        "names that mean something else to ssh are refused",
        arguments: ["", "*", "web-?", "!web", "-oProxyCommand=x", "a b", "web\nProxyCommand x", "web%h", "\"web", "ä"])
    func names(name: String) throws {
        let folder = SSHKeyFolder(beside: CredentialFile(path: "/nowhere/credentials.json"))
        #expect(throws: CommandFailure.self) {
            try SSHClientSettings(target: name, login: nil, host: "gate", port: 22, folder: folder)
        }
        #expect(throws: CommandFailure.self) {
            try SSHClientSettings(target: "web", login: name, host: "gate", port: 22, folder: folder)
        }
        #expect(throws: CommandFailure.self) {
            try SSHClientSettings(target: "web", login: nil, host: name, port: 22, folder: folder)
        }
    }

    @Test("a port out of range is refused", arguments: [-1, 0, 65_536])
    func ports(port: Int) throws {
        let folder = SSHKeyFolder(beside: CredentialFile(path: "/nowhere/credentials.json"))
        #expect(throws: CommandFailure.self) {
            try SSHClientSettings(target: "web", login: nil, host: "gate", port: port, folder: folder)
        }
    }
}
