import Audit
import Foundation
import Synchronization
import Testing

@testable import AuditSinks

@Suite("Following the log into a sink", .timeLimit(.minutes(5)))
struct SinkFollowerTests {
    /// Takes all that there is.
    private final class Taker: AuditSink {
        let type = "taker"
        private let positions = Mutex<[UInt64]>([])

        /// Where it was asked to go on from.
        var asked: [UInt64] { positions.withLock { $0 } }

        func deliver(from position: UInt64, of log: AuditReader) async throws -> UInt64 {
            positions.withLock { $0.append(position) }
            return try log.checkpoint().treeSize
        }
    }

    /// Follows a log, from where the cursor stands, until something came of it.
    private func follow(
        _ log: DeliveredLog, cursors: String
    ) async throws -> (report: SinkReport, asked: [UInt64]) {
        let sink = Taker()
        let follower = SinkFollower(
            name: "siem", sink: sink, reader: log.reader, cursorFolder: cursors, logger: DeliveredLog.logger)
        let running = Task { try await follower.run() }
        // Whoever is asked a second time had nothing to take at first.
        while follower.status.current.delivered == 0, follower.status.current.failures == 0, sink.asked.count < 2 {
            try await Task.sleep(for: .milliseconds(1))
        }
        running.cancel()
        try await running.value
        return (follower.status.current, sink.asked)
    }

    @Test(
        "a log that grew is sent on, and nothing of one in its place, whether that is shorter, as long or longer",
        arguments: [
            (1, "it was set back or replaced"), (3, "entry 2 is not the one that was delivered"),
            (4, "entry 2 is not the one that was delivered"), (600, "entry 2 is not the one that was delivered"),
        ])
    func replaced(size: Int, problem: String) async throws {
        let log = try DeliveredLog()
        let cursors = "\(log.folder)/cursors"
        let cursor = SinkCursorFile(folder: cursors, sink: "siem")
        for (start, end) in [(0, 2), (2, 3)] {
            try log.append(DeliveredLog.entries(start..<end))
            let (report, asked) = try await follow(log, cursors: cursors)
            #expect(report.delivered == UInt64(end - start) && report.problem == nil)
            #expect(asked.first == UInt64(start))
            #expect(try cursor.load().next == UInt64(end))
        }
        let stored = try cursor.load()

        let other = try DeliveredLog()
        try other.append(DeliveredLog.entries(0..<size))
        let (report, asked) = try await follow(other, cursors: cursors)
        #expect(asked.isEmpty && report.delivered == 0)
        #expect(report.problem?.contains(problem) == true, "\(report)")
        #expect(report.waiting == UInt64(size), "all of it")
        #expect(try cursor.load() == stored)
    }
}
