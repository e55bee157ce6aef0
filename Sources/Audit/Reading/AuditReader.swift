import Identifiers

/// Reads a log's entries, also while the gateway writes it: a checkpoint is read first, and all that it covers stays
/// in place.
///
/// Reading does not verify: see `AuditVerifier`.
public struct AuditReader: Sendable {
    private let paths: LogPaths
    private let files: FileOperations
    private let tiles: TileReader

    public init(directory: String, fileOperations: FileOperations = .system) {
        paths = LogPaths(root: directory)
        files = fileOperations
        tiles = TileReader(root: directory, files: fileOperations)
    }

    /// The checkpoint as it stands now, not held against a key.
    public func checkpoint() throws(AuditError) -> SignedCheckpoint {
        guard let bytes = try files.contents(of: paths.checkpoint) else {
            guard try paths.holdLog(files) else { throw .noLog(path: paths.root) }
            throw .tileMissing(path: paths.checkpoint)
        }
        do {
            return try SignedCheckpoint(parsing: bytes)
        } catch {
            throw .checkpointMalformed(path: paths.checkpoint, reason: error.description)
        }
    }

    /// The checkpoint to make proofs under that are about the first `size` entries: the newest that witnesses cosigned,
    /// so that the proof carries their word, where there is one of this log that covers so many; else the newest.
    public func checkpoint(covering size: UInt64) throws(AuditError) -> SignedCheckpoint {
        // In this order: what was witnessed is never ahead of the log's own.
        let witnessed: SignedCheckpoint?
        do throws(AuditError) {
            witnessed = try WitnessedCheckpoint(directory: paths.root, fileOperations: files).load()
        } catch .checkpointMalformed {
            // The log's own is no worse for it.
            witnessed = nil
        }
        let newest = try checkpoint()
        // Where the key was rotated since, whoever knows the new one alone could not check it.
        guard let witnessed, witnessed.treeSize >= size, witnessed.names(allSignersOf: newest),
            try isPast(witnessed, of: newest)
        else { return newest }
        return witnessed
    }

    /// A signed checkpoint of exactly `size` entries, where one is kept here: the newest, the one that witnesses
    /// cosigned, or one that was time-stamped.
    public func checkpoint(of size: UInt64) throws(AuditError) -> SignedCheckpoint? {
        let covering = try checkpoint(covering: size)
        if covering.treeSize == size { return covering }
        let newest = try checkpoint()
        if newest.treeSize == size { return newest }
        let stamps = CheckpointStamps(directory: paths.root, fileOperations: files)
        guard let (bytes, _) = try stamps.read(size), let stamped = try? SignedCheckpoint(parsing: bytes),
            stamped.treeSize == size, try isPast(stamped, of: newest)
        else { return nil }
        return stamped
    }

    /// Whether `other` states what the log of `newest` was, by its name and its tree.
    private func isPast(_ other: SignedCheckpoint, of newest: SignedCheckpoint) throws(AuditError) -> Bool {
        guard other.origin.isExactly(newest.origin), other.treeSize <= newest.treeSize else { return false }
        let tree = StoredTree(tiles: tiles, size: newest.treeSize)
        let root = try MerkleProof.root(size: other.treeSize, in: tree)
        return root == other.root
    }

    /// A cursor over the entries of `range` (all of the signed log without one) that match `filter`, in log order. It
    /// holds one bundle in memory.
    public func entries(
        in range: Range<UInt64>? = nil, matching filter: AuditFilter = AuditFilter()
    ) throws(AuditError) -> AuditEntries {
        let size = try checkpoint().treeSize
        if let range, range.upperBound > size { throw .outOfRange(index: range.upperBound - 1, treeSize: size) }
        return AuditEntries(tiles: tiles, size: size, range: range ?? 0..<size, filter: filter)
    }

    /// The entry at `index`.
    public func entry(at index: UInt64) throws(AuditError) -> AuditEntry {
        let size = try checkpoint().treeSize
        guard index < size else { throw .outOfRange(index: index, treeSize: size) }
        var entries = AuditEntries(tiles: tiles, size: size, range: index..<(index + 1), filter: AuditFilter())
        guard let entry = try entries.next() else { throw .outOfRange(index: index, treeSize: size) }
        return entry
    }

    /// The entry with this id, in the tree or still in a journal; `nil` when there is none. Looks from the newest
    /// entry back.
    public func entry(id: UUIDv7) throws(AuditError) -> AuditEntry? {
        if let pending = try pendingEntries().last(where: { $0.id == id }) { return pending }
        let size = try checkpoint().treeSize
        var end = size
        while end > 0 {
            let start = (end - 1) & ~0xff
            var entries = AuditEntries(tiles: tiles, size: size, range: start..<end, filter: AuditFilter())
            var found: AuditEntry?
            while let entry = try entries.next() { if entry.id == id { found = entry } }
            if let found { return found }
            end = start
        }
        return nil
    }

    /// Entries that are recorded and not yet in the signed tree, by journal and in its order. Whoever wants both asks for
    /// these first: what is signed meanwhile is then seen twice rather than not at all.
    public func pendingEntries(
        matching filter: AuditFilter = AuditFilter()
    ) throws(AuditError) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        let findings = try PendingJournals(paths: paths, files: files).read { bytes in
            let entry = AuditEntry(index: nil, bytes: Array(bytes))
            if filter.matches(entry) { entries.append(entry) }
        }
        guard let state = findings.state else { return entries }
        return try unsigned(by: state, matching: filter) + entries
    }

    /// The state is written before the checkpoint: what it counts and no checkpoint covers yet stands in no journal any
    /// more, and in the tiles only.
    private func unsigned(by state: LogState, matching filter: AuditFilter) throws(AuditError) -> [AuditEntry] {
        let hasCheckpoint = try files.contents(of: paths.checkpoint) != nil
        let signed = hasCheckpoint ? try checkpoint().treeSize : 0
        guard signed < state.treeSize else { return [] }
        let range = signed..<state.treeSize
        var cursor = AuditEntries(tiles: tiles, size: state.treeSize, range: range, filter: filter)
        var entries: [AuditEntry] = []
        do throws(AuditError) {
            while let entry = try cursor.next() { entries.append(AuditEntry(index: nil, bytes: entry.bytes)) }
        } catch .tileMissing {
            // A folder that was copied while the log grew may have the state and not yet all of its tiles.
        }
        return entries
    }

    /// The self-contained proof that the entry at `index` is in the log, under a checkpoint of this log that covers it
    /// (by default `checkpoint(covering:)`).
    ///
    /// It is made of the files as they are. Whether it proves anything, `TransparencyProof.verify` says.
    public func transparencyProof(
        of index: UInt64, under checkpoint: SignedCheckpoint? = nil
    ) throws(AuditError) -> TransparencyProof {
        let entry = try entry(at: index)
        let target: SignedCheckpoint
        if let checkpoint { target = checkpoint } else { target = try self.checkpoint(covering: index + 1) }
        return TransparencyProof(
            index: index, entry: entry.bytes,
            path: try inclusionProof(of: index, treeSize: target.treeSize), checkpoint: target)
    }

    /// The proof that the tree of `oldSize` entries is the beginning of that of `checkpoint` (by default of
    /// `checkpoint(covering:)`).
    public func consistency(
        from oldSize: UInt64, to checkpoint: SignedCheckpoint? = nil
    ) throws(AuditError) -> ConsistencyProof {
        let target: SignedCheckpoint
        if let checkpoint { target = checkpoint } else { target = try self.checkpoint(covering: oldSize) }
        let newest = try self.checkpoint()
        guard target.treeSize <= newest.treeSize else {
            throw .outOfRange(index: target.treeSize, treeSize: newest.treeSize)
        }
        let tree = StoredTree(tiles: tiles, size: newest.treeSize)
        return ConsistencyProof(
            oldSize: oldSize, path: try MerkleProof.consistency(from: oldSize, to: target.treeSize, in: tree),
            checkpoint: target)
    }

    /// The root of the tree of the first `size` entries.
    public func root(of size: UInt64) throws(AuditError) -> TreeHash {
        let newest = try checkpoint().treeSize
        guard size <= newest else { throw .outOfRange(index: size, treeSize: newest) }
        return try MerkleProof.root(size: size, in: StoredTree(tiles: tiles, size: newest))
    }

    /// The proof that the entry at `index` is in the tree of `treeSize` entries (of the newest checkpoint without one).
    public func inclusionProof(of index: UInt64, treeSize: UInt64? = nil) throws(AuditError) -> [TreeHash] {
        let size = try checkpoint().treeSize
        let covered = treeSize ?? size
        guard covered <= size else { throw .outOfRange(index: covered, treeSize: size) }
        return try MerkleProof.inclusion(of: index, size: covered, in: StoredTree(tiles: tiles, size: size))
    }
}

/// A cursor over entries, one bundle in memory at a time.
public struct AuditEntries {
    private let tiles: TileReader
    private let size: UInt64
    private let range: Range<UInt64>
    private let filter: AuditFilter
    private var position: UInt64
    private var bundle = EntryBundle([])
    private var bundleEnd: UInt64 = 0

    init(tiles: TileReader, size: UInt64, range: Range<UInt64>, filter: AuditFilter) {
        self.tiles = tiles
        self.size = size
        self.range = range
        self.filter = filter
        position = range.lowerBound
    }

    /// How many entries were passed, matching or not; for a progress display.
    public var passed: UInt64 { position - range.lowerBound }

    /// The next matching entry; `nil` at the end.
    public mutating func next() throws(AuditError) -> AuditEntry? {
        while position < range.upperBound {
            if position >= bundleEnd { try load() }
            guard let bytes = bundle.next() else {
                let path = TilePath(.entries, index: position >> 8).path
                throw .tileDamaged(path: path, reason: "it ends within entry \(position)")
            }
            let entry = AuditEntry(index: position, bytes: Array(bytes))
            position += 1
            if filter.matches(entry) { return entry }
        }
        return nil
    }

    private mutating func load() throws(AuditError) {
        let index = position >> 8
        let tile = TilePath(.entries, index: index, width: TilePath.width(level: 0, index: index, size: size))
        guard let bytes = try tiles.bytes(of: tile) else { throw .tileMissing(path: tile.path) }
        bundle = EntryBundle(bytes)
        bundleEnd = index << 8 + UInt64(tile.width)
        for _ in 0..<(position & 0xff) {
            guard bundle.next() != nil else {
                throw .tileDamaged(path: tile.path, reason: "it ends before entry \(position)")
            }
        }
    }
}
