/// Holds entry bundles against their level 0 hash tiles, each by itself: bundles can be looked at in any order and on
/// any thread.
struct BundleVerifier: Sendable {
    /// What a bundle's entries come to.
    struct Outcome: Sendable {
        var entriesChecked: UInt64 = 0
        var findings = FindingList()
        /// The leaf hashes to go on with, of a bundle that is not full; empty for a full one.
        var leaves: [TreeHash] = []
        /// The root of a full bundle's leaves.
        var root: TreeHash?
    }

    private let tiles: TileReader
    private let size: UInt64
    private var trusted: TrustedTiles

    /// - Parameter size: The tree's, in entries.
    init(tiles: TileReader, size: UInt64, trusted: TrustedTiles) {
        self.tiles = tiles
        self.size = size
        self.trusted = trusted
    }

    mutating func verify(_ index: UInt64) throws(AuditError) -> Outcome {
        var outcome = Outcome()
        let leaves = try verifyLeaves(index, &outcome)
        if leaves.count == TilePath.fullWidth {
            outcome.root = TreeFrontier.fold(leaves)
        } else {
            outcome.leaves = leaves
        }
        return outcome
    }

    /// A bundle's leaf hashes as they are to be gone on with: where the files disagree, what the signed root vouches
    /// for.
    private mutating func verifyLeaves(_ index: UInt64, _ outcome: inout Outcome) throws(AuditError) -> [TreeHash] {
        let first = index << 8
        let width = TilePath.width(level: 0, index: index, size: size)
        let bundlePath = TilePath(.entries, index: index, width: width)
        let hashPath = TilePath(.hashes(level: 0), index: index, width: width)
        let stored = try outcome.findings.storedHashes(hashPath, tiles)
        guard let (bytes, file) = try tiles.read(bundlePath) else {
            outcome.findings.add(
                .tile(path: bundlePath.path),
                "it is missing, and with it entries \(first) to \(first + UInt64(width) - 1)")
            return stored ?? Array(repeating: .emptyTree, count: width)
        }
        var bundle = EntryBundle(bytes)
        let leaves = bundle.leafHashes(atMost: width)
        outcome.entriesChecked = UInt64(leaves.count)

        guard let stored else {
            // The tile is missing or cut short, which was told; are the entries good without it?
            if leaves.count < width {
                outcome.findings.add(
                    .entry(index: first + UInt64(leaves.count), id: nil), "\(bundlePath.path) ends within or before it")
            }
            return leaves + Array(repeating: .emptyTree, count: width - leaves.count)
        }
        if leaves == stored {
            // A full bundle that is read for a partial one goes on with the entries after this checkpoint.
            if !bundle.isAtEnd, file == bundlePath {
                outcome.findings.add(.tile(path: bundlePath.path), "it has bytes after its last entry")
            }
            return leaves
        }
        let isTileTrusted = trusted.vouch(for: stored, level: 0, index: index)
        if !isTileTrusted, leaves.count == width, trusted.vouch(for: leaves, level: 0, index: index) {
            let wrong = zip(leaves, stored).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
            outcome.findings.add(
                .tile(path: hashPath.path),
                "its hash of entry \(first + UInt64(wrong)) was changed; the entry itself is the one that was signed")
            return leaves
        }
        outcome.findings.nameEntries(
            of: bytes, leaves, stored, first: first, bundle: bundlePath, isTileTrusted: isTileTrusted)
        return stored
    }
}

extension FindingList {
    /// A tile's hashes; `nil` when it is missing or has the wrong length, which is then a finding.
    mutating func storedHashes(_ path: TilePath, _ tiles: TileReader) throws(AuditError) -> [TreeHash]? {
        guard let bytes = try tiles.bytes(of: path) else {
            add(.tile(path: path.path), "it is missing")
            return nil
        }
        guard let hashes = TileReader.hashes(in: bytes, width: path.width) else {
            add(.tile(path: path.path), "it has \(bytes.count) bytes, not \(path.width * TreeHash.byteCount)")
            return nil
        }
        return hashes
    }

    /// Names the entries of a bundle that are not those of the tile.
    fileprivate mutating func nameEntries(
        of bytes: [UInt8], _ leaves: [TreeHash], _ stored: [TreeHash], first: UInt64, bundle path: TilePath,
        isTileTrusted: Bool
    ) {
        let vouched = isTileTrusted ? "signed" : "in its hash tile (which does not lead to the signed root either)"
        var bundle = EntryBundle(bytes)
        for position in stored.indices {
            let index = first + UInt64(position)
            guard position < leaves.count, let entry = bundle.next() else {
                let last = first + UInt64(stored.count - 1)
                add(
                    .entry(index: index, id: nil),
                    "\(path.path) ends within or before it\(index == last ? "" : "; all up to \(last) are missing")")
                return
            }
            guard leaves[position] != stored[position] else { continue }
            let id = EntryHead(entry).id
            if let home = stored.firstIndex(of: leaves[position]) {
                add(.entry(index: index, id: id), "it stands here but was signed at \(first + UInt64(home))")
            } else {
                add(.entry(index: index, id: id), "its bytes are not those that were \(vouched)")
            }
        }
    }
}
