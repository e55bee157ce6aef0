import Foundation

/// The proof that one entry is in a log: self-contained, to be checked years later without the log (C2SP tlog-proof,
/// https://c2sp.org/tlog-proof).
///
/// The file's `extra` holds the entry's own bytes. They prove nothing by being there: whoever checks the proof hashes
/// them.
public struct TransparencyProof: Sendable, Equatable {
    /// The entry's position in the log.
    public let index: UInt64
    /// The entry as the tree covers it; `nil` in proofs of others, which leave it to their reader.
    public let entry: [UInt8]?
    /// The siblings from the leaf up (RFC 6962, section 2.1.1).
    public let path: [TreeHash]
    public let checkpoint: SignedCheckpoint

    static let title = "c2sp.org/tlog-proof@v1"
    /// A tree has no more levels.
    static let longestPath = 63

    init(index: UInt64, entry: [UInt8]?, path: [TreeHash], checkpoint: SignedCheckpoint) {
        self.index = index
        self.entry = entry
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Reads a proof, without checking it.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        let (head, rest) = try ProofText.split(bytes)
        var lines = head[...]
        guard lines.popFirst() == Self.title[...] else { throw .malformed("it does not begin with \(Self.title)") }
        var extra: [UInt8]?
        if let text = ProofText.value("extra", of: lines.first) {
            guard let data = Data(base64Encoded: String(text)) else { throw .malformed("its extra data is not base64") }
            extra = Array(data)
            lines.removeFirst()
        }
        guard let text = ProofText.value("index", of: lines.popFirst()), let index = ProofText.number(text) else {
            throw .malformed("it has no index")
        }
        self.init(
            index: index, entry: extra, path: try ProofText.hashes(lines),
            checkpoint: try SignedCheckpoint(parsing: rest))
    }

    /// The proof as it is stored, in a file whose name ends with `.tlog-proof`.
    public var bytes: [UInt8] {
        var text = "\(Self.title)\n"
        if let entry { text += "extra \(Data(entry).base64EncodedString())\n" }
        text += "index \(index)\n"
        for hash in path { text += "\(hash.base64)\n" }
        return Array((text + "\n").utf8) + checkpoint.bytes
    }

    /// Checks that the entry is in the log of `policy`'s key.
    ///
    /// - Parameter entry: Its bytes, where the proof does not hold them.
    /// - Throws: The first thing that is wrong.
    public func verify(entry other: [UInt8]? = nil, under policy: TrustPolicy) throws(ProofError) {
        try policy.check(checkpoint)
        try verifyInclusion(entry: other)
    }

    /// Checks that the entry is in the checkpoint's tree, whoever signed that: half of what `verify` does, for those who
    /// have no key.
    ///
    /// - Parameter entry: Its bytes, where the proof does not hold them.
    public func verifyInclusion(entry other: [UInt8]? = nil) throws(ProofError) {
        guard let entry = other ?? entry else { throw .noEntry }
        guard
            MerkleProof.verifyInclusion(
                of: .leaf(entry), index: index, size: checkpoint.treeSize, root: checkpoint.root, path: path)
        else { throw .notIncluded(index: index, treeSize: checkpoint.treeSize) }
    }
}
