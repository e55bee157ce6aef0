/// The right edge of the tree: on each level, the hashes of the tile that is not full yet. It is all that appending and
/// the root need, so both cost the same at any size.
struct TreeFrontier: Sendable, Equatable {
    private(set) var size: UInt64 = 0
    /// The partial tile of each level, 0 to 255 hashes each.
    private(set) var levels: [[TreeHash]] = []

    init() {}

    /// Takes the partial tiles as they were stored for a tree of `size` entries.
    init(size: UInt64, levels: [[TreeHash]]) {
        self.size = size
        self.levels = levels
    }

    /// Adds a leaf; `completed` gets each tile that this makes full, lower levels first.
    mutating func append<Failure: Error>(
        _ leaf: TreeHash, completed: (_ level: Int, _ index: UInt64, _ hashes: [TreeHash]) throws(Failure) -> Void
    ) throws(Failure) {
        size += 1
        try add(leaf, level: 0, completed)
    }

    /// Adds 256 leaves at once by their root, where no other leaf waits for its tile to become full.
    mutating func append<Failure: Error>(
        fullTile root: TreeHash,
        completed: (_ level: Int, _ index: UInt64, _ hashes: [TreeHash]) throws(Failure) -> Void
    ) throws(Failure) {
        size += UInt64(TilePath.fullWidth)
        if levels.isEmpty { levels.append([]) }
        try add(root, level: 1, completed)
    }

    private mutating func add<Failure: Error>(
        _ hash: TreeHash, level: Int,
        _ completed: (_ level: Int, _ index: UInt64, _ hashes: [TreeHash]) throws(Failure) -> Void
    ) throws(Failure) {
        var (hash, level) = (hash, level)
        while true {
            if level == levels.count { levels.append([]) }
            levels[level].append(hash)
            guard levels[level].count == TilePath.fullWidth else { return }
            let full = levels[level]
            try completed(level, (size >> (8 * UInt64(level))) / 256 - 1, full)
            levels[level].removeAll(keepingCapacity: true)
            hash = Self.fold(full)
            level += 1
        }
    }

    /// The root of the tree.
    var root: TreeHash { Self.root(of: levels) ?? .emptyTree }

    /// The root that the partial tiles of all levels lead to; `nil` without any hash.
    static func root(of levels: [[TreeHash]]) -> TreeHash? {
        var root: TreeHash?
        for hashes in levels {
            // The tile's hashes fall into perfect subtrees by the binary digits of their number, the smallest last.
            var end = hashes.count
            while end > 0 {
                let count = end & -end
                let subtree = fold(hashes[(end - count)..<end])
                root = root.map { TreeHash.node(subtree, $0) } ?? subtree
                end -= count
            }
        }
        return root
    }

    /// The root of a perfect subtree whose leaves are `hashes`, a power of two of them.
    static func fold(_ hashes: some Collection<TreeHash>) -> TreeHash {
        var row = Array(hashes)
        while row.count > 1 {
            for index in 0..<(row.count / 2) { row[index] = TreeHash.node(row[2 * index], row[2 * index + 1]) }
            row.removeLast(row.count / 2)
        }
        return row[0]
    }
}
