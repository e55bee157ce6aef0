/// How a log gets one witness's cosignature on a checkpoint (C2SP tlog-witness), without the network: says what to send
/// and takes what comes back.
public struct WitnessSubmission: Sendable {
    static let sizeType = "text/x.tlog.size"

    public let witness: CosignerKey
    /// The size that the witness cosigned last, as far as it is known here.
    private var knownSize: UInt64

    /// What to do after an answer.
    public enum Step: Sendable, Equatable {
        /// Ask again, with `request`: the witness is elsewhere than was known, as after an answer that was lost.
        case again
        case cosigned(SignedNote.Signature)
        /// It does not cosign.
        case refused(String)
        /// The witness has seen more entries, or others, than this log has: one of the two is not the log's past.
        case contradiction(String)
    }

    /// - Parameter knownSize: 0 where nothing is known; the witness then says its own.
    public init(to witness: CosignerKey, knownSize: UInt64) {
        self.witness = witness
        self.knownSize = knownSize
    }

    /// The body to send for a checkpoint.
    public func request(
        for checkpoint: SignedCheckpoint, from reader: AuditReader
    ) throws(AuditError) -> [UInt8] {
        try reader.consistency(from: min(knownSize, checkpoint.treeSize), to: checkpoint).bytes
    }

    public mutating func take(
        status: Int, contentType: String?, body: [UInt8], for checkpoint: SignedCheckpoint
    ) -> Step {
        let text = String(decoding: body.prefix(1024), as: UTF8.self)
        switch status {
        case 200:
            guard
                let note = try? SignedNote(parsing: Array("\(checkpoint.note.text)\n".utf8) + body),
                let signature = note.signatures.first(where: {
                    !SignedNote(text: note.text, signatures: [$0]).cosignatures(by: [witness]).isEmpty
                })
            else { return .refused("its answer holds no cosignature of \(witness.name)") }
            knownSize = checkpoint.treeSize
            return .cosigned(signature)
        case 409:
            guard contentType?.hasPrefix(Self.sizeType) == true,
                let size = UInt64(text.prefix { $0 != "\n" })
            else { return .refused("it answered 409 without a size") }
            guard size <= checkpoint.treeSize else {
                return .contradiction(
                    "\(witness.name) has cosigned \(size) entries of this log, which has \(checkpoint.treeSize)")
            }
            // That size was asked from: what it does not agree with is the root.
            guard size != knownSize else {
                return .contradiction(
                    "\(witness.name) has cosigned another tree of \(size) entries under this log's name")
            }
            knownSize = size
            return .again
        case 422:
            return .contradiction("\(witness.name) finds that the log did not grow from what it saw: \(text)")
        default: return .refused("\(witness.name) answered \(status): \(text.prefix(200))")
        }
    }
}
