/// Verifies a log from its files and the public key alone.
///
/// Every entry is hashed anew and the whole tree is computed from the entries up. Each stored hash tile must be the one
/// computed, and the root the one that the checkpoint signs. Where two files disagree, the one that the signed root
/// vouches for is right and the other is named. Memory is bounded: one bundle and one tile a level.
public struct AuditVerifier {
    /// Verifies the log in `directory` against a public key text (`log.vkey`).
    ///
    /// - Parameter progress: Called now and then with the entries checked and the entries in all.
    /// - Returns: What was found; the log is good when `isValid`.
    /// - Throws: `AuditError` when the files cannot be read at all; `keyMalformed` when `vkey` is no key.
    public static func verify(
        directory: String, vkey: String, fileOperations: FileOperations = .system,
        progress: (_ checked: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(AuditError) -> VerificationReport {
        let key: NoteVerifierKey
        do { key = try NoteVerifierKey(vkey) } catch {
            throw .keyMalformed(path: "the verifier key", reason: error.description)
        }
        return try verify(
            directory: directory, under: TrustPolicy(key: key), fileOperations: fileOperations, progress: progress)
    }

    /// Verifies the log in `directory`.
    ///
    /// - Parameters:
    ///   - policy: Whose signatures the checkpoint must have.
    ///   - kept: Checkpoints of earlier, kept elsewhere: the log must have grown from each of them.
    ///   - progress: Called now and then with the entries checked and the entries in all.
    /// - Throws: `AuditError` when the files cannot be read at all.
    public static func verify(
        directory: String, under policy: TrustPolicy, since kept: [SignedCheckpoint] = [],
        fileOperations: FileOperations = .system,
        progress: (_ checked: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(AuditError) -> VerificationReport {
        var verifier = AuditVerifier(paths: LogPaths(root: directory), files: fileOperations)
        guard try fileOperations.statusIfPresent(directory)?.isDirectory == true else {
            throw .tileMissing(path: directory)
        }
        if let checkpoint = try verifier.readCheckpoint(policy.key) {
            try verifier.verifyTree(checkpoint, progress)
            if !policy.witnesses.isEmpty { try verifier.verifyWitnessed(checkpoint, policy) }
            try StampVerification(
                stamps: CheckpointStamps(directory: directory, fileOperations: fileOperations), tiles: verifier.tiles
            ).verify(against: checkpoint, policy.key, &verifier.keys, &verifier.report)
            for old in kept { try verifier.verify(checkpoint, growsFrom: old, policy.key) }
        }
        try verifier.verifyJournals()
        return verifier.report
    }

    private let paths: LogPaths
    private let files: FileOperations
    private let tiles: TileReader
    private var keys: CheckpointKeys
    private var report = VerificationReport()

    private init(paths: LogPaths, files: FileOperations) {
        self.paths = paths
        self.files = files
        tiles = TileReader(root: paths.root, files: files)
        keys = CheckpointKeys(tiles)
    }

    /// The checkpoint to hold the tree against. When its signature is wrong the tree is still compared with what it
    /// says, because that narrows down what was changed.
    private mutating func readCheckpoint(_ key: NoteVerifierKey) throws(AuditError) -> SignedCheckpoint? {
        guard let bytes = try files.contents(of: paths.checkpoint) else {
            report.add(.checkpoint, "it is missing")
            return nil
        }
        let checkpoint: SignedCheckpoint
        do {
            checkpoint = try SignedCheckpoint(parsing: bytes)
        } catch {
            report.add(.checkpoint, error.description)
            return nil
        }
        let signing = try keys.policy(
            TrustPolicy(key: key), for: checkpoint, treeSize: checkpoint.treeSize, &report)
        do {
            _ = try SignedCheckpoint(parsing: bytes, verifiedBy: signing.key)
        } catch {
            report.add(.checkpoint, error.description)
        }
        report.origin = checkpoint.origin
        report.treeSize = checkpoint.treeSize
        report.root = checkpoint.root
        return checkpoint
    }

    /// Holds the log against the checkpoint that the witnesses cosigned; what came since is theirs to see yet.
    private mutating func verifyWitnessed(
        _ checkpoint: SignedCheckpoint, _ policy: TrustPolicy
    ) throws(AuditError) {
        let stored = try WitnessedCheckpoint(directory: paths.root, fileOperations: files).load()
        let witnessed = stored ?? checkpoint
        let signing = try keys.policy(policy, for: witnessed, treeSize: checkpoint.treeSize, &report)
        do {
            try signing.check(witnessed)
        } catch {
            return report.add(.checkpoint, error.description)
        }
        report.witnessedEntries = witnessed.treeSize
        try verify(checkpoint, growsFrom: witnessed, policy.key)
    }

    /// Holds the log against a checkpoint that somebody kept: a log that was cut off and signed anew, or another one
    /// beside it, does not grow from that.
    private mutating func verify(
        _ checkpoint: SignedCheckpoint, growsFrom old: SignedCheckpoint, _ key: NoteVerifierKey
    ) throws(AuditError) {
        let signing = try keys.policy(TrustPolicy(key: key), for: old, treeSize: checkpoint.treeSize, &report)
        do {
            try signing.check(old)
        } catch {
            return report.add(
                .checkpoint, "the kept one of \(old.treeSize) entries cannot be held against it: \(error)")
        }
        guard old.treeSize <= checkpoint.treeSize else {
            return report.add(
                .entries(checkpoint.treeSize...(old.treeSize - 1)),
                "they were in the log when the kept checkpoint was signed, and are not now")
        }
        // What is wrong with the files was said already.
        guard report.isValid else { return }
        let tree = StoredTree(tiles: tiles, size: checkpoint.treeSize)
        let root = try MerkleProof.root(size: old.treeSize, in: tree)
        if root != old.root {
            report.add(
                .checkpoint,
                "of the first \(old.treeSize) entries at least one is another than when the kept checkpoint was signed: "
                    + "there are two logs under one key")
        }
    }

    // MARK: The tree

    private mutating func verifyTree(
        _ checkpoint: SignedCheckpoint, _ progress: (UInt64, UInt64) -> Void
    ) throws(AuditError) {
        let size = checkpoint.treeSize
        var trusted = TrustedTiles(tiles: tiles, size: size, root: checkpoint.root)
        /// The hashes that each level's current tile must have, computed from the entries.
        var tree = TreeFrontier()
        var index: UInt64 = 0
        while index << 8 < size {
            // A size in the checkpoint that no file stands for (its signature was wrong) must not keep us here.
            if report.findingsOmitted > 0 { break }
            let hashes = try verifyLeaves(index, size: size, &trusted)
            for hash in hashes {
                var completed: [(Int, UInt64, [TreeHash])] = []
                tree.append(hash) { level, index, hashes in
                    if level > 0 { completed.append((level, index, hashes)) }
                }
                for (level, index, hashes) in completed {
                    try verifyTile(level, index, computed: hashes, &trusted)
                }
            }
            index += 1
            progress(min(index << 8, size), size)
        }
        guard tree.size == size else { return }
        for (level, hashes) in tree.levels.enumerated() where level > 0 && !hashes.isEmpty {
            let index = TilePath.hashes(level: level, size: size) >> 8
            try verifyTile(level, index, computed: hashes, &trusted)
        }
        if tree.root != checkpoint.root, !report.findings.contains(where: { $0.place != .checkpoint }) {
            report.add(
                .checkpoint,
                "it signs the root \(checkpoint.root), the \(size) stored entries and tiles agree with each other "
                    + "and have the root \(tree.root): the tree was made anew after it was signed")
        }
    }

    /// Holds a bundle's entries against their level 0 tile; gives the leaf hashes to go on with.
    private mutating func verifyLeaves(
        _ index: UInt64, size: UInt64, _ trusted: inout TrustedTiles
    ) throws(AuditError) -> [TreeHash] {
        let first = index << 8
        let width = TilePath.width(level: 0, index: index, size: size)
        let bundlePath = TilePath(.entries, index: index, width: width)
        let hashPath = TilePath(.hashes(level: 0), index: index, width: width)
        let stored = try storedHashes(hashPath)
        guard let (bytes, file) = try tiles.read(bundlePath) else {
            report.add(
                .tile(path: bundlePath.path),
                "it is missing, and with it entries \(first) to \(first + UInt64(width) - 1)")
            return stored ?? Array(repeating: .emptyTree, count: width)
        }
        var bundle = EntryBundle(bytes)
        var entries: [ArraySlice<UInt8>] = []
        while entries.count < width, let entry = bundle.next() { entries.append(entry) }
        let leaves = entries.map { entry in entry.withUnsafeBytes { TreeHash.leaf($0) } }
        report.entriesChecked += UInt64(entries.count)

        guard let stored else {
            // The tile is missing or cut short, which was told; are the entries good without it?
            if leaves.count < width {
                report.add(
                    .entry(index: first + UInt64(leaves.count), id: nil), "\(bundlePath.path) ends within or before it")
            }
            return leaves + Array(repeating: .emptyTree, count: width - leaves.count)
        }
        if leaves == stored {
            // A full bundle that is read for a partial one goes on with the entries after this checkpoint.
            if !bundle.isAtEnd, file == bundlePath {
                report.add(.tile(path: bundlePath.path), "it has bytes after its last entry")
            }
            return leaves
        }
        let isTileTrusted = trusted.vouch(for: stored, level: 0, index: index)
        if !isTileTrusted, leaves.count == width, trusted.vouch(for: leaves, level: 0, index: index) {
            let wrong = zip(leaves, stored).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
            report.add(
                .tile(path: hashPath.path),
                "its hash of entry \(first + UInt64(wrong)) was changed; the entry itself is the one that was signed")
            return leaves
        }
        nameEntries(entries, leaves, stored, first: first, bundle: bundlePath, isTileTrusted: isTileTrusted)
        return stored
    }

    /// Names the entries of a bundle that are not those of the tile.
    private mutating func nameEntries(
        _ entries: [ArraySlice<UInt8>], _ leaves: [TreeHash], _ stored: [TreeHash], first: UInt64, bundle: TilePath,
        isTileTrusted: Bool
    ) {
        let vouched = isTileTrusted ? "signed" : "in its hash tile (which does not lead to the signed root either)"
        for position in stored.indices {
            let index = first + UInt64(position)
            guard position < leaves.count else {
                let last = first + UInt64(stored.count - 1)
                report.add(
                    .entry(index: index, id: nil),
                    "\(bundle.path) ends within or before it\(index == last ? "" : "; all up to \(last) are missing")")
                return
            }
            guard leaves[position] != stored[position] else { continue }
            let id = EntryHead(entries[position]).id
            if let home = stored.firstIndex(of: leaves[position]) {
                report.add(
                    .entry(index: index, id: id), "it stands here but was signed at \(first + UInt64(home))")
            } else {
                report.add(.entry(index: index, id: id), "its bytes are not those that were \(vouched)")
            }
        }
    }

    /// Holds a stored tile of level 1 or more against the hashes computed from below.
    private mutating func verifyTile(
        _ level: Int, _ index: UInt64, computed: [TreeHash], _ trusted: inout TrustedTiles
    ) throws(AuditError) {
        let path = TilePath(.hashes(level: level), index: index, width: computed.count)
        guard let stored = try storedHashes(path), stored != computed else { return }
        // What is computed comes from entries that were found wrong, or from tiles that vouch for themselves.
        let isStoredTrusted = trusted.vouch(for: stored, level: level, index: index)
        for position in computed.indices where stored[position] != computed[position] {
            let child = index << 8 + UInt64(position)
            if isStoredTrusted {
                let span = UInt64(8 * level)
                report.add(
                    .entries(child << span...((child + 1) << span - 1)),
                    "bundle and hash tiles agree with each other but not with the signed tree: at least one was changed"
                )
            } else {
                report.add(.tile(path: path.path), "hash \(position) is not the one of the tiles below it")
                return
            }
        }
    }

    /// A tile's hashes; `nil` when it is missing or has the wrong length, which is then a finding.
    private mutating func storedHashes(_ path: TilePath) throws(AuditError) -> [TreeHash]? {
        guard let bytes = try tiles.bytes(of: path) else {
            report.add(.tile(path: path.path), "it is missing")
            return nil
        }
        guard let hashes = TileReader.hashes(in: bytes, width: path.width) else {
            report.add(.tile(path: path.path), "it has \(bytes.count) bytes, not \(path.width * TreeHash.byteCount)")
            return nil
        }
        return hashes
    }

    // MARK: The journals

    private mutating func verifyJournals() throws(AuditError) {
        let findings: PendingJournals.Findings
        do {
            findings = try PendingJournals(paths: paths, files: files).read { _ in }
        } catch {
            guard case .stateDamaged(_, let reason) = error else { throw error }
            report.add(.tile(path: ".state/state"), reason)
            return
        }
        report.pendingEntries = findings.entries
        report.unfinishedJournals = findings.unfinished
        for (path, offset) in findings.damaged {
            report.add(.journal(path: path, offset: offset), "the record's checksum is wrong and records follow it")
        }
    }
}
