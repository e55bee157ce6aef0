import Dispatch
import Synchronization

/// A journal file that several writers share, so that those who wait for the disk at the same time wait for one
/// `fdatasync` (group commit).
///
/// Whoever comes first leads: it takes the entries of all that wait, its own among them, writes them with one `write`,
/// makes them durable with one `fdatasync`, and tells each how it went. Who comes meanwhile waits, and one of those
/// leads next. So an append returns only after its own record is durable, and where the disk refuses, each append that
/// was in the group is refused and nothing of it stays behind.
final class JournalGroup: Sendable {
    /// What the sequencer holds of the file.
    let shared: JournalShare
    /// Whoever leads has it; the lock is never waited for.
    private let file: Mutex<JournalFile>
    private let queue = Mutex(Queue())

    private struct Queue {
        /// In the order in which they came, which is that of their entries.
        var waiting: [Waiter] = []
        /// Whether somebody leads or has been told to.
        var isLed = false

        /// Takes those who are written together: the first, and who follows as far as the bytes go.
        mutating func take() -> [Waiter] {
            var bytes = 0
            let count = waiting.prefix { waiter in
                bytes += waiter.entry.count
                return bytes <= JournalGroup.groupBytes || bytes == waiter.entry.count
            }.count
            defer { waiting.removeFirst(count) }
            return Array(waiting.prefix(count))
        }
    }

    private enum Outcome {
        /// It is this one's turn to lead.
        case lead
        case recorded
        case refused(AuditError)
    }

    private final class Waiter: Sendable {
        /// Valid, since the writer waits until somebody has written it.
        nonisolated(unsafe) let entry: UnsafeRawBufferPointer
        private let turn = DispatchSemaphore(value: 0)
        private let outcome = Mutex(Outcome.lead)

        init(_ entry: UnsafeRawBufferPointer) { self.entry = entry }

        func settle(_ outcome: Outcome) {
            self.outcome.withLock { $0 = outcome }
            turn.signal()
        }

        func wait() -> Outcome {
            turn.wait()
            return outcome.withLock { $0 }
        }
    }

    /// Bytes of entries that are written at once; a group has at least one entry.
    private static let groupBytes = 1 << 20

    init(_ file: sending JournalFile) {
        shared = file.shared
        self.file = Mutex(file)
    }

    /// How many appends wait for their turn.
    var waitingCount: Int { queue.withLock { $0.waiting.count } }

    /// Appends one entry. When this returns it is on the disk; when it throws it is not in the file.
    func append(_ entry: UnsafeRawBufferPointer) throws(AuditError) {
        let own = Waiter(entry)
        let leads = queue.withLock { queue in
            queue.waiting.append(own)
            defer { queue.isLed = true }
            return !queue.isLed
        }
        switch leads ? .lead : own.wait() {
        case .recorded: return
        case .refused(let error): throw error
        case .lead: try lead(own)
        }
    }

    private func lead(_ own: Waiter) throws(AuditError) {
        let group = queue.withLock { $0.take() }
        let outcome: Outcome = file.withLock { file in
            do throws(AuditError) {
                try file.append(together: group.map(\.entry))
                return .recorded
            } catch {
                return .refused(error)
            }
        }
        for waiter in group where waiter !== own { waiter.settle(outcome) }
        let next = queue.withLock { queue in
            queue.isLed = !queue.waiting.isEmpty
            return queue.waiting.first
        }
        next?.settle(.lead)
        if case .refused(let error) = outcome { throw error }
    }
}
