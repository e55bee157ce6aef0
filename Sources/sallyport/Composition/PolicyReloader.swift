import Audit
import Foundation
import GatewayCore
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Loads policies again on SIGHUP or when the console asks; what does not load leaves those in force, and says why.
struct PolicyReloader: Service {
    let loader: RuleLoader
    let sessions: SessionManager
    let auditLog: AuditLog
    let logger: Logger

    struct Result {
        let digest: String
        let isChanged: Bool
        let findings: [String]
    }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { _ = try? await reload(by: "SIGHUP") }
    }

    /// - Parameter by: Who asked, for the log.
    /// - Throws: `AuditError` when the load cannot be recorded; it does not take effect then.
    func reload(by: String) async throws -> Result {
        let previous = sessions.currentRules.policy.digest
        let loaded = try await NIOThreadPool.singleton.runIfActive { [loader] in
            Swift.Result { () throws(RuleError) in try loader.load() }
        }
        switch loaded {
        case .success(let rules):
            try auditLog.append(
                ControlEntry.policyLoad(digest: rules.policy.digest, previous: previous, refused: nil, by: by, at: .now)
                    .bytes)
            sessions.replaceRules(rules)
            logger.notice("policies loaded", metadata: ["digest": "\(rules.policy.digest)", "by": "\(by)"])
            return Result(digest: rules.policy.digest, isChanged: rules.policy.digest != previous, findings: [])
        case .failure(let error):
            try auditLog.append(
                ControlEntry.policyLoad(digest: nil, previous: previous, refused: "\(error)", by: by, at: .now).bytes)
            logger.error("policies not loaded; the old ones stay in force", metadata: ["findings": "\(error)"])
            return Result(digest: previous, isChanged: false, findings: error.findings)
        }
    }
}
