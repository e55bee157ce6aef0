import Audit
import AuditExport
import Crypto
import Foundation
import Identifiers
import Logging

@testable import AuditSinks

/// A log that sinks take from, and the state folder beside it, in a folder that goes away with this object.
final class DeliveredLog: Sendable {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let folder: String
    let log: AuditLog
    let reader: AuditReader

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sinks-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        log = try AuditLog(
            AuditOptions(
                directory: "\(folder)/log", origin: "audit.example.com/test", keyPath: "\(folder)/log.key",
                logger: Self.logger))
        reader = AuditReader(directory: "\(folder)/log")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var directory: String { "\(folder)/log" }
    var stateDirectory: String { "\(folder)/state" }

    /// Entries of no session; those of two calls are never the same.
    static func entries(_ numbers: Range<Int>) -> [String] {
        numbers.map { number in
            let id = UUIDv7(milliseconds: 1_795_680_000_000 + UInt64(number))
            return #"{"id":"\#(id)","kind":"intent","number":\#(number),"v":1}"#
        }
    }

    /// Records entries and signs the log with them.
    @discardableResult
    func append(_ entries: [String]) throws -> SignedCheckpoint {
        for entry in entries { try log.append(Array(entry.utf8)) }
        return try log.integrateNow()
    }

    /// Writes a recording where the gateway keeps it.
    ///
    /// - Returns: Its SHA-256, as entries have it.
    func record(_ path: String, _ text: String) throws -> String {
        let file = URL(fileURLWithPath: "\(stateDirectory)/recordings/\(path)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return SHA256.hash(data: Data(text.utf8)).hexadecimal
    }
}

extension LineBatch {
    /// A batch of these lines, from the log's beginning.
    static func sample(_ lines: [String]) -> LineBatch {
        LineBatch(
            entries: 0..<UInt64(lines.count),
            lines: lines.enumerated().map { index, line in
                Line(
                    bytes: Array(line.utf8), index: UInt64(index), kind: "intent", time: "2026-11-26T05:24:34.702Z",
                    severity: .informational)
            })
    }
}
