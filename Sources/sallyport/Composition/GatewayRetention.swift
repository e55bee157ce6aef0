import Console
import Foundation
import GatewayCore
import Identifiers
import Identity
import Masking
import NIOPosix
import Originals
import Recording
import Retention
import StrictJSON
import Vault

/// Retention as the console shows it.
struct GatewayRetention: ConsoleRetention {
    let keeper: EvidenceKeeper
    let state: String
    /// What is said of a hold stands in the log.
    let redactor: SensitiveTextRedactor
    let sessions: LoggedSessions

    func plan() async throws -> JSONValue {
        let (all, trusted) = try await NIOThreadPool.singleton.runIfActive {
            (try keeper.plan(at: .now), keeper.trustedTime)
        }
        return [
            "plan": .array(all.map(Self.json)), "trusted_time": trusted.map { .string($0.description) } ?? .null,
        ]
    }

    private static func json(_ due: EvidenceKeeper.Due) -> JSONValue {
        [
            "target": .string(due.key.target), "kind": .string(due.key.kind.rawValue),
            "period": .string(due.key.period.description), "key": .string(due.key.id.description),
            "rule": due.rule.map { .string("\($0)") } ?? .null, "due": due.due.map { .string($0.description) } ?? .null,
            "files": .number(String(due.items)), "held": .number(String(due.held)), "is_due": .bool(due.isDue),
        ]
    }

    func holds() async throws -> [JSONValue] {
        try await NIOThreadPool.singleton.runIfActive { keeper.holds.map(\.json) }
    }

    func hold(_ subject: ConsoleHoldSubject, reason: String, by caller: Caller) async throws -> JSONValue? {
        let held: Hold.Subject =
            switch subject {
            case .session(let id): .session(id)
            case .caller(let issuer, let subject): .caller(issuer: issuer, subject: subject)
            }
        let now = Timestamp.now
        let hold = Hold(
            id: UUIDv7(milliseconds: now.milliseconds), subject: held, reason: redactor.redact(reason) ?? reason,
            by: (caller.issuer, caller.subject), time: now)
        return try await NIOThreadPool.singleton.runIfActive { () throws -> JSONValue? in
            // To hold what is not there would keep nothing, and look as if it did.
            if case .session(let id) = held, try !sessions.contains(id) { return nil }
            // In force before it is counted, which may take long: nothing that it covers is deleted meanwhile.
            try keeper.add(hold)
            let known: Int? =
                switch held {
                case .session: 1
                // Somebody may be held before they come. What cannot be counted is held all the same.
                case .caller(let issuer, let subject): try? sessions.count(issuer: issuer, subject: subject)
                }
            let files = try? keeper.files(coveredBy: hold)
            return JSONValue.object(
                (hold.json.object ?? []) + [
                    JSONMember("sessions", known.map { .number(String($0)) } ?? .null),
                    JSONMember("files", files.map { .number(String($0)) } ?? .null),
                ])
        }
    }

    func release(_ id: UUIDv7, reason: String, by caller: Caller) async throws -> Bool {
        do {
            try await NIOThreadPool.singleton.runIfActive {
                try keeper.release(
                    id, reason: redactor.redact(reason) ?? reason, by: (caller.issuer, caller.subject), at: .now)
            }
            return true
        } catch RetentionError.noSuchHold {
            return false
        }
    }

    func absence(of evidence: SessionEvidence, in session: UUIDv7) async throws -> String? {
        try await NIOThreadPool.singleton.runIfActive {
            let deletions = try Deletions.load(state: state)
            let day = Timestamp(milliseconds: session.milliseconds).description.prefix(10)
            let deletion: Deletion? =
                switch evidence {
                case .recording:
                    deletions.deletion(of: "recordings/\(day)/\(session).jsonl")
                        ?? deletions.deletion(below: "recordings/\(day)/\(session)/")
                case .terminalRecording(let command):
                    deletions.deletion(of: "recordings/\(TerminalRecordings.path(of: command, in: session))")
                case .originals(let part):
                    deletions.deletion(of: "originals/\(OriginalsStore.path(session: session, part: part))")
                }
            return deletion?.sentence
        }
    }
}
