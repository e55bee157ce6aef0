/// The proof that a log's tree of one size is the beginning of its tree at a checkpoint: that nothing was removed or
/// changed between the two.
///
/// As text it is the request by which witnesses get it (C2SP tlog-witness, "add-checkpoint"), so what speaks to
/// witnesses can read it.
public struct ConsistencyProof: Sendable, Equatable {
    public let oldSize: UInt64
    /// As RFC 6962, section 2.1.2, orders it; empty where the old tree is empty or as large as the new one.
    public let path: [TreeHash]
    /// The new tree's.
    public let checkpoint: SignedCheckpoint

    init(oldSize: UInt64, path: [TreeHash], checkpoint: SignedCheckpoint) {
        self.oldSize = oldSize
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Reads a proof, without checking it.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        let (head, rest) = try ProofText.split(bytes)
        var lines = head[...]
        guard let text = ProofText.value("old", of: lines.popFirst()), let oldSize = ProofText.number(text) else {
            throw .malformed("it does not begin with the old size")
        }
        self.init(
            oldSize: oldSize, path: try ProofText.hashes(lines), checkpoint: try SignedCheckpoint(parsing: rest))
    }

    public var bytes: [UInt8] {
        var text = "old \(oldSize)\n"
        for hash in path { text += "\(hash.base64)\n" }
        return Array((text + "\n").utf8) + checkpoint.bytes
    }

    /// Checks that the tree of `oldRoot` is the beginning of the checkpoint's.
    public func verify(oldRoot: TreeHash, under policy: TrustPolicy) throws(ProofError) {
        try policy.check(checkpoint)
        guard
            MerkleProof.verifyConsistency(
                oldSize: oldSize, oldRoot: oldRoot, newSize: checkpoint.treeSize, newRoot: checkpoint.root, path: path)
        else { throw .notConsistent(oldSize: oldSize, newSize: checkpoint.treeSize) }
    }
}
