import Audit
import AuditExport
import Foundation
import Logging
import Synchronization
import Testing

@testable import AuditSinks

@Suite("Sinks of lines")
struct LineSinkTests {
    private static let entries = [
        """
        {"caller":{"issuer":"i","subject":"alice"},"client":"192.0.2.7:1","id":"1","kind":"session-start",\
        "session":"1"}
        """,
        """
        {"caller":{"issuer":"i","subject":"alice"},"command":{"text":"SELECT 1"},\
        "decision":{"answer":"allow","rule":"readers"},"id":"2","kind":"intent","session":"1"}
        """,
        #"{"command":"2","id":"3","kind":"outcome","outcome":{"kind":"succeeded","status":"SELECT"},"session":"1"}"#,
        #"{"id":"4","kind":"session-end","reason":"the caller disconnected","session":"1"}"#,
    ]

    private struct Away: Error {}

    /// A receiver with troubles of its own, one for each attempt; without one it takes what comes.
    private final class Receiver: LineTransport {
        let type = "receiver"
        private let troubles: Mutex<[(any Error)?]>
        private let taken = Mutex<[String]>([])

        init(_ troubles: [(any Error)?]) { self.troubles = Mutex(troubles) }

        func send(_ batch: LineBatch) async throws {
            let trouble: (any Error)? = troubles.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let trouble { throw trouble }
            taken.withLock { $0 += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) } }
        }

        var lines: [String] { taken.withLock { $0 } }
    }

    private func withLog(_ body: (AuditReader) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lines-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try AuditLog(
            AuditOptions(
                directory: "\(folder)/log", origin: "audit.example.com/test", keyPath: "\(folder)/log.key",
                logger: Logger(label: "audit") { _ in SwiftLogNoOpLogHandler() }))
        for entry in Self.entries { try log.append(Array(entry.utf8)) }
        try log.integrateNow()
        try await body(AuditReader(directory: "\(folder)/log"))
    }

    /// What a receiver of two entries at a time has taken in the end.
    private func delivered(
        from start: UInt64 = 0, of log: AuditReader, despite troubles: [(any Error)?] = []
    ) async throws -> [String] {
        let receiver = Receiver(troubles)
        let sink = LineSink(receiver, encoder: ExportFormat.cef.encoder(version: "1"), batchEntries: 2)
        var position = start
        // As often as a sink of this log can have to try.
        for _ in 0..<(Self.entries.count + troubles.count) where position < UInt64(Self.entries.count) {
            do { position = try await sink.deliver(from: position, of: log) } catch is Away {}
        }
        #expect(position == UInt64(Self.entries.count))
        return receiver.lines
    }

    @Test("what is sent again says as much as what is sent once, also in smaller batches")
    func again() async throws {
        try await withLog { log in
            let away = Away()
            let lines = try await delivered(of: log)
            try #require(lines.count == 4)
            // The outcome leans on entries that the receiver took with the batch before.
            for text in [" suser=alice ", " src=192.0.2.7 ", " msg=SELECT 1 ", " cs1=readers "] {
                #expect(lines[2].contains(text), "\(text): \(lines[2])")
            }
            #expect(lines[3].contains(" suser=alice "))
            for troubles in [
                [nil, away], [nil, away, away, nil], [away, nil, away], [nil, BatchTooLarge()],
                [nil, away, BatchTooLarge(), away, away, nil, away],
            ] as [[(any Error)?]] {
                #expect(try await delivered(of: log, despite: troubles) == lines, "\(troubles)")
            }
        }
    }

    @Test("a sink that goes on within the log has read what went before")
    func within() async throws {
        try await withLog { log in
            let lines = try await delivered(of: log)
            for troubles in [[], [Away()]] as [[(any Error)?]] {
                let later = try await delivered(from: 2, of: log, despite: troubles)
                #expect(later == Array(lines.suffix(2)), "\(troubles)")
            }
        }
    }
}
