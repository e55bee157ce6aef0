import Foundation
import Identifiers
import StrictJSON
import Synchronization

@testable import Retention
@testable import Vault

/// A state folder with evidence, and a log in memory, of these tests.
final class Cabinet: Sendable {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    let state = NSTemporaryDirectory() + "retention-\(UUID().uuidString)"
    /// What the log has, in its order.
    let entries = Mutex<[JSONValue]>([])
    /// As when its disk is full.
    let refusesEntries = Mutex(false)
    /// Changes until the process is killed; `nil` for ever.
    private let left = Mutex<Int?>(nil)

    init() throws {
        try FileManager.default.createDirectory(atPath: "\(state)/recordings/day", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: state) }

    /// Lets this many changes happen, and none after them.
    func kill(after changes: Int?) { left.withLock { $0 = changes } }

    private func change(_ operation: String, _ path: String) throws(VaultError) {
        let isAlive = left.withLock { left -> Bool in
            guard let changes = left else { return true }
            left = max(0, changes - 1)
            return changes > 0
        }
        if !isAlive { throw .failed(operation: "killed before \(operation)", path: path, code: EINTR) }
    }

    var hasLeft: Bool { left.withLock { $0 ?? 1 > 0 } }

    var files: VaultFiles {
        VaultFiles { [self] operation, path throws(VaultError) in try change(operation, path) }
    }

    var log: RetentionLog {
        RetentionLog(
            entry: { kind, time, members in
                let id = UUIDv7(milliseconds: time.milliseconds)
                let common = [
                    JSONMember("id", .string(id.description)), JSONMember("kind", .string(kind)),
                    JSONMember("time", .string(time.description)),
                ]
                return (id, JSONValue.object(common + members).canonicalBytes)
            },
            append: { [self] bytes in
                try change("append", "log")
                guard !refusesEntries.withLock({ $0 }) else {
                    throw VaultError.failed(operation: "append", path: "log", code: ENOSPC)
                }
                let entry = try JSONValue(parsing: bytes)
                entries.withLock { $0.append(entry) }
            },
            contains: { [self] id in
                entries.withLock { $0.contains { $0["id"]?.string == id.description } }
            })
    }

    /// - Parameter newest: The time of the log's newest entry.
    func keeper(_ rules: RetentionRules? = Cabinet.rules, newest: Timestamp? = nil) throws -> EvidenceKeeper {
        try EvidenceKeeper(state: state, rules: rules, log: log, newest: newest, files: files)
    }

    /// Recordings of `ledger` go after ten seconds, those of all others never.
    static let rules = RetentionRules(
        usual: [:], targets: ["ledger": [.recordings: .seconds(10)]], grace: .zero, interval: .seconds(3600))

    // MARK: Evidence

    static func owner(
        _ subject: String, target: String = "ledger", session: UInt64 = 0, issuer: String = "https://issuer.example"
    ) -> EvidenceOwner {
        EvidenceOwner(
            session: UUIDv7("01900000-0000-7000-8000-00000000000\(session)") ?? UUIDv7(milliseconds: 0),
            issuer: issuer, subject: subject, target: target)
    }

    /// Writes a recording as a recorder does.
    func record(_ name: String, _ owner: EvidenceOwner) throws -> EvidenceItem {
        let path = "day/\(owner.session)-\(name)"
        try Data(text(name).utf8).write(to: URL(fileURLWithPath: "\(state)/recordings/\(path)"))
        return EvidenceItem(.recordings, path: path, owner: owner)
    }

    /// Writes what is too large for the log's entry of a command.
    func payload(of command: UUIDv7, _ owner: EvidenceOwner) throws -> EvidenceItem {
        let item = EvidenceItem(.payloads, path: "\(command).json", owner: owner)
        try FileManager.default.createDirectory(atPath: "\(state)/payloads", withIntermediateDirectories: true)
        try Data(text("\(command)").utf8).write(to: URL(fileURLWithPath: "\(state)/\(item.name)"))
        return item
    }

    func text(_ name: String) -> String { "what \(name) did\n" }

    /// What a file says; `nil` where it is not there any more.
    func read(_ item: EvidenceItem) throws -> String? {
        do throws(VaultError) {
            let file = try EvidenceFile(EvidencePlace(state: state, name: item.name))
            return String(decoding: try file.read(at: 0, count: 1000), as: UTF8.self)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    func keyID(_ item: EvidenceItem) throws -> UUIDv7? {
        try EvidenceFile.keyID(of: EvidencePlace(state: state, name: item.name))
    }

    /// The entries of a kind and step.
    func entries(_ kind: String, _ step: String) -> [JSONValue] {
        entries.withLock { $0.filter { $0["kind"]?.string == kind && $0["step"]?.string == step } }
    }

    /// The deletions that the log has, with their names proved.
    func deletions() -> (found: Deletions, unproved: [Deletion], all: [Deletion]) {
        let all = entries.withLock { $0.compactMap { Deletion($0) } }
        let (found, unproved) = Deletions.load(all, state: state)
        return (found, unproved, all)
    }
}
