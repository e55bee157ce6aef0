import GatewayCore
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Loads policies again on SIGHUP or when the console asks; what does not load leaves those in force, and says why.
struct PolicyReloader: Service {
    let loader: RuleLoader
    let sessions: SessionManager
    let recorder: InForceRecorder
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
        let result = try await NIOThreadPool.singleton.runIfActive { [loader, sessions, recorder] in
            try recorder.reload(by: by, load: loader.load) { sessions.replaceRules($0) }
        }
        if result.findings.isEmpty {
            logger.notice("policies loaded", metadata: ["digest": "\(result.digest)", "by": "\(by)"])
        } else {
            let findings = result.findings.joined(separator: "\n")
            logger.error("policies not loaded; the old ones stay in force", metadata: ["findings": "\(findings)"])
        }
        return result
    }
}
