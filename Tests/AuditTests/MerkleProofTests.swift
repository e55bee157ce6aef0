import Testing

@testable import Audit

/// The tree as RFC 9162 section 2.1 defines it, by its own recursion over all leaves.
private struct NaiveTree: TreeNodes {
    let leaves: [TreeHash]

    init(_ count: Int) { leaves = (0..<count).map { TreeHash.leaf(Sample.entry($0)) } }

    func hash(_ range: Range<Int>) -> TreeHash {
        switch range.count {
        case 0: return .emptyTree
        case 1: return leaves[range.lowerBound]
        default:
            let split = range.lowerBound + Self.split(range.count)
            return .node(hash(range.lowerBound..<split), hash(split..<range.upperBound))
        }
    }

    func inclusion(_ index: Int, _ range: Range<Int>) -> [TreeHash] {
        guard range.count > 1 else { return [] }
        let split = range.lowerBound + Self.split(range.count)
        return index < split
            ? inclusion(index, range.lowerBound..<split) + [hash(split..<range.upperBound)]
            : inclusion(index, split..<range.upperBound) + [hash(range.lowerBound..<split)]
    }

    func consistency(_ old: Int, _ range: Range<Int>, isWhole: Bool) -> [TreeHash] {
        if old == range.upperBound { return isWhole ? [] : [hash(range)] }
        let split = range.lowerBound + Self.split(range.count)
        return old <= split
            ? consistency(old, range.lowerBound..<split, isWhole: isWhole) + [hash(split..<range.upperBound)]
            : consistency(old, split..<range.upperBound, isWhole: false) + [hash(range.lowerBound..<split)]
    }

    func node(height: Int, index: UInt64) -> TreeHash { hash((Int(index) << height)..<((Int(index) + 1) << height)) }

    private static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }
}

/// A naive tree with every perfect subtree computed once.
private final class CachedTree: TreeNodes {
    private let tree: NaiveTree
    private var known: [[UInt64]: TreeHash] = [:]

    init(_ tree: NaiveTree) { self.tree = tree }

    func node(height: Int, index: UInt64) -> TreeHash {
        let key = [UInt64(height), index]
        if let hash = known[key] { return hash }
        let hash = tree.node(height: height, index: index)
        known[key] = hash
        return hash
    }
}

@Suite("Merkle tree")
struct MerkleProofTests {
    private static let largest = 300
    private static let naive = NaiveTree(largest)

    @Test("the empty tree and its first leaf have the hashes of the standard")
    func knownHashes() {
        #expect(
            TreeHash.emptyTree.description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            TreeHash.leaf([]).description == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    }

    @Test("the frontier has the recursive root at every size, and completes each tile once")
    func roots() {
        var frontier = TreeFrontier()
        var completed: [[UInt64]] = []
        for size in 0...Self.largest {
            #expect(frontier.root == Self.naive.hash(0..<size), "size \(size)")
            guard size < Self.largest else { break }
            frontier.append(Self.naive.leaves[size]) { level, index, hashes in
                completed.append([UInt64(level), index, UInt64(hashes.count), UInt64(size)])
            }
        }
        #expect(completed == [[0, 0, 256, 255]])
        #expect(frontier.levels.map(\.count) == [44, 1])
    }

    @Test("levels above the second are filled too")
    func threeLevels() {
        var frontier = TreeFrontier()
        var completed: [Int: [UInt64]] = [:]
        for _ in 0..<(256 * 256 + 1) {
            frontier.append(.emptyTree) { level, index, _ in completed[level, default: []].append(index) }
        }
        #expect(completed[0] == Array(0..<256))
        #expect(completed[1] == [0])
        #expect(frontier.levels.map(\.count) == [1, 0, 1])
    }

    @Test("inclusion proofs are the recursive ones and verify, at every size and index")
    func inclusion() throws {
        let nodes = CachedTree(Self.naive)
        for size in [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 127, 128, 129, 255, 256, 257, 300] {
            let root = Self.naive.hash(0..<size)
            for index in 0..<size {
                let path = try MerkleProof.inclusion(of: UInt64(index), size: UInt64(size), in: nodes)
                if size < 40 || index % 17 == 0 { #expect(path == Self.naive.inclusion(index, 0..<size)) }
                let leaf = Self.naive.leaves[index]
                func verifies(
                    _ leaf: TreeHash, _ index: Int, _ size: Int, _ root: TreeHash, _ path: [TreeHash]
                ) -> Bool {
                    MerkleProof.verifyInclusion(
                        of: leaf, index: UInt64(index), size: UInt64(size), root: root, path: path)
                }
                #expect(verifies(leaf, index, size, root, path), "\(index) of \(size)")
                #expect(!verifies(.emptyTree, index, size, root, path))
                #expect(!verifies(leaf, index, size, .emptyTree, path))
                #expect(!verifies(leaf, index, size, root, path + [.emptyTree]))
                if !path.isEmpty { #expect(!verifies(leaf, index, size, root, Array(path.dropLast()))) }
                if size > 1 { #expect(!verifies(leaf, (index + 1) % size, size, root, path)) }
                #expect(!verifies(leaf, size, size, root, path))
            }
        }
    }

    @Test("consistency proofs are the recursive ones and verify, between all sizes")
    func consistency() throws {
        let nodes = CachedTree(Self.naive)
        let roots = (0...Self.largest).map { Self.naive.hash(0..<$0) }
        for new in 0...Self.largest where new < 70 || new % 23 == 0 || (254...258).contains(new) {
            for old in 0...new {
                let path = try MerkleProof.consistency(from: UInt64(old), to: UInt64(new), in: nodes)
                if old > 0, new < 70 {
                    #expect(path == Self.naive.consistency(old, 0..<new, isWhole: true), "\(old) to \(new)")
                }
                func verifies(_ old: Int, _ oldRoot: TreeHash, _ newRoot: TreeHash, _ path: [TreeHash]) -> Bool {
                    MerkleProof.verifyConsistency(
                        oldSize: UInt64(old), oldRoot: oldRoot, newSize: UInt64(new), newRoot: newRoot, path: path)
                }
                #expect(verifies(old, roots[old], roots[new], path), "\(old) to \(new)")
                #expect(!verifies(old, .leaf([1]), roots[new], path))
                #expect(!verifies(old, roots[old], roots[new], path + [.emptyTree]))
                if old > 0 { #expect(!verifies(old, roots[old], .leaf([1]), path)) }
                if !path.isEmpty { #expect(!verifies(old, roots[old], roots[new], Array(path.dropLast()))) }
                #expect(!verifies(new + 1, roots[old], roots[new], path))
            }
        }
    }

    @Test("a proof outside of the tree is refused")
    func outOfRange() {
        #expect(throws: AuditError.outOfRange(index: 5, treeSize: 5)) {
            try MerkleProof.inclusion(of: 5, size: 5, in: Self.naive)
        }
        #expect(throws: AuditError.outOfRange(index: 6, treeSize: 5)) {
            try MerkleProof.consistency(from: 6, to: 5, in: Self.naive)
        }
    }
}
