import ArgumentParser
import Audit
import Foundation

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

/// The log's public key, for commands that have something to say without it too.
struct SigningKeyOption: ParsableArguments {
    @Option(
        help: "The log's public key, or a file with it; by default log.vkey beside the log's folder, where it is there."
    )
    var key: String?

    /// `nil` where none was given and none stands beside the log.
    func verifierKey(_ location: AuditLocation) throws -> NoteVerifierKey? {
        if key == nil, !FileManager.default.fileExists(atPath: try location.keyPath()) { return nil }
        do {
            return try NoteVerifierKey(try location.key(key))
        } catch let error as NoteError {
            throw CommandFailure("the key cannot be read: \(error)", status: .usage)
        }
    }
}

extension CommandFailure {
    /// What kept an entry from being had. That the log has none of that index is an answer; all else is none.
    ///
    /// - Parameter sentence: What cannot be done.
    init(_ error: AuditError, _ sentence: String) {
        guard case .outOfRange(let index, let treeSize) = error else {
            self.init("\(sentence): \(error)", status: .unavailable)
            return
        }
        self.init("the log has no entry \(index): it has \(treeSize)", status: .negative)
    }
}
