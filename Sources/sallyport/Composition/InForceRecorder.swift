import Audit
import Foundation
import GatewayCore
import Logging
import Masking
import Synchronization
import Vault

/// Tells the log what is in force and what changed, and remembers it for the next start.
///
/// What it remembers, `in-force.json` in the state folder, is never ahead of the log: it is written when the entries are
/// on the disk. A crash in between, or a file that is lost, has the changes told again, and none is left out.
final class InForceRecorder: Sendable {
    private let path: String
    private let auditLog: AuditLog
    private let redactor: SensitiveTextRedactor
    private let logger: Logger
    private let turn: Mutex<InForce>

    init(
        _ now: InForce, stateDirectory: String, auditLog: AuditLog, redactor: SensitiveTextRedactor, logger: Logger
    ) {
        path = "\(stateDirectory)/in-force.json"
        self.auditLog = auditLog
        self.redactor = redactor
        self.logger = logger
        turn = Mutex(now)
    }

    /// Records what differs from the last start.
    ///
    /// - Parameters:
    ///   - treeSize: Of the log before this start.
    ///   - key: Where the pseudonym key is from.
    /// - Throws: `AuditError` when it cannot be recorded: the gateway does not start then.
    func recordStart(after treeSize: UInt64, key: PseudonymKey) throws {
        try turn.withLock { now in
            let history = history(treeSize)
            let before = history.before
            var entries: [ControlEntry] = []
            if before?.pseudonymKey != now.pseudonymKey {
                entries.append(
                    .pseudonymKey(now, after: history, isNew: key.isNew, from: "\(key.origin)", at: .now))
            }
            if before?.configuration.digest != now.configuration.digest {
                entries.append(.configuration(now, after: history, at: .now))
            }
            if before?.policy.digest != now.policy.digest || before?.candidate?.digest != now.candidate?.digest {
                entries.append(.policyLoad(now, after: history, by: "start", redactedBy: redactor, at: .now))
            }
            guard !entries.isEmpty else { return }
            for entry in entries { try auditLog.append(entry.bytes) }
            remember(now)
        }
    }

    /// Loads policies and puts them in force; one at a time, so that each change is told against what it replaced.
    /// Blocks for disk operations.
    ///
    /// - Parameter use: Gets the rules once they are recorded.
    /// - Throws: `AuditError` when the load cannot be recorded; it does not take effect then.
    func reload(
        by: String, load: () throws(RuleError) -> RuleSnapshot, use: (RuleSnapshot) -> Void
    ) throws -> PolicyReloader.Result {
        try turn.withLock { current in
            let previous = current.policy.digest
            let rules: RuleSnapshot
            do throws(RuleError) {
                rules = try load()
            } catch {
                try auditLog.append(
                    ControlEntry.refusedPolicyLoad(
                        previous: previous, because: "\(error)", by: by, redactedBy: redactor, at: .now
                    ).bytes)
                return PolicyReloader.Result(digest: previous, isChanged: false, findings: error.findings)
            }
            let now = current.with(rules)
            try auditLog.append(
                ControlEntry.policyLoad(now, after: .known(current), by: by, redactedBy: redactor, at: .now).bytes)
            use(rules)
            let candidate = current.candidate?.digest
            current = now
            if now.policy.digest != previous || now.candidate?.digest != candidate { remember(now) }
            return PolicyReloader.Result(
                digest: now.policy.digest, isChanged: now.policy.digest != previous, findings: [])
        }
    }

    private func history(_ treeSize: UInt64) -> InForceHistory {
        // Whatever another log said, a new one has to say itself.
        guard treeSize > 0 else { return .beginning }
        do throws(VaultError) {
            guard let bytes = try VaultFiles.system.contents(of: path) else { return .unknown }
            if let before = InForce(bytes: bytes, in: treeSize) { return .known(before) }
            logger.warning(
                "what was in force before is not known",
                metadata: ["because": "\(path) is damaged, or ahead of the log"])
        } catch {
            logger.warning("what was in force before is not known", metadata: ["because": "\(error)"])
        }
        return .unknown
    }

    /// Entries in a journal survive the end of the process and not that of the machine; those in the tree do, and the
    /// file may say so then.
    private func remember(_ now: InForce) {
        do {
            let checkpoint = try auditLog.integrateNow()
            try VaultFiles.system.replace(
                path, by: "\(path).new", with: now.bytes(recordedIn: checkpoint.treeSize))
        } catch {
            logger.warning("what changed will be recorded again at the next start", metadata: ["because": "\(error)"])
        }
    }
}
