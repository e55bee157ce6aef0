/// A signed statement of the log's size and root (C2SP tlog-checkpoint).
public struct SignedCheckpoint: Sendable, Equatable {
    public let origin: String
    public let treeSize: UInt64
    public let root: TreeHash
    /// The note as it is stored and served, with every signature on it.
    public let note: SignedNote

    public var bytes: [UInt8] { note.bytes }

    /// Whether it has a signature line of `key`, right or wrong.
    public func isSigned(by key: NoteVerifierKey) -> Bool { note.names(key) }

    /// Whether it has a signature line of each key that signed `other`, right or wrong.
    func names(allSignersOf other: SignedCheckpoint) -> Bool {
        other.note.signatures.allSatisfy { line in
            note.signatures.contains { $0.keyID == line.keyID && $0.name.isExactly(line.name) }
        }
    }

    static func body(origin: String, treeSize: UInt64, root: TreeHash) -> String {
        "\(origin)\n\(treeSize)\n\(root.base64)\n"
    }

    /// Signs a checkpoint.
    init(origin: String, treeSize: UInt64, root: TreeHash, signer: NoteSigner) throws {
        self.origin = origin
        self.treeSize = treeSize
        self.root = root
        note = try signer.sign(Self.body(origin: origin, treeSize: treeSize, root: root))
    }

    private init(_ other: SignedCheckpoint, note: SignedNote) {
        origin = other.origin
        treeSize = other.treeSize
        root = other.root
        self.note = note
    }

    /// The same statement with more signatures on it.
    func adding(_ signatures: [SignedNote.Signature]) -> SignedCheckpoint {
        SignedCheckpoint(self, note: note.adding(signatures))
    }

    /// The same statement with these signatures alone.
    func signed(_ signatures: [SignedNote.Signature]) -> SignedCheckpoint {
        SignedCheckpoint(self, note: SignedNote(text: note.text, signatures: signatures))
    }

    /// Reads a checkpoint without holding it against a key.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        note = try SignedNote(parsing: bytes)
        let lines = note.text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, !lines[0].isEmpty else { throw .malformed("it has fewer than three lines") }
        guard let size = UInt64(lines[1]), String(size) == lines[1] else {
            throw .malformed("\"\(lines[1])\" is not a tree size")
        }
        guard let root = TreeHash(base64: lines[2]), root.base64 == lines[2] else {
            throw .malformed("\"\(lines[2])\" is not a root hash")
        }
        origin = String(lines[0])
        treeSize = size
        self.root = root
    }

    /// Reads a checkpoint that must be signed by `key` and carry its name as the origin.
    public init(parsing bytes: [UInt8], verifiedBy key: NoteVerifierKey) throws(NoteError) {
        try self.init(parsing: bytes)
        try note.verify(with: key)
        guard origin.isExactly(key.name) else {
            throw .malformed("its origin is \(origin), the key's name is \(key.name)")
        }
    }
}
