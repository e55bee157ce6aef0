import GatewayCore

/// The checks that every adapter passes, whoever wrote it.
///
/// They hold an adapter to the five promises with real parts: a real audit log on disk, real tokens, real policies, the
/// adapter's own listener and an upstream that the driver brings. Failures are values, so that any test framework can
/// report them:
///
///     let report = try await AdapterConformance.check(MyDriver())
///     #expect(report.findings.isEmpty, "\(report)")
public enum AdapterConformance {
    /// - Parameter patience: How long an event that must come may take. Nothing is measured by it.
    public static func check(
        _ driver: some AdapterDriver, patience: Duration = .seconds(30)
    ) async throws -> ConformanceReport {
        let trial = try Trial(driver, patience: patience)
        try await trial.start()
        do {
            try await trial.checkDecisions()
            try await trial.checkApproval()
            try await trial.checkStrangers()
            try await trial.checkMasking()
            try await trial.checkInterruptions()
            try await trial.checkFullDisk()
            try await trial.end()
        } catch {
            try? await trial.end()
            throw error
        }
        try trial.checkWhatIsLeft()
        return trial.report
    }
}

/// What came of the checks.
public struct ConformanceReport: Sendable, CustomStringConvertible {
    /// Something that an adapter must not do.
    public struct Finding: Sendable, Hashable, CustomStringConvertible {
        public let check: ConformanceCheck
        public let message: String

        public var description: String { "\(check.rawValue): \(message)" }
    }

    /// Checks that ran, in their order.
    public internal(set) var checks: [ConformanceCheck] = []
    /// Checks for which the protocol has no command.
    public internal(set) var skipped: [ConformanceCheck] = []
    public internal(set) var findings: [Finding] = []

    public var description: String {
        findings.isEmpty
            ? "\(checks.count) checks passed" : findings.map(\.description).joined(separator: "\n")
    }
}

/// The checks by name.
public enum ConformanceCheck: String, Sendable, Hashable, CaseIterable {
    case allowed = "an allowed command runs once, after its intent is on the log, and has one outcome"
    case denied = "a denied command never reaches the upstream, and its refusal names the rule and the next step"
    case defaultDeny = "what no policy permits is refused"
    case opaque = "a command that is not understood says so, and a policy can refuse it"
    case approval = "a command that needs approval waits for it, runs once, and needs another the next time"
    case strangers = "who is not signed in reaches nothing and is recorded"
    case masking = "a masked value never reaches the caller, however its answer is cut"
    case callerGone = "a caller that leaves still has an outcome"
    case upstreamGone = "an upstream that leaves still has an outcome, and the caller is told"
    case terminated = "a session that an operator ends takes its command along"
    case fullDisk = "what cannot be recorded does not run, and the next command does once there is space"
    case outcomes = "every intent has exactly one outcome, and none is abandoned"
    case sessions = "every session ends, with a reason"
    case vocabulary = "actions, resource types and facts are those that the adapter declares"
    case secrets = "credential, tokens and regulated values stand in no answer, entry or recording"
}
