import Identifiers
import Logging

/// Moves records from the journals into the tree, one bounded batch after another.
///
/// A batch is committed in this order, each step durable before the next: entry bundles and tiles, the state, the
/// checkpoint. Only the checkpoint is a promise. Until it is signed, a batch can be thrown away and made again from
/// the journals, in another order too. So whatever fails or however the process ends, the way back is always the same:
/// `reload()` takes the last state as the truth and removes what goes beyond it.
struct Sequencer {
    /// Bounds of one batch.
    static let batchEntries: UInt64 = 16_384
    static let batchBytes = 16 << 20

    let paths: LogPaths
    let origin: String
    /// Changes when a rotated key retires.
    var signer: NoteSigner
    let files: FileOperations
    let logger: Logger

    private(set) var state = LogState()
    private(set) var checkpoint: SignedCheckpoint?
    private var tree = TreeFrontier()
    /// The entries of the bundle that is not full yet, as they stand in its file.
    private var bundle: [UInt8] = []
    private var isLoaded = false
    /// Set while a batch may have left a state or tiles that this value does not know.
    private var needsReload = false

    init(paths: LogPaths, origin: String, signer: NoteSigner, files: FileOperations, logger: Logger) {
        self.paths = paths
        self.origin = origin
        self.signer = signer
        self.files = files
        self.logger = logger
    }

    /// What one batch did.
    struct Batch {
        var entries: UInt64 = 0
        var tornTails: [RecoveryReport.TornTail] = []
        /// The batch's bounds were reached before the journals' ends.
        var isFull = false
    }

    // MARK: Integrating

    /// Integrates what the journals hold. `committed` says for a journal that is open how far its writer got; of
    /// generations before that, and of journals that are not in it, everything is taken.
    mutating func integrate(
        _ committed: [String: (generation: UInt64, length: UInt64)]
    ) throws(AuditError) -> Batch {
        if needsReload || !isLoaded { _ = try reload() }
        needsReload = true
        // Before another batch: only by more than one can verification tell a checkpoint that was put back.
        if checkpoint?.treeSize != state.treeSize { try publish() }
        var work = Work(tree: tree, bundle: bundle, state: state, writer: TileWriter(paths: paths, files: files))
        try collect(committed, into: &work)
        if work.batch.entries > 0 || work.state.cursors != state.cursors {
            try commit(&work)
        }
        if checkpoint?.treeSize != state.treeSize { try publish() }
        needsReload = false
        removeConsumedJournals(committed)
        return work.batch
    }

    /// What a batch builds up; it replaces the sequencer's own values only once the state is durable.
    private struct Work {
        var tree: TreeFrontier
        var bundle: [UInt8]
        var state: LogState
        var writer: TileWriter
        var batch = Batch()
        var bytes = 0

        var isFull: Bool { batch.entries >= Sequencer.batchEntries || bytes >= Sequencer.batchBytes }
    }

    private func collect(
        _ committed: [String: (generation: UInt64, length: UInt64)], into work: inout Work
    ) throws(AuditError) {
        var generations: [String: [UInt64]] = [:]
        for file in try files.names(in: paths.journals) {
            guard let (name, generation) = JournalName.parse(file) else { continue }
            if generation >= work.state.cursors[name]?.generation ?? 0 {
                generations[name, default: []].append(generation)
            }
        }
        for name in generations.keys.sorted() {
            for generation in generations[name, default: []].sorted() {
                if work.isFull {
                    work.batch.isFull = true
                    return
                }
                var cursor = JournalCursor(generation: generation)
                if let known = work.state.cursors[name], known.generation == generation { cursor = known }
                let writer = committed[name]
                if let writer, generation > writer.generation { continue }
                let limit = writer?.generation == generation ? writer?.length : nil
                try collect(name, from: cursor, limit: limit, into: &work)
            }
        }
    }

    /// Takes one journal file's records; without a limit all of them, and then the file is done with.
    private func collect(
        _ name: String, from cursor: JournalCursor, limit: UInt64?, into work: inout Work
    ) throws(AuditError) {
        guard
            var scanner = try JournalScanner(name: name, cursor: cursor, directory: paths.journals, files: files)
        else { return }
        let extent: JournalScanner.Extent
        if let limit { extent = .committed(limit) } else { extent = try scanner.whole() }
        scan: while true {
            if work.isFull {
                work.batch.isFull = true
                work.state.cursors[name] = scanner.cursor
                return
            }
            switch try scanner.next(extent) {
            case .record(let entry): try add(entry, to: &work)
            case .end: break scan
            case .invalid:
                let offset = scanner.cursor.offset
                var isDamaged = limit != nil
                if !isDamaged { isDamaged = try scanner.recordFollows() }
                if isDamaged { throw .journalDamaged(path: scanner.path, offset: offset) }
                work.batch.tornTails.append(
                    .init(journal: name, generation: cursor.generation, droppedBytes: extent.endOfData - offset))
                break scan
            }
        }
        work.state.cursors[name] =
            limit == nil ? JournalCursor(generation: cursor.generation + 1) : scanner.cursor
    }

    private func add(_ entry: UnsafeRawBufferPointer, to work: inout Work) throws(AuditError) {
        work.bundle.append(UInt8(truncatingIfNeeded: entry.count >> 8))
        work.bundle.append(UInt8(truncatingIfNeeded: entry.count))
        work.bundle.append(contentsOf: entry)
        work.batch.entries += 1
        work.bytes += entry.count
        var full: [(level: Int, index: UInt64, hashes: [TreeHash])] = []
        work.tree.append(.leaf(entry)) { level, index, hashes in full.append((level, index, hashes)) }
        for tile in full {
            if tile.level == 0 {
                try work.writer.write(TilePath(.entries, index: tile.index), work.bundle)
                work.bundle.removeAll(keepingCapacity: true)
            }
            try work.writer.write(level: tile.level, index: tile.index, tile.hashes)
        }
    }

    private mutating func commit(_ work: inout Work) throws(AuditError) {
        for (level, hashes) in work.tree.levels.enumerated() where !hashes.isEmpty {
            let known = level < tree.levels.count ? tree.levels[level].count : 0
            let index = TilePath.hashes(level: level, size: work.tree.size) >> 8
            if hashes.count == known, index == TilePath.hashes(level: level, size: tree.size) >> 8 { continue }
            if level == 0 {
                try work.writer.write(TilePath(.entries, index: index, width: hashes.count), work.bundle)
            }
            try work.writer.write(level: level, index: index, hashes)
        }
        try work.writer.synchronize()
        work.state.treeSize = work.tree.size
        work.state.root = work.tree.root
        try write(work.state)
        let before = tree.size
        tree = work.tree
        bundle = work.bundle
        state = work.state
        removeSupersededTiles(from: before)
    }

    private func write(_ state: LogState) throws(AuditError) {
        try files.replace(paths.state, with: state.bytes, temporary: "\(paths.temporary)/state")
        try files.synchronizeDirectory(paths.privateDirectory)
    }

    /// Signs and publishes the checkpoint of the current state.
    private mutating func publish() throws(AuditError) {
        let signed: SignedCheckpoint
        do {
            signed = try SignedCheckpoint(
                origin: origin, treeSize: state.treeSize, root: state.root, signer: signer)
        } catch {
            throw .keyMalformed(path: origin, reason: "signing failed: \(error)")
        }
        try files.replace(paths.checkpoint, with: signed.bytes, temporary: "\(paths.temporary)/checkpoint")
        try files.synchronizeDirectory(paths.root)
        checkpoint = signed
    }

    // MARK: Coming back

    /// Takes the stored state as the truth: checks that tiles and checkpoint agree with it, and removes what an
    /// unfinished batch left beyond it. Returns what was removed.
    mutating func reload() throws(AuditError) -> [String] {
        isLoaded = false
        try removeTemporaryFiles()
        guard let bytes = try files.contents(of: paths.state) else {
            try start()
            return []
        }
        let stored = try LogState(parsing: bytes, path: paths.state)
        // The state may be there without being durable, if the process ended right after the rename.
        try files.synchronizeDirectory(paths.privateDirectory)
        let reader = TileReader(root: paths.root, files: files)
        let frontier = try reader.frontier(size: stored.treeSize)
        guard frontier.root == stored.root else {
            throw .checkpointInconsistent(treeSize: stored.treeSize, signed: stored.root, computed: frontier.root)
        }
        let partial = try readPartialBundle(size: stored.treeSize, hashes: frontier.levels.first ?? [], reader)
        let published = try readCheckpoint(for: stored, reader)
        let removed = try removeTiles(beyond: stored.treeSize)
        state = stored
        tree = frontier
        bundle = partial
        checkpoint = published
        isLoaded = true
        needsReload = false
        return removed
    }

    /// The first start: an empty log. Anything that says that there were entries before is an error.
    private mutating func start() throws(AuditError) {
        let hasCheckpoint = try files.contents(of: paths.checkpoint) != nil
        guard !hasCheckpoint, try files.names(in: paths.tiles).isEmpty else { throw .stateMissing(path: paths.state) }
        try write(LogState())
        state = LogState()
        tree = TreeFrontier()
        bundle = []
        checkpoint = nil
        isLoaded = true
        needsReload = false
    }

    private func readPartialBundle(
        size: UInt64, hashes: [TreeHash], _ reader: TileReader
    ) throws(AuditError) -> [UInt8] {
        guard !hashes.isEmpty else { return [] }
        let tile = TilePath(.entries, index: size >> 8, width: hashes.count)
        guard let bytes = try reader.bytes(of: tile) else { throw .tileMissing(path: tile.path) }
        let first = size & ~0xff
        var parser = EntryBundle(bytes)
        for (position, hash) in hashes.enumerated() {
            guard let entry = parser.next() else {
                throw .tileDamaged(path: tile.path, reason: "it ends within entry \(first + UInt64(position))")
            }
            guard TreeHash.leaf(Array(entry)) == hash else {
                throw .tileDamaged(
                    path: tile.path, reason: "entry \(first + UInt64(position)) is not the one in the tree")
            }
        }
        return Array(bytes[..<parser.position])
    }

    /// The published checkpoint, held against key and tree; `nil` when none was published yet.
    private func readCheckpoint(
        for stored: LogState, _ reader: TileReader
    ) throws(AuditError) -> SignedCheckpoint? {
        guard let bytes = try files.contents(of: paths.checkpoint) else { return nil }
        let found: SignedCheckpoint
        do {
            let read = try SignedCheckpoint(parsing: bytes)
            // Right after a rotation the newest checkpoint is still of the key before.
            let retiring = signer.retiring?.verifierKey
            let isOfRetiring = retiring.map { read.note.names($0) && !read.note.names(signer.verifierKey) } ?? false
            let key = isOfRetiring ? retiring ?? signer.verifierKey : signer.verifierKey
            found = try SignedCheckpoint(parsing: bytes, verifiedBy: key)
        } catch {
            if case .notSigned(_, let names) = error {
                throw .keyMismatch(
                    checkpoint: names.joined(separator: ", "),
                    key: "\(signer.verifierKey.name)+\(NoteKeyName.hex(signer.verifierKey.keyID))")
            }
            throw .checkpointMalformed(path: paths.checkpoint, reason: error.description)
        }
        guard found.treeSize <= stored.treeSize else {
            throw .checkpointAhead(checkpointSize: found.treeSize, stateSize: stored.treeSize)
        }
        let computed: TreeHash
        if found.treeSize == stored.treeSize {
            computed = stored.root
        } else {
            computed = try MerkleProof.root(
                size: found.treeSize, in: StoredTree(tiles: reader, size: stored.treeSize))
        }
        guard computed == found.root else {
            throw .checkpointInconsistent(treeSize: found.treeSize, signed: found.root, computed: computed)
        }
        return found
    }

    private func removeTemporaryFiles() throws(AuditError) {
        for name in try files.names(in: paths.temporary) { try files.removeIfPresent("\(paths.temporary)/\(name)") }
    }

    /// Removes the tiles that an unfinished batch made beyond `size`. A batch is bounded, so there are only so many
    /// places where they can be, at any size of the log.
    private func removeTiles(beyond size: UInt64) throws(AuditError) -> [String] {
        var removed: [String] = []
        for level in 0..<(TilePath.levels(size: size + Self.batchEntries)) {
            let kinds: [TilePath.Kind] = level == 0 ? [.entries, .hashes(level: 0)] : [.hashes(level: level)]
            let hashes = TilePath.hashes(level: level, size: size)
            let last = TilePath.hashes(level: level, size: size + Self.batchEntries) >> 8
            for kind in kinds {
                for tile in try tiles(kind, from: hashes >> 8, through: last) {
                    if tile.index == hashes >> 8, !tile.isFull, tile.width <= Int(hashes & 0xff) { continue }
                    if try files.removeIfPresent("\(paths.root)/\(tile.path)") { removed.append(tile.path) }
                }
            }
        }
        return removed
    }

    /// The tiles of one kind that are on the disk within a range of indices.
    private func tiles(
        _ kind: TilePath.Kind, from first: UInt64, through last: UInt64
    ) throws(AuditError) -> [TilePath] {
        var found: [TilePath] = []
        for group in (first / 1000)...(last / 1000) {
            for name in try files.names(in: "\(paths.root)/\(TilePath(kind, index: group * 1000).folder)") {
                guard let position = UInt64(name.prefix(3)), position < 1000 else { continue }
                let index = group * 1000 + position
                guard (first...last).contains(index) else { continue }
                if name.hasSuffix(".p") {
                    let directory = TilePath(kind, index: index).partialDirectory
                    for width in try files.names(in: "\(paths.root)/\(directory)") {
                        if let width = Int(width) { found.append(TilePath(kind, index: index, width: width)) }
                    }
                } else {
                    found.append(TilePath(kind, index: index))
                }
            }
        }
        return found
    }

    // MARK: Tidying

    /// Removes the partial tiles whose full tile is now part of the state. Failing is no harm: they only take space.
    private func removeSupersededTiles(from before: UInt64) {
        for level in 0..<TilePath.levels(size: before) {
            let known = TilePath.hashes(level: level, size: before)
            guard known & 0xff != 0, known >> 8 < TilePath.hashes(level: level, size: state.treeSize) >> 8 else {
                continue
            }
            let kinds: [TilePath.Kind] = level == 0 ? [.entries, .hashes(level: 0)] : [.hashes(level: level)]
            for kind in kinds {
                let directory = "\(paths.root)/\(TilePath(kind, index: known >> 8).partialDirectory)"
                for name in (try? files.names(in: directory)) ?? [] { try? files.remove("\(directory)/\(name)") }
                try? files.removeDirectory(directory)
            }
        }
    }

    /// Removes the journal files that are wholly in the tree. A file that comes back is known to be consumed by its
    /// generation, so this needs no durability.
    private func removeConsumedJournals(_ committed: [String: (generation: UInt64, length: UInt64)]) {
        for file in (try? files.names(in: paths.journals)) ?? [] {
            guard let (name, generation) = JournalName.parse(file), let cursor = state.cursors[name],
                generation < cursor.generation, generation < committed[name]?.generation ?? .max
            else { continue }
            try? files.remove("\(paths.journals)/\(file)")
        }
    }
}

extension Sequencer {
    /// The time of the newest entry; `nil` where there is none, or it cannot be read or says none.
    func newestTime() -> Timestamp? {
        guard state.treeSize > 0 else { return nil }
        var entries = AuditEntries(
            tiles: TileReader(root: paths.root, files: files), size: state.treeSize,
            range: (state.treeSize - 1)..<state.treeSize, filter: AuditFilter())
        guard let newest = try? entries.next() else { return nil }
        return newest.time.flatMap { Timestamp($0) }
    }

    /// Whether the entry of this rotation has to be appended yet.
    ///
    /// - Throws: `keyMalformed` when the rotation is not of this log as it is now.
    func lacks(_ retiring: RetiringKey) throws(AuditError) -> Bool {
        let index = retiring.rotation.treeSize
        if index == state.treeSize, retiring.rotation.root == state.root { return true }
        if index < state.treeSize {
            var entries = AuditEntries(
                tiles: TileReader(root: paths.root, files: files), size: state.treeSize, range: index..<(index + 1),
                filter: AuditFilter())
            if try entries.next()?.bytes == retiring.entry { return false }
        }
        throw .keyMalformed(
            path: "the file of the retiring key",
            reason: "it was rotated at entry \(index), which the log of \(state.treeSize) entries does not have: "
                + "log and keys are not of the same time")
    }
}
