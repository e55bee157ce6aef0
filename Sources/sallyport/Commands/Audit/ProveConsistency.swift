import ArgumentParser
import Audit
import Foundation

struct ProveConsistency: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "consistency",
        abstract: "Prove that nothing was changed or removed between two states of the log.",
        discussion: """
            OLD and NEW are checkpoints that were kept, or numbers of entries; NEW is by default the newest checkpoint, or \
            the newest that witnesses cosigned. A number stands for the log's first so many entries as they are now; \
            where no checkpoint of exactly NEW entries is kept here, the proof is under one that covers them, and it says \
            so. Exit status 1 when the old state is not the beginning of the new one. The proof has the form in which \
            witnesses get it (C2SP tlog-witness).
            """)

    @Argument(help: "A file with the old checkpoint, or the old number of entries.")
    var old: String

    @Argument(help: "A file with the new checkpoint, or the new number of entries; by default the log's newest.")
    var new: String?

    @Option(name: .shortAndLong, help: "Where the proof goes; by default the standard output.")
    var file: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var location: AuditLocation

    /// A state of the log as it is named on the command line.
    private enum LogState {
        case size(UInt64)
        case checkpoint(SignedCheckpoint)

        /// A file goes before a number of the same name.
        init(_ text: String) throws {
            if !FileManager.default.fileExists(atPath: text), let size = UInt64(text) {
                self = .size(size)
            } else {
                self = .checkpoint(try ProofFile.checkpoint(text))
            }
        }

        var treeSize: UInt64 {
            switch self {
            case .size(let size): size
            case .checkpoint(let checkpoint): checkpoint.treeSize
            }
        }
    }

    func perform() async throws {
        let directory = try location.resolvedDirectory()
        let reader = AuditReader(directory: directory)
        let policy = try trust.policy(location)
        let (from, to) = (try LogState(old), try new.map { try LogState($0) })
        do {
            let size = from.treeSize
            let end = try to?.treeSize ?? reader.checkpoint().treeSize
            guard size <= end else {
                throw CommandFailure(
                    "the old state has \(size) entries and the new one \(end): they are swapped, or entries were removed",
                    status: .negative)
            }
            let root = try root(of: from, in: reader, under: policy, directory)
            let proof = try reader.consistency(from: size, to: try target(to, in: reader))
            try proof.verify(oldRoot: root, under: try policy.signing(proof.checkpoint, of: directory))
            try ProofFile.write(proof.bytes, to: file)
        } catch let error as AuditError {
            throw CommandFailure("the proof cannot be made: \(error)", status: .unavailable)
        } catch let error as ProofError {
            throw CommandFailure("\(error)", status: .negative)
        }
    }

    /// The old state's root: that of a checkpoint that was kept, which must be the log's, or of so many entries as they
    /// are now.
    private func root(
        of state: LogState, in reader: AuditReader, under policy: TrustPolicy, _ directory: String
    ) throws -> TreeHash {
        switch state {
        case .size(let size): return try reader.root(of: size)
        case .checkpoint(let kept):
            try TrustPolicy(key: policy.key).signing(kept, of: directory).check(kept)
            return kept.root
        }
    }

    /// The checkpoint to prove under; `nil` for the reader's own choice.
    private func target(_ state: LogState?, in reader: AuditReader) throws -> SignedCheckpoint? {
        switch state {
        case nil: return nil
        case .checkpoint(let checkpoint): return checkpoint
        case .size(let size):
            if let exact = try reader.checkpoint(of: size) { return exact }
            // So many entries have no root but the one that this tree gives them: what is the beginning of it is the
            // beginning of them.
            let covering = try reader.checkpoint(covering: size)
            guard covering.treeSize >= size else {
                throw AuditError.outOfRange(index: size, treeSize: covering.treeSize)
            }
            Terminal.note(
                "there is no checkpoint of \(size) entries here: the proof is under that of \(covering.treeSize), of which "
                    + "they are the first")
            return covering
        }
    }
}
