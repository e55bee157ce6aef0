import Audit
import Crypto
import Identifiers
import Logging
import NIOPosix
import ServiceLifecycle

/// Follows the signed log into one sink, at least once, from where the sink's cursor stands.
///
/// It reads what is signed and on the disk, so that no command ever waits for it: a sink that is away only falls
/// behind, which its status tells.
public final class SinkFollower: Service {
    /// How long after a failed attempt the next one comes: doubled each time, up to a minute.
    private static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(60)
    private static let pollInterval = Duration.milliseconds(250)

    public let status: SinkStatus
    private let name: String
    private let sink: any AuditSink
    private let reader: AuditReader
    private let cursor: SinkCursorFile
    private let logger: Logger

    /// - Parameters:
    ///   - name: Of the sink, unique in the gateway.
    ///   - cursorFolder: Where its cursor is kept.
    public init(name: String, sink: any AuditSink, reader: AuditReader, cursorFolder: String, logger: Logger) {
        self.name = name
        self.sink = sink
        self.reader = reader
        cursor = SinkCursorFile(folder: cursorFolder, sink: name)
        status = SinkStatus(name: name, type: sink.type)
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        var pause = Self.firstPause
        // Loaded and held against the log once, and again after each problem with it.
        var position: UInt64?
        while !Task.isCancelled {
            do {
                let start: UInt64
                if let position { start = position } else { start = try await resume() }
                position = start
                let end = try await sink.deliver(from: start, of: reader)
                if end > start {
                    // To be asked to stop is no reason to forget what was taken.
                    try await Task { try await self.advance(to: end) }.value
                    position = end
                }
                settle(problem: nil)
                pause = Self.firstPause
                try await note(position: end, delivered: end - start)
                if end == start { try await Task.sleep(for: Self.pollInterval) }
            } catch is CancellationError {
                return
            } catch {
                if Task.isCancelled { return }
                // Where nobody knows how far it came, all of the log waits.
                try? await note(position: position ?? 0, delivered: 0)
                settle(problem: "\(error)")
                if case .otherLog? = error as? SinkError { position = nil }
                var wait = pause
                if case .busy(_, let asked)? = error as? SinkError { wait = max(wait, asked) }
                // Many sinks that lost the same receiver should not come back in step.
                try? await Task.sleep(for: wait * Double.random(in: 1...1.25))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// The position to continue from.
    ///
    /// - Throws: `SinkError.otherLog` when the entry before it is not the one that was delivered.
    private func resume() async throws -> UInt64 {
        try await onThread { [cursor, reader] in
            let stored = try cursor.load()
            guard stored.next > 0 else { return 0 }
            let size = try reader.checkpoint().treeSize
            guard stored.next <= size else {
                throw SinkError.otherLog(
                    "the log has \(size) entries, and \(stored.next) were delivered: it was set back or replaced; "
                        + "restore it, or remove \(cursor.path) to send this one from its beginning")
            }
            guard try Self.digest(before: stored.next, in: reader) == stored.lastDigest else {
                throw SinkError.otherLog(
                    "entry \(stored.next - 1) is not the one that was delivered: the log was replaced; "
                        + "restore it, or remove \(cursor.path) to send this one from its beginning")
            }
            return stored.next
        }
    }

    private func advance(to position: UInt64) async throws {
        try await onThread { [cursor, reader] in
            try cursor.store(SinkCursor(next: position, lastDigest: Self.digest(before: position, in: reader)))
        }
    }

    private static func digest(before position: UInt64, in reader: AuditReader) throws -> String {
        SHA256.hash(data: try reader.entry(at: position - 1).bytes).hexadecimal
    }

    private func note(position: UInt64, delivered: UInt64) async throws {
        let size = try await onThread { [reader] in try reader.checkpoint().treeSize }
        status.change {
            $0.waiting = size > position ? size - position : 0
            $0.delivered += delivered
        }
    }

    /// Each problem is logged when it comes and when it goes.
    private func settle(problem: String?) {
        let before = status.current.problem
        status.change {
            $0.problem = problem
            if problem != nil { $0.failures += 1 }
        }
        guard before != problem else { return }
        if let problem {
            logger.error("the log does not leave", metadata: ["sink": "\(name)", "why": "\(problem)"])
        } else {
            logger.notice("the log leaves again", metadata: ["sink": "\(name)"])
        }
    }

    private func onThread<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result { try await NIOThreadPool.singleton.runIfActive(work) }
}
