import NIOCore

// Decisions, and what became of them.
extension SFTPRelay {
    /// Lets a request go to the host. A decision that was withdrawn, or answered before, is ignored.
    ///
    /// - Parameter content: what masks the answers: the content of a file that an OPEN reads, and everywhere the names
    ///   and messages, also those of a handle that is opened. An OPEN that both reads and writes is then refused, for
    ///   what is read back could not be told from what was written.
    mutating func permit(_ decision: SFTPDecisionID, content: (any SFTPContentMasker)? = nil) {
        guard let decided = take(decision) else { return }
        let purpose: SFTPExchange.Purpose
        switch decided.answer {
        case .handle:
            guard let path = decided.request.paths.first else { return }
            guard let flags = decided.request.openFlags else {
                purpose = .openDirectory(decision, path)
                break
            }
            if content != nil, flags.reads, flags.operations.contains(.write) {
                let message = "a file whose content is masked can be opened for reading only"
                answerCaller(decided.callerID, .permissionDenied, message)
                actions.append(.finished(decision, SFTPOutcome(.refused(message))))
                return
            }
            purpose = .open(decision, path, flags)
        default:
            if let destination = decided.copiesInto { handles[destination]?.writing?.copiedOnHost() }
            purpose = .decided(decision)
        }
        forward(decided.packet, decided.callerID, decided.answer, purpose, masker: content)
    }

    /// Answers a request with SSH_FX_PERMISSION_DENIED. No outcome follows.
    mutating func refuse(_ decision: SFTPDecisionID, message: String) {
        guard let decided = take(decision) else { return }
        answerCaller(decided.callerID, .permissionDenied, message)
    }

    private mutating func take(_ decision: SFTPDecisionID) -> SFTPPendingDecision? {
        guard let pending, pending.decision == decision else { return nil }
        self.pending = nil
        return pending
    }

    /// A handle that is closed, and has no answer to come, has its outcome.
    mutating func finishIfClosed(_ number: SFTPHandleNumber) {
        guard handles[number]?.isFinished == true else { return }
        let failure = handles[number]?.firstFailure
        finish(number, failure.map { .failed($0) } ?? .succeeded)
    }

    /// - Parameter wasGivenOut: `false` for a handle that the caller never had, so that nothing went through it.
    mutating func finish(_ number: SFTPHandleNumber, _ ending: SFTPOutcome.Ending, wasGivenOut: Bool = true) {
        guard var handle = handles.removeValue(forKey: number) else { return }
        // The bytes may stand for another handle by now.
        if handleNumbers[handle.name] == number { handleNumbers[handle.name] = nil }
        maskingRoom += handle.masked?.readableBytes ?? 0
        let transfer = handle.transfer(room: &earlyRoom)
        guard let decision = handle.decision else { return }
        let isTold = wasGivenOut && !handle.isDirectory
        actions.append(.finished(decision, SFTPOutcome(ending, transfer: isTold ? transfer : nil)))
    }

    mutating func interruptEverything(_ reason: String) {
        var interrupted: [SFTPDecisionID: SFTPOutcome] = [:]
        for exchange in exchanges.values {
            switch exchange.purpose {
            case .decided(let decision), .open(let decision, _, _), .openDirectory(let decision, _):
                interrupted[decision] = SFTPOutcome(.interrupted(reason))
            case .plain, .read, .write, .fstat, .close, .load, .discard, .loginFolder: break
            }
        }
        for (decision, outcome) in interrupted.sorted(by: { $0.key.number < $1.key.number }) {
            actions.append(.finished(decision, outcome))
        }
        for number in handles.keys.sorted(by: { $0.number < $1.number }) {
            finish(number, .interrupted(reason), wasGivenOut: loads[number] == nil)
        }
        exchanges = [:]
        callerIDs = []
        loads = [:]
    }
}
