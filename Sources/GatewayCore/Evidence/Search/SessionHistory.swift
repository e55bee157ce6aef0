import Audit
import Identifiers
import StrictJSON
import Synchronization

/// All entries of one session, in the order of the log, a bundle in memory at a time; those of its last moments may
/// stand in a journal yet, and come last.
public final class SessionHistory: Sendable {
    private let session: String
    private let log: AuditReader
    private let size: UInt64
    private let state: Mutex<State>

    private struct State {
        /// The highest first.
        var bundles: [UInt64]
        var pending: [AuditEntry]?
    }

    /// - Throws: `IndexError` when there is no index of this log that helps; `AuditError` when the log cannot be read.
    public init(of session: UUIDv7, log: AuditReader, index: AuditIndex) throws {
        self.session = session.description
        self.log = log
        // Journals first: what is signed meanwhile is then seen twice rather than not at all, and told apart.
        let pending = try log.pendingEntries().filter { $0.session?.isExactly(session.description) ?? false }
        try index.check(against: log)
        size = try log.checkpoint().treeSize
        let indexed = try index.position().next
        guard size < indexed + AuditSearch.tailLimit else {
            throw IndexError.behind(indexed: indexed, treeSize: size)
        }
        // The index goes on meanwhile, and may know more than the log had just now.
        let tail = min(indexed, size) >> 8
        let known = try index.bundles(of: session).map(UInt64.init).filter { $0 < tail }
        let newest = tail << 8 < size ? Array(tail...((size - 1) >> 8)) : []
        state = Mutex(State(bundles: (known + newest).reversed(), pending: pending))
    }

    /// Whether originals of a command were sealed into `file`; `nil` when the session has no such command. Goes through
    /// the entries that `next` has not given.
    public func hasOriginals(of command: UUIDv7, in file: String) throws -> Bool? {
        var isKnown = false
        while let entries = try next() {
            for entry in entries {
                switch entry.kind {
                case "intent": if entry.id == command { isKnown = true }
                case "outcome", "originals":
                    guard entry.holds(#""originals":{"#),
                        let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord),
                        value["command"]?.string?.isExactly(command.description) ?? false
                    else { continue }
                    if value["originals"]?["file"]?.string?.isExactly(file) ?? false { return true }
                default: continue
                }
            }
        }
        return isKnown ? false : nil
    }

    /// The entries of the next bundle that has any, and at last those of the journals; `nil` at the end.
    public func next() throws -> [AuditEntry]? {
        try state.withLock { state in
            while let bundle = state.bundles.popLast() {
                var cursor = try log.entries(in: bundle << 8..<min((bundle + 1) << 8, size))
                var found: [AuditEntry] = []
                while let entry = try cursor.next() {
                    guard entry.session?.isExactly(session) ?? false else { continue }
                    found.append(entry)
                    state.pending?.removeAll { $0.bytes == entry.bytes }
                }
                if !found.isEmpty { return found }
            }
            defer { state.pending = nil }
            return state.pending
        }
    }
}
