import Foundation

/// An authority whose certificates sign users in, as an operator has one with `ssh-keygen`.
final class SSHAuthority: Sendable {
    let key: String

    init(type: String = "ed25519") async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        Leftovers.add(folder: folder)
        key = folder.appendingPathComponent("ca").path
        try await Self.keygen(["-q", "-t", type, "-N", "", "-C", "ca", "-f", key])
    }

    /// The line of its `.pub` file.
    var publicKey: String {
        get throws { try String(contentsOfFile: "\(key).pub", encoding: .utf8).trimmingCharacters(in: .newlines) }
    }

    /// Through the gateway, with a new key and a certificate for it.
    ///
    /// - Parameter options: Of `ssh-keygen`, instead of the usual ones: of those that stand twice, the last counts.
    func client(
        _ gateway: TestGateway, type: String = "ed25519", for principals: String? = "payments", _ options: String...
    ) async throws -> OpenSSHClient {
        let client = try await OpenSSHClient.key(nil, gateway, type: type)
        let names = principals.map { ["-n", $0] } ?? []
        let usual = ["-q", "-s", key, "-I", "alice's laptop", "-z", "4711", "-V", "-1m:+5m"]
        try await Self.keygen(usual + names + options + ["\(client.key.orThrow()).pub"])
        return client
    }

    private static func keygen(_ arguments: [String]) async throws {
        let made = try await RunningProcess.run(try Tools.system("ssh-keygen"), arguments)
        guard made.status == 0 else { throw TestFailure("ssh-keygen: \(made.errors)\(made.output)") }
    }
}
