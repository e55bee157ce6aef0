import AsyncHTTPClient
import Audit
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Shows each new checkpoint to the configured witnesses and keeps what a quorum of them cosigned, so that whoever has
/// the signing key and the disk cannot rewrite the log unnoticed.
///
/// Commands do not wait for it, and a gateway whose witnesses are away is ready all the same: the log's own checkpoint
/// goes on, and what strangers are shown stays where it was.
final class Witnessing: Service {
    struct Settings: Sendable {
        struct Witness: Sendable {
            /// Its submission prefix; `/add-checkpoint` is what follows.
            let url: String
            let key: CosignerKey
        }

        let witnesses: [Witness]
        let quorum: Int
    }

    private let settings: Settings
    private let log: AuditLog
    private let directory: String
    private let client: HTTPClient
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var submissions: [String: WitnessSubmission] = [:]
        /// What witnesses said last when they did not cosign.
        var problems: [String: String] = [:]
        var witnessed: SignedCheckpoint?
    }

    /// - Parameter client: One that follows no redirects.
    /// - Throws: `AuditError` when what was witnessed before cannot be read.
    init(
        _ settings: Settings, log: AuditLog, directory: String, client: HTTPClient, logger: Logger
    ) throws(AuditError) {
        self.settings = settings
        self.log = log
        self.directory = directory
        self.client = client
        self.logger = logger
        let stored = try WitnessedCheckpoint(directory: directory).load()
        state.withLock { $0.witnessed = stored }
    }

    /// The newest checkpoint that the quorum cosigned.
    var witnessed: SignedCheckpoint? { state.withLock { $0.witnessed } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let checkpoint = self.log.checkpoint()
                if checkpoint.note.text != self.witnessed?.note.text { await self.show(checkpoint) }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func show(_ checkpoint: SignedCheckpoint) async {
        let cosignatures = await withTaskGroup(of: SignedNote.Signature?.self) { group in
            for witness in settings.witnesses {
                group.addTask { await self.cosignature(of: witness, on: checkpoint) }
            }
            var cosignatures: [SignedNote.Signature] = []
            for await signature in group { if let signature { cosignatures.append(signature) } }
            return cosignatures
        }
        guard cosignatures.count >= settings.quorum else { return }
        do {
            let cosigned = try await NIOThreadPool.singleton.runIfActive { [directory] in
                try WitnessedCheckpoint(directory: directory).store(checkpoint, with: cosignatures)
            }
            state.withLock { $0.witnessed = cosigned }
        } catch {
            logger.error("the witnessed checkpoint cannot be kept", metadata: ["error": "\(error)"])
        }
    }

    private func cosignature(
        of witness: Settings.Witness, on checkpoint: SignedCheckpoint
    ) async -> SignedNote.Signature? {
        var submission =
            state.withLock { $0.submissions[witness.key.name] }
            ?? WitnessSubmission(to: witness.key, knownSize: 0)
        do {
            // A second time where the witness knew more or less than was known of it here.
            for _ in 0..<2 {
                let body = try await NIOThreadPool.singleton.runIfActive { [submission, directory] in
                    try submission.request(for: checkpoint, from: AuditReader(directory: directory))
                }
                let answer = try await post(body, to: witness)
                let step = submission.take(
                    status: answer.status, contentType: answer.contentType, body: answer.body, for: checkpoint)
                switch step {
                case .again: continue
                case .cosigned(let signature):
                    settle(witness, submission, problem: nil)
                    return signature
                case .refused(let reason): settle(witness, submission, problem: reason)
                case .contradiction(let reason):
                    settle(witness, nil, problem: "the log contradicts what was shown before: \(reason)")
                }
                return nil
            }
            settle(witness, submission, problem: "\(witness.key.name) does not settle on a size")
        } catch {
            settle(witness, submission, problem: "\(witness.key.name) cannot be asked: \(error)")
        }
        return nil
    }

    /// Each problem is logged when it comes and when it goes.
    private func settle(_ witness: Settings.Witness, _ submission: WitnessSubmission?, problem: String?) {
        let name = witness.key.name
        let before = state.withLock { state in
            state.submissions[name] = submission
            defer { state.problems[name] = problem }
            return state.problems[name]
        }
        guard before != problem else { return }
        if let problem {
            logger.error(
                "the newest checkpoint is not cosigned", metadata: ["witness": "\(name)", "why": "\(problem)"])
        } else {
            logger.notice("the witness cosigns again", metadata: ["witness": "\(name)"])
        }
    }

    private func post(
        _ body: [UInt8], to witness: Settings.Witness
    ) async throws -> (status: Int, contentType: String?, body: [UInt8]) {
        var request = HTTPClientRequest(url: "\(witness.url)/add-checkpoint")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        request.body = .bytes(body)
        let answer = try await client.execute(request, timeout: .seconds(10))
        let text = try await answer.body.collect(upTo: 1 << 16)
        return (Int(answer.status.code), answer.headers.first(name: "Content-Type"), Array(text.readableBytesView))
    }
}
