import Foundation
import Identifiers
import Testing

@testable import Vault

/// A state folder of these tests, which goes with the object.
final class Workshop {
    let state: String
    let vault: Vault
    let session = UUIDv7(milliseconds: 1_790_000_000_000)

    init(files: VaultFiles = .system) throws {
        state = NSTemporaryDirectory() + "vault-\(UUID().uuidString)"
        vault = Vault(state: state, files: files)
        try FileManager.default.createDirectory(atPath: "\(state)/recordings", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: state) }

    func item(_ path: String = "a.jsonl") -> EvidenceItem {
        EvidenceItem(
            .recordings, path: path,
            owner: EvidenceOwner(
                session: session, issuer: "https://issuer.example", subject: "alice", target: "ledger"))
    }

    func key(item: String? = nil) throws -> DataKey {
        let now = Timestamp.now
        return try vault.keys.make(
            target: "ledger", kind: .recordings, period: KeyPeriod(containing: now, keeping: nil), item: item, at: now)
    }

    /// Writes a file and seals it.
    @discardableResult
    func sealed(_ plaintext: [UInt8], _ path: String = "a.jsonl", under key: DataKey? = nil) throws -> DataKey {
        let key = try key ?? self.key()
        try write(plaintext, path)
        #expect(try vault.seal(item(path), under: key))
        return key
    }

    func write(_ bytes: [UInt8], _ path: String = "a.jsonl") throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(state)/recordings/\(path)"))
    }

    func bytes(_ path: String = "a.jsonl") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(state)/recordings/\(path)")))
    }

    func open(_ path: String = "a.jsonl") throws -> EvidenceFile {
        try EvidenceFile(vault.place(of: "recordings/\(path)"))
    }

    /// All of a file as it was written.
    func read(_ path: String = "a.jsonl") throws -> [UInt8] {
        let file = try open(path)
        var all: [UInt8] = []
        while true {
            let part = try file.read(at: UInt64(all.count), count: 10_000)
            if part.isEmpty { return all }
            all += part
        }
    }
}
