import Synchronization
import Testing

@testable import Audit

/// A stored log of any size whose entries are all the same: each level has one full tile, over and over, so a log of
/// 10^9 entries is a few files' worth of bytes, and its proofs are real ones.
private final class UniformLog: Sendable {
    static let entry = Array(#"{"kind":"intent"}"#.utf8)

    let size: UInt64
    let root: TreeHash
    /// Which files were read, by path.
    let reads = Mutex<[String]>([])
    /// The hash that all full subtrees of a level have.
    private let hashes: [TreeHash]

    init(_ size: UInt64) {
        self.size = size
        var hashes = [TreeHash.leaf(Self.entry)]
        for _ in 1..<8 {
            let below = hashes[hashes.count - 1]
            hashes.append(TreeFrontier.fold(Array(repeating: below, count: TilePath.fullWidth)))
        }
        self.hashes = hashes
        let edge = (0..<TilePath.levels(size: size)).map { level in
            Array(repeating: hashes[level], count: Int(TilePath.hashes(level: level, size: size) & 0xff))
        }
        root = TreeFrontier.root(of: edge) ?? .emptyTree
    }

    private func bytes(_ path: String) -> [UInt8]? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "log", parts[1] == "tile" else { return nil }
        // As the tree's size has it: `x001/234.p/56`.
        let isPartial = parts[parts.count - 2].hasSuffix(".p")
        let width = isPartial ? Int(parts[parts.count - 1]) ?? 0 : TilePath.fullWidth
        let numbers = parts[3..<(isPartial ? parts.count - 1 : parts.count)]
        let index = numbers.reduce(UInt64(0)) { $0 * 1000 + (UInt64($1.filter(\.isNumber)) ?? 0) }
        if parts[2] == "entries" {
            guard TilePath.width(level: 0, index: index, size: size) == width else { return nil }
            return Array(repeating: [0, UInt8(Self.entry.count)] + Self.entry, count: width).flatMap { $0 }
        }
        guard let level = Int(parts[2]), TilePath.width(level: level, index: index, size: size) == width else {
            return nil
        }
        return Array(repeating: hashes[level].bytes, count: width).flatMap { $0 }
    }

    var files: FileOperations {
        var files = FileOperations.system
        let open = Mutex<[[UInt8]]>([])
        files.open = { [self] path, _, _ throws(FileOperations.Failure) in
            guard let bytes = bytes(path) else { throw .init(operation: "open", path: path, code: 2) }
            reads.withLock { $0.append(path) }
            return open.withLock {
                $0.append(bytes)
                return Int32($0.count - 1)
            }
        }
        files.size = { descriptor throws(FileOperations.Failure) in
            open.withLock { UInt64($0[Int(descriptor)].count) }
        }
        files.read = { descriptor, buffer, offset throws(FileOperations.Failure) in
            let bytes = open.withLock { $0[Int(descriptor)].dropFirst(Int(offset)).prefix(buffer.count) }
            buffer.copyBytes(from: bytes)
            return bytes.count
        }
        files.close = { _ in }
        return files
    }

    var tree: StoredTree { StoredTree(tiles: TileReader(root: "log", files: files), size: size) }
}

@Suite("What a proof costs")
struct ProofCostTests {
    /// Indices at the ends, the middle, and where the tree is uneven.
    private static func indices(_ size: UInt64) -> [UInt64] {
        [0, 1, size / 3, size / 2, size - size / 7, size - 1]
    }

    @Test(
        "a proof reads a few tiles a level of the tree, from a thousand entries to a billion",
        arguments: [1000, 65_535, 65_537, 1_000_000, 10_000_000, 1_000_000_000])
    func inclusion(_ size: UInt64) throws {
        let levels = TilePath.levels(size: size)
        for index in Self.indices(size) {
            let log = UniformLog(size)
            let path = try MerkleProof.inclusion(of: index, size: size, in: log.tree)
            #expect(
                MerkleProof.verifyInclusion(
                    of: .leaf(UniformLog.entry), index: index, size: size, root: log.root, path: path))
            let reads = log.reads.withLock { $0 }
            #expect(reads.count <= 2 * levels, "\(index) of \(size): \(reads)")
        }
    }

    @Test(
        "so does the proof that the log grew", arguments: [1000, 65_537, 1_000_000, 10_000_000, 1_000_000_000])
    func consistency(_ size: UInt64) throws {
        let levels = TilePath.levels(size: size)
        for old in Self.indices(size) where old > 0 {
            let log = UniformLog(size)
            let path = try MerkleProof.consistency(from: old, to: size, in: log.tree)
            #expect(
                MerkleProof.verifyConsistency(
                    oldSize: old, oldRoot: UniformLog(old).root, newSize: size, newRoot: log.root, path: path))
            let reads = log.reads.withLock { $0 }
            #expect(reads.count <= 3 * levels, "\(old) of \(size): \(reads)")
        }
    }
}
