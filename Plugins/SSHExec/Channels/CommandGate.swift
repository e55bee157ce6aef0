import GatewayCore
import NIOCore

/// Decides one command, and asks people about it where policy wants that.
final class CommandGate {
    private let session: Session
    private let command: Command
    private let justification: String?
    private let wait: Duration
    private let isPending: (PendingTicket) -> Void
    private let completion: (Result<RunningCommand, Refusal>) -> Void
    private let patience = Patience()
    private var isOver = false

    /// - Parameters:
    ///   - wait: How long an approval is waited for.
    ///   - isPending: Hears once of a ticket that people have to decide.
    ///   - completion: Called once, before `decide` returns or later, unless the gate is given up.
    init(
        _ session: Session, _ command: Command, justification: String?, wait: Duration,
        isPending: @escaping (PendingTicket) -> Void,
        completion: @escaping (Result<RunningCommand, Refusal>) -> Void
    ) {
        self.session = session
        self.command = command
        self.justification = justification
        self.wait = wait
        self.isPending = isPending
        self.completion = completion
    }

    func decide() { take(session.decide(command)) }

    /// Nobody waits any more; the ticket stays open for the same command.
    func giveUp() {
        isOver = true
        patience.giveUp()
    }

    private func take(_ decision: consuming Decision) {
        switch consume decision {
        case .permitted(let permit): finish(.success(RunningCommand(permit)))
        case .refused(let refusal): finish(.failure(refusal))
        case .needsApproval(let needed): ask(needed, hasWaited: false)
        }
    }

    private func ask(_ needed: ApprovalNeeded, hasWaited: Bool) {
        session.requestApproval(
            needed, justification: justification, hold: hasWaited ? wait : nil, patience: patience
        ).assumeIsolated().whenComplete { answer in
            guard !self.isOver else { return }
            switch answer {
            case .success(.approved(let redemption)): self.take(self.session.permit(redemption))
            case .success(.pending(let ticket)) where !hasWaited:
                self.isPending(ticket)
                self.ask(needed, hasWaited: true)
            case .success(.pending(let ticket)): self.finish(.failure(.timedOut(ticket)))
            case .success(.refused(let refusal)): self.finish(.failure(refusal.forSSH))
            case .failure(let error): self.finish(.failure(.approvalsUnavailable(error)))
            }
        }
    }

    private func finish(_ result: Result<RunningCommand, Refusal>) {
        guard !isOver else {
            if case .success(let command) = result {
                command.end(.interrupted, status: "not run", reason: "nobody waited for it any more")
            }
            return
        }
        isOver = true
        completion(result)
    }
}
