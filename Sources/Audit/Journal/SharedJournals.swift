import Synchronization

/// The few journal files that all writers share where appends go to the disk.
///
/// One file would make two writers wait for each other, though a disk takes several `fdatasync` at once; a file each
/// would make 64 writers cost 64 of them. So up to `maximumGroups` writers have a file each, and beyond that they come to
/// the files in equal parts. A writer stays with its file, so its entries keep their order.
final class SharedJournals: Sendable {
    static let maximumGroups = 4

    private struct State {
        var groups: [(group: JournalGroup, writers: Int)] = []
        var names: Set<String> = []
    }

    private let state = Mutex(State())

    /// Opens a way in for one writer.
    ///
    /// - Parameter make: Opens the file of this name, for a new group.
    func open(
        _ name: String, make: (_ file: String) throws(AuditError) -> JournalGroup
    ) throws(AuditError) -> sending Journal {
        let group = try state.withLock { state throws(AuditError) -> JournalGroup in
            guard !state.names.contains(name) else { throw .journalNameInUse(name) }
            let least = state.groups.indices.min { state.groups[$0].writers < state.groups[$1].writers }
            var chosen = least ?? 0
            if least.map({ state.groups[$0].writers > 0 }) ?? true, state.groups.count < Self.maximumGroups {
                chosen = state.groups.count
                state.groups.append((try make("shared-\(chosen)"), 0))
            }
            state.groups[chosen].writers += 1
            state.names.insert(name)
            return state.groups[chosen].group
        }
        return Journal(name: name, group: group, of: self)
    }

    /// A writer has ended. The file stays for others.
    func release(_ name: String, _ group: JournalGroup) {
        state.withLock { state in
            state.names.remove(name)
            for index in state.groups.indices where state.groups[index].group === group {
                state.groups[index].writers -= 1
            }
        }
    }
}
