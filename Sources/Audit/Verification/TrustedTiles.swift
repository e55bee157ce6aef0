/// Says whether a tile's hashes lead to the signed root by way of the stored tiles above it. So a disagreement between
/// two files is settled: the one that the root vouches for is right.
struct TrustedTiles {
    private let tiles: TileReader
    private let size: UInt64
    private let root: TreeHash
    /// The partial tiles as stored, one a level; `nil` where the file is missing or cannot be read.
    private let partial: [[TreeHash]?]
    /// The last tile that was judged on each level: neighbours share their ancestors.
    private var known: [Int: (index: UInt64, isTrusted: Bool)] = [:]

    init(tiles: TileReader, size: UInt64, root: TreeHash) {
        self.tiles = tiles
        self.size = size
        self.root = root
        partial = (0..<TilePath.levels(size: size)).map { level in
            let count = TilePath.hashes(level: level, size: size)
            let width = Int(count & 0xff)
            return width == 0 ? [] : try? tiles.hashes(level: level, index: count >> 8, width: width)
        }
    }

    /// Whether `hashes`, put in the place of tile `index` on `level`, lead to the signed root.
    mutating func vouch(for hashes: [TreeHash], level: Int, index: UInt64) -> Bool {
        guard hashes.count == TilePath.fullWidth else {
            var levels = partial
            guard level < levels.count else { return false }
            levels[level] = hashes
            let known = levels.compactMap { $0 }
            return known.count == levels.count && TreeFrontier.root(of: known) == root
        }
        let parent = index >> 8
        let width = TilePath.width(level: level + 1, index: parent, size: size)
        let position = Int(index & 0xff)
        guard position < width,
            let above = try? tiles.hashes(level: level + 1, index: parent, width: width),
            above[position] == TreeFrontier.fold(hashes)
        else { return false }
        if let judged = known[level + 1], judged.index == parent { return judged.isTrusted }
        let isTrusted = vouch(for: above, level: level + 1, index: parent)
        known[level + 1] = (parent, isTrusted)
        return isTrusted
    }
}
