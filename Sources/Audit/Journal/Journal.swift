/// One event loop's way into the audit log: an append is in the kernel's hands before it returns.
///
/// A journal belongs to one event loop (it is not `Sendable`). With `durability: process` it has a file of its own and
/// shares no lock with any other: an entry that `append` took survives the end of the process at any later instant. With
/// `durability: disk` an entry survives a power cut too, and writers that wait for the disk at the same time share one
/// file and its `fdatasync`.
///
/// When the disk refuses, nothing of the entry stays behind: the file is cut back to the last good record, and the
/// next append tries afresh, so that appends resume by themselves when space returns.
public final class Journal {
    public let name: String
    private let destination: Destination
    private var isClosed = false

    private enum Destination {
        case own(JournalFile)
        case shared(JournalGroup, SharedJournals)
    }

    init(
        name: String, generation: UInt64, directory: String, options: AuditOptions, lock: DirectoryLock
    ) throws(AuditError) {
        self.name = name
        destination = .own(
            try JournalFile(name: name, generation: generation, directory: directory, options: options, lock: lock))
    }

    /// A way into a file that others write too.
    init(name: String, group: JournalGroup, of journals: SharedJournals) {
        self.name = name
        destination = .shared(group, journals)
    }

    deinit { close() }

    /// What the sequencer holds of this journal's own file; `nil` where it has none.
    var shared: JournalShare? {
        guard case .own(let file) = destination else { return nil }
        return file.shared
    }

    /// Appends one entry of 1 to 65,535 bytes. When this returns the entry is recorded; when it throws it is not.
    public func append(_ entry: [UInt8]) throws(AuditError) {
        try entry.withBytes { bytes throws(AuditError) in try append(bytes) }
    }

    /// Appends one entry of 1 to 65,535 bytes. When this returns the entry is recorded; when it throws it is not.
    public func append(_ entry: UnsafeRawBufferPointer) throws(AuditError) {
        guard entry.count <= AuditLog.maximumEntryBytes else { throw .entryTooLarge(bytes: entry.count) }
        guard entry.count > 0 else { throw .entryEmpty }
        switch destination {
        case .own(let file): try file.append(entry)
        case .shared(let group, _):
            if isClosed { throw .journalClosed(name: name) }
            try group.append(entry)
        }
    }

    /// Ends the journal; what it holds is still integrated. Further appends throw.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        switch destination {
        case .own(let file): file.close()
        case .shared(let group, let journals): journals.release(name, group)
        }
    }
}
