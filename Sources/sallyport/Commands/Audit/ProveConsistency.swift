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
        let size = FileManager.default.fileExists(atPath: old) ? nil : UInt64(old)
        let kept = size == nil ? try ProofFile.checkpoint(old) : nil
        let target = try new.map { try ProofFile.checkpoint($0) }
        let proof: ConsistencyProof
        let oldRoot: TreeHash
        do throws(AuditError) {
            proof = try reader.consistency(from: kept?.treeSize ?? size ?? 0, to: target)
            if let kept { oldRoot = kept.root } else { oldRoot = try reader.root(of: size ?? 0) }
        } catch {
            throw CommandFailure("the proof cannot be made: \(error)", status: .unavailable)
        }
        do throws(ProofError) {
            if let kept { try policy.check(kept) }
            try proof.verify(oldRoot: oldRoot, under: policy)
        } catch {
            throw CommandFailure("\(error)", status: .negative)
        }
        try ProofFile.write(proof.bytes, to: file)
    }
}
