import Audit
import AuditExport
import NIOPosix
import Synchronization

/// Entries that go out together.
public struct LineBatch: Sendable {
    /// One line of an entry, and what a transport wants to know of the entry.
    public struct Line: Sendable {
        public let bytes: [UInt8]
        public let index: UInt64
        public let kind: String
        public let time: String
        public let severity: EntrySeverity
    }

    public let entries: Range<UInt64>
    public let lines: [Line]
}

/// Where lines go: a file, a syslog receiver, a collector.
public protocol LineTransport: Sendable {
    var type: String { get }
    /// Returns when the other side has taken all of it.
    func send(_ batch: LineBatch) async throws
}

/// A sink of lines in one of the export formats.
public final class LineSink: AuditSink {
    private let transport: any LineTransport
    private let encoder: any EntryEncoder
    private let batchEntries: Int
    private let batchBytes: Int
    private let memory: Mutex<Memory>

    /// What was read of the log, for the entries that lean on earlier ones.
    private struct Memory {
        var context = EntryContext()
        /// The entry that the context is for next.
        var next: UInt64?
        /// The same as it was before the last batch, which may have to be read again.
        var earlier: (context: EntryContext, next: UInt64)?
        /// How many entries the receiver takes at once, as far as it has said.
        var limit: Int
    }

    /// - Parameters:
    ///   - batchEntries: At most this many entries go out together.
    ///   - batchBytes: No further entry joins a batch that has this many bytes.
    public init(
        _ transport: any LineTransport, encoder: any EntryEncoder, batchEntries: Int = 1000, batchBytes: Int = 1 << 20
    ) {
        self.transport = transport
        self.encoder = encoder
        self.batchEntries = batchEntries
        self.batchBytes = batchBytes
        memory = Mutex(Memory(limit: batchEntries))
    }

    public var type: String { transport.type }

    public func deliver(from position: UInt64, of log: AuditReader) async throws -> UInt64 {
        while true {
            let batch = try await NIOThreadPool.singleton.runIfActive { try self.read(from: position, of: log) }
            guard !batch.entries.isEmpty else { return position }
            do {
                try await transport.send(batch)
                memory.withLock { $0.limit = min(batchEntries, $0.limit + max(1, $0.limit / 8)) }
                return batch.entries.upperBound
            } catch is BatchTooLarge {
                guard batch.entries.count > 1 else {
                    throw SinkError.refused("entry \(position) alone is too large for the receiver: raise its limit")
                }
                memory.withLock { $0.limit = batch.entries.count / 2 }
            }
        }
    }

    private func read(from position: UInt64, of log: AuditReader) throws -> LineBatch {
        let size = try log.checkpoint().treeSize
        guard position < size else { return LineBatch(entries: position..<position, lines: []) }
        return try memory.withLock { memory in
            if memory.next != position {
                if let earlier = memory.earlier, earlier.next == position {
                    memory.context = earlier.context
                } else {
                    memory.context = EntryContext()
                    let start = position - min(position, EntryContext.warmUp)
                    var passed = try log.entries(in: start..<position)
                    while let entry = try passed.next() { _ = memory.context.resolve(entry) }
                }
                memory.next = position
            }
            memory.earlier = (memory.context, position)
            var lines: [LineBatch.Line] = []
            var bytes = 0
            var end = position
            var entries = try log.entries(in: position..<min(size, position + UInt64(memory.limit)))
            while bytes < batchBytes, let entry = try entries.next() {
                let resolved = memory.context.resolve(entry)
                for line in encoder.lines(of: resolved) {
                    lines.append(
                        LineBatch.Line(
                            bytes: line, index: end, kind: resolved.kind, time: resolved.time,
                            severity: EntrySeverity(of: resolved)))
                    bytes += line.count
                }
                end += 1
                memory.next = end
            }
            return LineBatch(entries: position..<end, lines: lines)
        }
    }
}

/// The receiver takes less at once.
struct BatchTooLarge: Error {}
