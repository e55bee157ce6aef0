/// Whose word counts for a log: its own key, and how many of which witnesses.
public struct TrustPolicy: Sendable {
    public let key: NoteVerifierKey
    public let witnesses: [CosignerKey]
    /// How many witnesses must have cosigned.
    public let quorum: Int

    /// - Parameter quorum: All of the witnesses by default.
    public init(key: NoteVerifierKey, witnesses: [CosignerKey] = [], quorum: Int? = nil) {
        self.key = key
        self.witnesses = witnesses
        self.quorum = quorum ?? witnesses.count
    }

    /// Checks the log's signature, its origin, and that the quorum of witnesses cosigned.
    public func check(_ checkpoint: SignedCheckpoint) throws(ProofError) {
        do throws(NoteError) {
            try checkpoint.note.verify(with: key)
        } catch {
            throw .checkpoint(error)
        }
        guard checkpoint.origin.isExactly(key.name) else {
            throw .checkpoint(.malformed("its origin is \(checkpoint.origin), the key's name is \(key.name)"))
        }
        let cosigned = Set(checkpoint.note.cosignatures(by: witnesses).map(\.key))
        guard cosigned.count >= quorum else {
            throw .tooFewWitnesses(cosigned: cosigned.map(\.name).sorted(), quorum: quorum)
        }
    }
}

/// Why a proof proves nothing.
public enum ProofError: Error, Equatable, Sendable, CustomStringConvertible {
    case checkpoint(NoteError)
    case tooFewWitnesses(cosigned: [String], quorum: Int)
    case noEntry
    case notIncluded(index: UInt64, treeSize: UInt64)
    case notConsistent(oldSize: UInt64, newSize: UInt64)

    public var description: String {
        switch self {
        case .checkpoint(let error): "the checkpoint: \(error)"
        case .tooFewWitnesses(let cosigned, let quorum):
            "\(cosigned.count) of the \(quorum) witnesses that are asked for cosigned the checkpoint"
                + (cosigned.isEmpty ? "" : " (\(cosigned.joined(separator: ", ")))")
        case .noEntry: "the proof does not hold the entry's bytes, and no others were given"
        case .notIncluded(let index, let size):
            "these bytes are not entry \(index) of the tree of \(size) entries"
        case .notConsistent(let old, let new):
            "the tree of \(old) entries is not the beginning of the tree of \(new): entries were changed or removed"
        }
    }
}
