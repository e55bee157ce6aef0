import Foundation
import Identifiers
import Policy
import Testing

@testable import Audit
@testable import GatewayCore

/// The published schema, held against logs by a validator that is not ours.
@Suite("The schema of the audit log, end to end", .serialized)
struct SchemaTests {
    @Test("it takes every entry of all three adapters, and none that has one thing wrong")
    func threeProtocols() async throws {
        let gateway = try await ThreeProtocols.gateway.value
        let found = try await gateway.schemaFindings(mutating: true)
        #expect(found.wrong == [])
        #expect(found.kinds.values.reduce(0, +) == (try await gateway.auditEntries()).count)
        #expect(
            Set(found.kinds.keys).isSuperset(of: [
                "start", "session-start", "intent", "outcome", "refusal", "approval", "console", "sign-in-failure",
                "session-end", "policy-load", "stop",
            ]), "\(found.kinds)")
        #expect(Set(found.taken).subtracting(Self.optional) == [])
        #expect(found.refused > 500)
    }

    @Test("it takes what a gateway writes of evidence, keys, policies on trial and its own end")
    func eventful() async throws {
        let found = try await EventfulGateway.stage.value.schemaFindings(mutating: true)
        #expect(found.wrong == [])
        #expect(
            Set(AuditSchema.kindNames).subtracting(found.kinds.keys) == ["clock-step", "entry-omitted"],
            "\(found.kinds)")
        #expect(Set(found.taken).subtracting(Self.optional) == [])
        #expect(found.refused > 1000)
        // What stands in entries now and then did stand there.
        let unseen = Set(Self.optional).subtracting(found.taken)
        #expect(unseen.isSubset(of: Self.unseen), "\(unseen.subtracting(Self.unseen).sorted())")
        #expect(try await EventfulGateway.stage.value.auditFault() == nil)
    }

    @Test("it takes entries that nobody can have a gateway write at will")
    func rare() async throws {
        let now = Timestamp.now
        let back = ClockWatch.Step(expected: now, found: now.adding(.seconds(-3600)))
        let outcome = ControlEntry(kind: "outcome", at: now, []).bytes
        let entries = [
            LogEntry.clockStep(back, whileRunning: true), LogEntry.clockStep(back, whileRunning: false),
            Lane.standIn(for: outcome), Lane.standIn(for: Array("{}".utf8)),
            ControlEntry.start(version: "1.0", inForce: try Self.inForce, recovery: "2 entries replayed", at: now)
                .bytes,
        ]
        let lines = entries.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        let found = try await SchemaFindings(ofEntries: lines, mutating: true)
        #expect(found.wrong == [])
        #expect(found.kinds == ["clock-step": 2, "entry-omitted": 2, "start": 1])
        #expect(Set(found.taken).subtracting(Self.optional) == [])
    }

    /// No policies and no settings, as the state folder has them.
    private static var inForce: InForce {
        get throws {
            let state = """
                {"configuration":{"settings":[]},"policy":{"digest":"\(PolicySet.digest(of: []))","files":[]},\
                "pseudonym_key":"0123456789abcdef0123456789abcdef","tree_size":0,"v":1}
                """
            return try InForce(bytes: Array(state.utf8), in: 0).orThrow()
        }
    }

    @Test("it says what is wrong with an entry")
    func wrong() async throws {
        let id = #""id":"01a21650-0d21-7c53-b605-126394da9420""#
        let (time, stop) = (#""time":"2026-11-26T12:00:00.000Z""#, #""kind":"stop","reason":"asked to stop""#)
        let wrong = [
            ("{\(id),\(stop),\(time),\"v\":1,\"why\":1}", "'why' was unexpected"),
            ("{\(id),\(stop),\(time)}", "'v' is a required property"),
            ("{\(id),\(stop),\(time),\"v\":2}", "1 was expected"),
            ("{\(id),\(stop),\"time\":\"2026-02-30T12:00:00.000Z\",\"v\":1}", "is not a 'date-time'"),
            ("{\(id),\(stop),\"time\":\"2026-11-26T12:00:00Z\",\"v\":1}", "does not match"),
            ("{\"id\":\"01a21650-0d21-4c53-b605-126394da9420\",\(stop),\(time),\"v\":1}", "does not match"),
            ("{\(id),\"kind\":\"halt\",\(time),\"v\":1}", "'halt' is not one of"),
            ("{\(id),\(time),\"v\":1}", "'kind' is a required property"),
            ("[]", "is not of type 'object'"),
        ]
        let right = "{\(id),\(stop),\(time),\"v\":1}"
        let found = try await SchemaFindings(
            ofEntries: ([right] + wrong.map(\.0)).joined(separator: "\n"))
        #expect(!found.wrong.contains { $0.hasPrefix("1 ") })
        for (line, (entry, fault)) in zip(2..., wrong) {
            #expect(
                found.wrong.contains { $0.hasPrefix("\(line) ") && $0.contains(fault) }, "\(entry): \(found.wrong)")
        }
    }

    /// What of it the eventful gateway need not have written.
    private static let unseen: Set<String> = Set(
        [
            "refusal.command.parameters", "refusal.caller.certificate", "refusal.traceparent", "start.recovery",
            "entry-omitted.entry", "entry-omitted.session", "sign-in-failure.suppressed", "sign-in-failure.at",
        ].map { "\($0) removed" } + [
            "refusal.caller.groups of another type", "configuration.changes[].after[] of another type",
        ])

    /// What an entry may do without.
    private static let optional: Set<String> = {
        let inCommands = ["command.facts", "command.parameters", "caller.label", "caller.certificate", "traceparent"]
        let removed =
            inCommands.flatMap { ["intent.\($0)", "refusal.\($0)"] } + [
                "session-start.caller.label", "session-start.caller.certificate", "intent.approval",
                "intent.command.phase", "intent.decision.masks", "intent.decision.candidate", "outcome.originals",
                "outcome.outcome.details", "outcome.outcome.masked", "outcome.outcome.reason", "outcome.outcome.rows",
                "session-end.recording", "start.recovery", "start.auditor_key", "policy-load.previous",
                "policy-load.candidate", "policy-load.changes[].after", "policy-load.changes[].set",
                "policy-load.files[].after", "policy-load.files[].set", "configuration.previous",
                "configuration.changes[].after", "configuration.changes[].before",
                "approval.actor", "approval.digest", "approval.justification", "key-rotation.reason",
                "entry-omitted.entry", "entry-omitted.session", "sign-in-failure.suppressed", "sign-in-failure.at",
                "refusal.code", "originals-opened.file", "originals-opened.caller.label", "console.caller.label",
                "approval.actor.label", "approval.requester.label",
            ]
        // A list of groups in place of what says that they are unknown is right as well, and a setting is of any type.
        let retyped =
            ["intent", "refusal", "session-start"].map { "\($0).caller.groups of another type" }
            + ["before", "after", "after[]"].map { "configuration.changes[].\($0) of another type" }
        return Set(removed.map { "\($0) removed" } + retyped)
    }()
}
