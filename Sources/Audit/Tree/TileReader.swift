/// Reads tiles of a log's directory for a tree of a given size.
///
/// A partial tile may have been replaced by the full one meanwhile (a log removes partial tiles then); the full tile
/// starts with the same hashes, so the reader takes those.
struct TileReader: Sendable {
    let root: String
    let files: FileOperations

    /// The bytes of a tile; `nil` when neither it nor the full tile at its place exists.
    func bytes(of tile: TilePath) throws(AuditError) -> [UInt8]? { try read(tile)?.bytes }

    /// A tile's bytes, and which file they are of: the tile's own or the full one at its place.
    func read(_ tile: TilePath) throws(AuditError) -> (bytes: [UInt8], file: TilePath)? {
        if let bytes = try files.contents(of: "\(root)/\(tile.path)") { return (bytes, tile) }
        let full = TilePath(tile.kind, index: tile.index)
        guard !tile.isFull, let bytes = try files.contents(of: "\(root)/\(full.path)") else { return nil }
        return (bytes, full)
    }

    func hashes(level: Int, index: UInt64, width: Int) throws(AuditError) -> [TreeHash] {
        let tile = TilePath(.hashes(level: level), index: index, width: width)
        guard let bytes = try bytes(of: tile) else { throw .tileMissing(path: tile.path) }
        guard let hashes = Self.hashes(in: bytes, width: width) else {
            throw .tileDamaged(path: tile.path, reason: "it has \(bytes.count) bytes, not \(width * 32)")
        }
        return hashes
    }

    /// The first `width` hashes of a tile's bytes; `nil` unless there are exactly that many or the tile is full.
    static func hashes(in bytes: [UInt8], width: Int) -> [TreeHash]? {
        guard bytes.count == width * 32 || bytes.count == TilePath.fullWidth * 32, width <= TilePath.fullWidth else {
            return nil
        }
        return bytes.withUnsafeBytes { buffer in (0..<width).map { TreeHash(loading: buffer, at: $0 * 32) } }
    }

    /// The partial tiles of a tree of `size` entries.
    func frontier(size: UInt64) throws(AuditError) -> TreeFrontier {
        var levels: [[TreeHash]] = []
        for level in 0..<TilePath.levels(size: size) {
            let count = TilePath.hashes(level: level, size: size)
            let width = Int(count & 0xff)
            levels.append(width == 0 ? [] : try hashes(level: level, index: count >> 8, width: width))
        }
        return TreeFrontier(size: size, levels: levels)
    }
}

/// The nodes of a stored tree. The last tile of each level is kept, so that a proof, which wants neighbours on its way up
/// and along the right edge, reads a few tiles a level and not one for each of its hashes.
final class StoredTree: TreeNodes {
    let size: UInt64
    private let tiles: TileReader
    private var known: [Int: (index: UInt64, hashes: [TreeHash])] = [:]

    init(tiles: TileReader, size: UInt64) {
        self.tiles = tiles
        self.size = size
    }

    func node(height: Int, index: UInt64) throws(AuditError) -> TreeHash {
        let level = height / 8
        let count = 1 << (height % 8)
        let first = index << UInt64(height % 8)
        let tile = first >> 8
        let width = TilePath.width(level: level, index: tile, size: size)
        let start = Int(first & 0xff)
        guard start + count <= width else { throw .outOfRange(index: index << UInt64(height), treeSize: size) }
        let hashes = try hashes(level: level, index: tile, width: width)
        return TreeFrontier.fold(hashes[start..<(start + count)])
    }

    private func hashes(level: Int, index: UInt64, width: Int) throws(AuditError) -> [TreeHash] {
        if let known = known[level], known.index == index { return known.hashes }
        let hashes = try tiles.hashes(level: level, index: index, width: width)
        known[level] = (index, hashes)
        return hashes
    }
}
