/// What opening the log found and repaired.
public struct RecoveryReport: Sendable, Equatable {
    /// A journal whose last record was cut off; the record was never acknowledged.
    public struct TornTail: Sendable, Equatable {
        public let journal: String
        public let generation: UInt64
        public let droppedBytes: UInt64
    }

    /// Entries in the signed tree when the log was opened.
    public internal(set) var treeSizeBefore: UInt64 = 0
    /// Entries after repair.
    public internal(set) var treeSizeAfter: UInt64 = 0
    /// Entries that stood in journals and were integrated now.
    public internal(set) var replayedEntries: UInt64 = 0
    public internal(set) var tornTails: [TornTail] = []
    /// Tiles and bundles of an integration that was cut short, removed to be made anew; paths below the directory.
    public internal(set) var removedTiles: [String] = []
    /// A checkpoint had to be signed because the process ended between the state and the checkpoint.
    public internal(set) var republishedCheckpoint = false
    /// A key rotation was cut off between the new key and its entry, which was appended now.
    public internal(set) var completedKeyRotation = false
    /// The log was made now.
    public internal(set) var isNew = false

    /// Whether the last process ended in good order and nothing had to be done.
    public var isClean: Bool {
        replayedEntries == 0 && tornTails.isEmpty && removedTiles.isEmpty && !republishedCheckpoint
            && !completedKeyRotation
    }
}

extension RecoveryReport: CustomStringConvertible {
    public var description: String {
        if isNew { return "a new log" }
        if isClean { return "\(treeSizeAfter) entries, nothing to repair" }
        var parts = ["\(treeSizeBefore) entries were in the tree"]
        if replayedEntries > 0 { parts.append("\(replayedEntries) were replayed from journals") }
        for tail in tornTails {
            parts.append("\(tail.droppedBytes) bytes of an unfinished record in journal \(tail.journal) were dropped")
        }
        if !removedTiles.isEmpty { parts.append("\(removedTiles.count) unfinished tiles were removed") }
        if republishedCheckpoint { parts.append("the checkpoint was signed again") }
        if completedKeyRotation { parts.append("the entry of a key rotation was appended") }
        return parts.joined(separator: "; ")
    }
}
