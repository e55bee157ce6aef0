import ArgumentParser
import Audit

/// Whose signatures are asked for.
struct TrustOptions: ParsableArguments {
    @Option(help: "The log's public key, or a file with it; by default log.vkey beside the log's folder.")
    var key: String?

    @Option(help: "The public key of a witness that must have cosigned, or a file with it; may be given again.")
    var witness: [String] = []

    @Option(help: "How many of the witnesses must have cosigned; by default all.")
    var quorum: Int?

    func policy(_ location: AuditLocation) throws -> TrustPolicy {
        do {
            let witnesses = try witness.map { try CosignerKey(try AuditLocation.keyText($0, of: .witness)) }
            if let quorum, !(0...witnesses.count).contains(quorum) {
                throw CommandFailure("--quorum \(quorum) of \(witnesses.count) witnesses cannot be had", status: .usage)
            }
            return TrustPolicy(key: try NoteVerifierKey(try location.key(key)), witnesses: witnesses, quorum: quorum)
        } catch let error as NoteError {
            throw CommandFailure("the key cannot be read: \(error)", status: .usage)
        }
    }
}
