import Foundation
import Identifiers
import Logging

@testable import Audit

/// Entries and logs to test with.
enum Sample {
    static let origin = "audit.example.com/test"

    /// An entry that says which one it is; `bytes` is how long its text is.
    static func entry(_ number: Int, kind: String = "intent", bytes: Int = 20) -> [UInt8] {
        var generator = Sequential(state: UInt64(number))
        let id = UUIDv7(milliseconds: 1_700_000_000_000 + UInt64(number), using: &generator)
        let time = Timestamp(milliseconds: 1_700_000_000_000 + UInt64(number))
        let text = String(repeating: "x", count: bytes)
        return Array(
            #"{"id":"\#(id)","kind":"\#(kind)","number":\#(number),"text":"\#(text)","time":"\#(time)"}"#.utf8)
    }

    static func id(_ number: Int) -> UUIDv7? { EntryHead(entry(number)).id }

    /// The number that `entry(_:)` was given.
    static func number(of entry: AuditEntry) -> Int? {
        guard let start = entry.text.range(of: #""number":"#)?.upperBound else { return nil }
        return Int(entry.text[start...].prefix { $0.isNumber })
    }

    static func options(
        _ directory: String, files: FileOperations = .system, durability: Durability = .process,
        journalSizeLimit: UInt64 = 64 << 20, journalWindowBytes: Int = 1 << 20
    ) -> AuditOptions {
        AuditOptions(
            directory: directory, origin: origin, keyPath: "\(directory).keys/log.key", durability: durability,
            journalSizeLimit: journalSizeLimit, journalWindowBytes: journalWindowBytes, fileOperations: files,
            logger: Logger(label: "audit") { _ in SwiftLogNoOpLogHandler() })
    }

    private struct Sequential: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }
}

/// A folder under the system's temporary one, removed with this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID())").path
        try FileManager.default.createDirectory(atPath: "\(path)/log.keys", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where a log goes; its key's folder is there already.
    var log: String { "\(path)/log" }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(log)/\(name)"))) }

    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: "\(log)/\(name)")) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(log)/\(name)") }

    /// The text of the log's public key.
    func vkey() throws -> String { try String(contentsOfFile: "\(path)/log.keys/log.vkey", encoding: .utf8) }

    /// Makes a log of `count` entries and closes it.
    func makeLog(entries count: Int) throws {
        let log = try AuditLog(Sample.options(self.log))
        let journal = try log.openJournal("loop-0")
        for number in 0..<count { try journal.append(Sample.entry(number)) }
        try log.integrateNow()
    }
}

extension AuditReader {
    func all(matching filter: AuditFilter = AuditFilter()) throws -> [AuditEntry] {
        var entries = try entries(matching: filter)
        var found: [AuditEntry] = []
        while let entry = try entries.next() { found.append(entry) }
        return found
    }
}
