import ArgumentParser
import Audit
import Foundation

struct ProveConsistency: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "consistency",
        abstract: "Prove that nothing was changed or removed between two states of the log.",
        discussion: """
            OLD and NEW are checkpoints that were kept, or sizes of the log; NEW is the newest checkpoint by default. \
            Exit status 1 when the old state is not the beginning of the new one. The proof has the form in which \
            witnesses get it (C2SP tlog-witness).
            """)

    @Argument(help: "A file with the old checkpoint, or the old number of entries.")
    var old: String

    @Argument(help: "A file with the new checkpoint; by default the log's newest.")
    var new: String?

    @Option(name: .shortAndLong, help: "Where the proof goes; by default the standard output.")
    var file: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let reader = AuditReader(directory: try location.resolvedDirectory())
        let policy = try trust.policy(location)
        let target = try new.map { try ProofFile.checkpoint($0) }
        do {
            let (size, root) = try state(in: reader, under: policy)
            let proof = try reader.consistency(from: size, to: target)
            try proof.verify(oldRoot: root, under: try signing(proof.checkpoint, in: reader, under: policy))
            try ProofFile.write(proof.bytes, to: file)
        } catch let error as AuditError {
            throw CommandFailure("the proof cannot be made: \(error)", status: .unavailable)
        } catch let error as ProofError {
            throw CommandFailure("\(error)", status: .negative)
        }
    }

    /// The policy with the key that the log had when `checkpoint` was signed: it may have been rotated since.
    private func signing(
        _ checkpoint: SignedCheckpoint, in reader: AuditReader, under policy: TrustPolicy
    ) throws -> TrustPolicy {
        guard !checkpoint.isSigned(by: policy.key) else { return policy }
        let history = try KeyHistory(
            of: try location.resolvedDirectory(), trusting: policy.key, treeSize: try reader.checkpoint().treeSize)
        return history.policy(policy, for: checkpoint)
    }

    /// The old state: of a checkpoint that was kept, which must be the log's, or of so many entries as they are now.
    private func state(in reader: AuditReader, under policy: TrustPolicy) throws -> (size: UInt64, root: TreeHash) {
        if !FileManager.default.fileExists(atPath: old), let size = UInt64(old) {
            return (size, try reader.root(of: size))
        }
        let kept = try ProofFile.checkpoint(old)
        try signing(kept, in: reader, under: TrustPolicy(key: policy.key)).check(kept)
        return (kept.treeSize, kept.root)
    }
}
