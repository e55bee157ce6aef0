/// The tiles in a log's folder that reach beyond the tree that its checkpoint signs.
///
/// A gateway writes one batch's tiles before the checkpoint that covers them, and a kill leaves them there. More than that
/// is there only where an older checkpoint was put in the place of a newer one, or where the folder was copied while the
/// log grew.
struct UnsignedTiles {
    /// How many entries the tiles reach to.
    private(set) var reach: UInt64 = 0
    /// The sizes that the partial tiles of leaves have a tree end at, beyond what was signed when they were looked for; by
    /// folder. One batch ends once, so it leaves one in a folder.
    private var ends: [[UInt64]] = []

    private let tiles: TileReader
    private let signed: UInt64

    /// Groups of three digits before the last one; more has no tree.
    private static let deepestFolder = 4

    /// Looks through the folder.
    ///
    /// - Parameter signed: The size of the signed tree.
    init(_ tiles: TileReader, beyond signed: UInt64) throws(AuditError) {
        self.tiles = tiles
        self.signed = signed
        for name in try tiles.files.names(in: "\(tiles.root)/tile") {
            let folder = "\(tiles.root)/tile/\(name)"
            if name == "entries" {
                try look(in: folder, group: 0, depth: 0, level: 0)
            } else if let level = Int(name), (0..<8).contains(level) {
                try look(in: folder, group: 0, depth: 0, level: level)
            }
        }
    }

    /// Whether more is here than a gateway that writes, or was killed, leaves beyond a checkpoint of `size` entries.
    ///
    /// - Parameter size: Of the checkpoint as it stood after the tiles were looked for.
    func areAhead(of size: UInt64) -> Bool {
        if reach > size, reach - size > Sequencer.batchEntries { return true }
        return ends.contains { folder in folder.filter { $0 > size }.count > 1 }
    }

    private mutating func look(in folder: String, group: UInt64, depth: Int, level: Int) throws(AuditError) {
        let last = TilePath.hashes(level: level, size: signed) >> 8
        for name in try tiles.files.names(in: folder) {
            if name.utf8.count == 4, name.hasPrefix("x"), depth < Self.deepestFolder,
                let number = UInt64(name.dropFirst())
            {
                // One that leads back to itself would never end.
                if tiles.files.isSymbolicLink("\(folder)/\(name)") { continue }
                try look(in: "\(folder)/\(name)", group: group * 1000 + number, depth: depth + 1, level: level)
                continue
            }
            guard let number = UInt64(name.prefix(3)) else { continue }
            let index = group * 1000 + number
            if name.utf8.count == 3 {
                reaches((index + 1) << 8, level: level)
            } else if name.utf8.count == 5, name.hasSuffix(".p"), index >= last {
                try lookAtPartial(in: "\(folder)/\(name)", index: index, level: level)
            }
        }
    }

    private mutating func lookAtPartial(in folder: String, index: UInt64, level: Int) throws(AuditError) {
        var found: [UInt64] = []
        for name in try tiles.files.names(in: folder) {
            guard let width = UInt64(name), (1..<256).contains(width) else { continue }
            reaches(index << 8 + width, level: level)
            if level == 0, index << 8 + width > signed { found.append(index << 8 + width) }
        }
        if found.count > 1 { ends.append(found) }
    }

    /// - Parameter hashes: Of `level`, as many as there are up to the end of a tile.
    private mutating func reaches(_ hashes: UInt64, level: Int) {
        guard hashes.leadingZeroBitCount >= 8 * level else { return }
        reach = max(reach, hashes << UInt64(8 * level))
    }
}
