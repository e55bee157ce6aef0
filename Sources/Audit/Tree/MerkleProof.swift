/// Where a tree's inner nodes can be looked up.
public protocol TreeNodes {
    /// The root of the perfect subtree over the leaves `index << height ..< (index + 1) << height`.
    func node(height: Int, index: UInt64) throws(AuditError) -> TreeHash
}

/// Inclusion and consistency proofs (RFC 9162 section 2.1.3 and 2.1.4, RFC 6962 section 2.1.1 and 2.1.2).
public enum MerkleProof {
    /// The audit path of leaf `index` in the tree of the first `size` leaves, from the leaf up.
    public static func inclusion(
        of index: UInt64, size: UInt64, in nodes: some TreeNodes
    ) throws(AuditError) -> [TreeHash] {
        guard index < size else { throw .outOfRange(index: index, treeSize: size) }
        var path: [TreeHash] = []
        // Walks down from the root, so the siblings come in reverse.
        var range = 0..<size
        while range.upperBound - range.lowerBound > 1 {
            let split = range.lowerBound + largestPowerOfTwo(below: range.upperBound - range.lowerBound)
            if index < split {
                path.append(try root(of: split..<range.upperBound, in: nodes))
                range = range.lowerBound..<split
            } else {
                path.append(try root(of: range.lowerBound..<split, in: nodes))
                range = split..<range.upperBound
            }
        }
        return path.reversed()
    }

    /// The proof that the tree of `oldSize` leaves is the start of the tree of `newSize` leaves; empty when they are
    /// equal or the old one is empty.
    public static func consistency(
        from oldSize: UInt64, to newSize: UInt64, in nodes: some TreeNodes
    ) throws(AuditError) -> [TreeHash] {
        guard oldSize <= newSize else { throw .outOfRange(index: oldSize, treeSize: newSize) }
        guard oldSize > 0, oldSize < newSize else { return [] }
        var path: [TreeHash] = []
        var range = 0..<newSize
        while range.upperBound != oldSize {
            let split = range.lowerBound + largestPowerOfTwo(below: range.upperBound - range.lowerBound)
            if oldSize <= split {
                path.append(try root(of: split..<range.upperBound, in: nodes))
                range = range.lowerBound..<split
            } else {
                path.append(try root(of: range.lowerBound..<split, in: nodes))
                range = split..<range.upperBound
            }
        }
        // The verifier knows the old root; it needs this subtree only where that is not the whole old tree.
        if range.lowerBound > 0 { path.append(try root(of: range, in: nodes)) }
        return path.reversed()
    }

    /// The root of the tree of the first `size` leaves.
    public static func root(size: UInt64, in nodes: some TreeNodes) throws(AuditError) -> TreeHash {
        size == 0 ? .emptyTree : try root(of: 0..<size, in: nodes)
    }

    /// MTH(D[range]), where the range starts at a multiple of the largest power of two not above its length.
    private static func root(of range: Range<UInt64>, in nodes: some TreeNodes) throws(AuditError) -> TreeHash {
        var start = range.lowerBound
        var subtrees: [TreeHash] = []
        while start < range.upperBound {
            let height = UInt64.bitWidth - 1 - (range.upperBound - start).leadingZeroBitCount
            subtrees.append(try nodes.node(height: height, index: start >> UInt64(height)))
            start += 1 << UInt64(height)
        }
        var hash = subtrees.removeLast()
        while let left = subtrees.popLast() { hash = TreeHash.node(left, hash) }
        return hash
    }

    private static func largestPowerOfTwo(below count: UInt64) -> UInt64 {
        1 << UInt64(UInt64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }

    /// Whether `path` proves `leaf` to be entry `index` of the tree with this size and root (RFC 9162 2.1.3.2).
    public static func verifyInclusion(
        of leaf: TreeHash, index: UInt64, size: UInt64, root: TreeHash, path: [TreeHash]
    ) -> Bool {
        guard index < size else { return false }
        var position = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = .node(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether `path` proves that the old tree is the start of the new one (RFC 9162 section 2.1.4.2). The empty tree
    /// is the start of every tree; its root must still be right.
    public static func verifyConsistency(
        oldSize: UInt64, oldRoot: TreeHash, newSize: UInt64, newRoot: TreeHash, path: [TreeHash]
    ) -> Bool {
        guard oldSize <= newSize else { return false }
        if oldSize == newSize { return path.isEmpty && oldRoot == newRoot }
        if oldSize == 0 { return path.isEmpty && oldRoot == .emptyTree }
        var path = path[...]
        let isPower = oldSize & (oldSize - 1) == 0
        guard let first = isPower ? oldRoot : path.popFirst() else { return false }
        var position = oldSize - 1
        var last = newSize - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var old = first
        var new = first
        for sibling in path {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                old = .node(sibling, old)
                new = .node(sibling, new)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                new = .node(new, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }
}
