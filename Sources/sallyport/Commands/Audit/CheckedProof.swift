import Audit

/// A proof made of the log's files, held against the tree that was signed before anybody is told that it proves
/// something.
struct CheckedProof {
    let proof: TransparencyProof
    /// Whether a key was at hand to check the checkpoint's signature with.
    let isSignatureChecked: Bool
    /// Why it proves nothing, as a sentence; `nil` when it proves the entry.
    let fault: String?

    /// - Parameters:
    ///   - directory: The log's folder.
    ///   - key: One of the log's; without it the signature is not checked.
    init(_ proof: TransparencyProof, of directory: String, under key: NoteVerifierKey?) throws(AuditError) {
        self.proof = proof
        isSignatureChecked = key != nil
        var policy: TrustPolicy?
        if let key { policy = try TrustPolicy(key: key).signing(proof.checkpoint, of: directory) }
        do throws(ProofError) {
            if let policy { try proof.verify(under: policy) } else { try proof.verifyInclusion() }
            fault = nil
        } catch .notIncluded {
            fault =
                "entry \(proof.index) is NOT the entry that was signed, or a hash tile on its way to the signed root was "
                + "changed; `sallyport audit verify` tells which"
        } catch {
            fault = "entry \(proof.index) is NOT proved: \(error)"
        }
    }
}
