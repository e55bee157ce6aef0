/// Computes the whole tree from the entries up, on several threads, and holds each stored tile and the signed root
/// against it.
///
/// The bundles are cut into shards. Each shard's bundles are hashed and held against their level 0 tiles on some thread;
/// what they come to is put together in log order on the caller's, where the tiles above are checked. So what is found,
/// and in which order, does not hang on the threads.
struct TreeVerifier {
    /// Bundles that are looked at in one piece: small enough that all threads end together, large enough that handing
    /// them out costs nothing.
    static let shardBundles: UInt64 = 32

    private let checkpoint: SignedCheckpoint
    private let tiles: TileReader
    private let threads: Int
    private var trusted: TrustedTiles
    /// The hashes that each level's current tile must have, computed from the entries.
    private var tree = TreeFrontier()

    init(checkpoint: SignedCheckpoint, tiles: TileReader, threads: Int) {
        self.checkpoint = checkpoint
        self.tiles = tiles
        self.threads = threads
        trusted = TrustedTiles(tiles: tiles, size: checkpoint.treeSize, root: checkpoint.root)
    }

    private struct Shard: Sendable {
        var bundles: [BundleVerifier.Outcome] = []
        /// What kept the next bundle from being read.
        var failure: AuditError?
    }

    /// Verifies everything that the checkpoint covers, into `report`.
    ///
    /// - Throws: `AuditError` where a file that is there cannot be read.
    mutating func verify(
        into report: inout VerificationReport, progress: (UInt64, UInt64) -> Void
    ) throws(AuditError) {
        let size = checkpoint.treeSize
        let bundles = size >> 8 + (size & 0xff == 0 ? 0 : 1)
        let shards = bundles / Self.shardBundles + (bundles % Self.shardBundles == 0 ? 0 : 1)
        let start = BundleVerifier(tiles: tiles, size: size, trusted: trusted)
        let work: @Sendable (UInt64) -> Shard = { number in
            let first = number * Self.shardBundles
            return Self.verify(first..<min(first + Self.shardBundles, bundles), start)
        }
        try OrderedWork.run(shards, threads: threads, work: work) { shard throws(AuditError) in
            for bundle in shard.bundles {
                try add(bundle, &report)
                // A size in the checkpoint that no file stands for (its signature was wrong) must not keep us here.
                if report.findingsOmitted > 0 { return false }
            }
            if let failure = shard.failure { throw failure }
            progress(tree.size, size)
            return true
        }
        if tree.size == size { try verifyEdge(&report) }
    }

    private static func verify(_ bundles: Range<UInt64>, _ start: BundleVerifier) -> Shard {
        var verifier = start
        var shard = Shard()
        var found = FindingList()
        for index in bundles {
            do throws(AuditError) {
                let outcome = try verifier.verify(index)
                found.append(outcome.findings)
                shard.bundles.append(outcome)
            } catch {
                shard.failure = error
                break
            }
            // Nobody asks for what follows.
            if found.omitted > 0 { break }
        }
        return shard
    }

    /// Adds the next bundle to the tree and checks the tiles that this makes full.
    private mutating func add(
        _ bundle: BundleVerifier.Outcome, _ report: inout VerificationReport
    ) throws(AuditError) {
        report.entriesChecked += bundle.entriesChecked
        report.add(bundle.findings)
        var completed: [(Int, UInt64, [TreeHash])] = []
        if let root = bundle.root {
            tree.append(fullTile: root) { completed.append(($0, $1, $2)) }
        } else {
            for leaf in bundle.leaves { tree.append(leaf) { completed.append(($0, $1, $2)) } }
        }
        for (level, index, hashes) in completed { try verifyTile(level, index, computed: hashes, &report) }
    }

    /// Checks the tiles that are not full, and the root.
    private mutating func verifyEdge(_ report: inout VerificationReport) throws(AuditError) {
        for (level, hashes) in tree.levels.enumerated() where level > 0 && !hashes.isEmpty {
            let index = TilePath.hashes(level: level, size: tree.size) >> 8
            try verifyTile(level, index, computed: hashes, &report)
        }
        if tree.root != checkpoint.root, !report.findings.contains(where: { $0.place != .checkpoint }) {
            report.add(
                .checkpoint,
                "it signs the root \(checkpoint.root), the \(tree.size) stored entries and tiles agree with each other "
                    + "and have the root \(tree.root): the tree was made anew after it was signed")
        }
    }

    /// Holds a stored tile of level 1 or more against the hashes computed from below.
    private mutating func verifyTile(
        _ level: Int, _ index: UInt64, computed: [TreeHash], _ report: inout VerificationReport
    ) throws(AuditError) {
        let path = TilePath(.hashes(level: level), index: index, width: computed.count)
        var findings = FindingList()
        let read = try findings.storedHashes(path, tiles)
        report.add(findings)
        guard let stored = read, stored != computed else { return }
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
}
