import Identifiers
import StrictJSON

/// The statement that a log goes on under a new key: a signed note that the old key and the new one both sign, and that
/// stands in the log as an entry of its own.
///
/// ```
/// sallyport key rotation v1
/// <origin>
/// <old verifier key>
/// <new verifier key>
/// <tree size>
/// <root, base64>
///
/// — <origin> <signature of the old key>
/// — <origin> <signature of the new key>
/// ```
/// Size and root are of the tree just before the entry, so the entry's index is the size. No checkpoint begins so: an
/// origin holds no white space.
public struct KeyRotation: Sendable, Equatable {
    public let origin: String
    public let old: NoteVerifierKey
    public let new: NoteVerifierKey
    /// Entries that the old key answers for.
    public let treeSize: UInt64
    public let root: TreeHash
    public let note: SignedNote

    static let kind = "key-rotation"
    private static let title = "sallyport key rotation v1"

    init(
        from old: any CheckpointSigner, to new: any CheckpointSigner, treeSize: UInt64, root: TreeHash
    ) throws {
        origin = old.verifierKey.name
        self.old = old.verifierKey
        self.new = new.verifierKey
        self.treeSize = treeSize
        self.root = root
        note = try NoteSigner(old, retiring: new).sign(
            "\(Self.title)\n\(origin)\n\(self.old)\n\(self.new)\n\(treeSize)\n\(root.base64)\n")
    }

    /// Reads a statement, without holding it against a key.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        note = try SignedNote(parsing: bytes)
        let lines = note.text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 7, lines[0] == Self.title else { throw .malformed("it does not say \(Self.title)") }
        origin = String(lines[1])
        old = try NoteVerifierKey(String(lines[2]))
        new = try NoteVerifierKey(String(lines[3]))
        guard let size = ProofText.number(lines[4]) else { throw .malformed("\"\(lines[4])\" is not a tree size") }
        guard let root = TreeHash(base64: lines[5]), root.base64 == lines[5] else {
            throw .malformed("\"\(lines[5])\" is not a root hash")
        }
        treeSize = size
        self.root = root
        guard old.name.isExactly(origin), new.name.isExactly(origin) else {
            throw .malformed("its keys are not both of \(origin)")
        }
    }

    /// The entry that says so, canonical JSON.
    func entry(id: UUIDv7, time: Timestamp, until: Timestamp, reason: String?) -> [UInt8] {
        LogEntry.bytes(
            kind: Self.kind, id: id, time: time,
            [
                JSONMember("new", .string(new.description)), JSONMember("old", .string(old.description)),
                JSONMember("overlap_until", .string(until.description)),
                JSONMember("statement", .string(String(decoding: note.bytes, as: UTF8.self))),
            ] + (reason.map { [JSONMember("reason", .string($0))] } ?? []))
    }

    /// Reads the statement of an entry of kind `key-rotation`.
    init(entry: [UInt8]) throws(NoteError) {
        guard let value = try? JSONValue(parsing: entry, within: .ownRecord),
            let text = value["statement"]?.string
        else { throw .malformed("the entry holds no statement") }
        try self.init(parsing: Array(text.utf8))
    }

    /// What is wrong with the statement as entry `index` of a tree whose first `index` entries have `root`; `nil` when
    /// nothing is.
    func fault(at index: UInt64, root: TreeHash) -> String? {
        for (which, key) in [("old", old), ("new", new)] {
            do throws(NoteError) {
                try note.verify(with: key)
            } catch {
                let name = "the \(which) key \(key.name)+\(NoteKeyName.hex(key.keyID))"
                if case .badSignature = error { return "the signature of \(name) on the key rotation is wrong" }
                return "the key rotation is not signed by \(name)"
            }
        }
        guard treeSize == index else { return "the key rotation was signed for entry \(treeSize), not for this one" }
        guard self.root == root else { return "the key rotation was signed over another tree of \(index) entries" }
        return nil
    }
}
