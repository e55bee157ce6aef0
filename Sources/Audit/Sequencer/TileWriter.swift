/// Writes tiles and bundles so that each is there whole or not at all, and durable after `synchronize()`.
struct TileWriter {
    let paths: LogPaths
    let files: FileOperations
    private var count = 0
    private var changedDirectories: Set<String> = []
    private var knownDirectories: Set<String> = []

    init(paths: LogPaths, files: FileOperations) {
        self.paths = paths
        self.files = files
    }

    mutating func write(_ tile: TilePath, _ bytes: [UInt8]) throws(AuditError) {
        let path = "\(paths.root)/\(tile.path)"
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        try makeDirectories(directory)
        count += 1
        try files.replace(path, with: bytes, temporary: "\(paths.temporary)/tile-\(count)")
        changedDirectories.insert(directory)
    }

    mutating func write(level: Int, index: UInt64, _ hashes: [TreeHash]) throws(AuditError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * TreeHash.byteCount)
        for hash in hashes { hash.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        try write(TilePath(.hashes(level: level), index: index, width: hashes.count), bytes)
    }

    /// Makes the names durable of all that was written; the contents already are.
    mutating func synchronize() throws(AuditError) {
        for directory in changedDirectories.sorted() { try files.synchronizeDirectory(directory) }
        changedDirectories.removeAll()
    }

    private mutating func makeDirectories(_ directory: String) throws(AuditError) {
        guard directory != paths.root, !knownDirectories.contains(directory) else { return }
        let parent = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
        try makeDirectories(parent)
        if try files.ensureDirectory(directory) { changedDirectories.insert(parent) }
        knownDirectories.insert(directory)
    }
}
