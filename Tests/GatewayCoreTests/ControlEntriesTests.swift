import AdapterTestKit
import GatewayCore
import Identifiers
import Identity
import StrictJSON
import Testing

@Suite("Entries about the gateway itself")
struct ControlEntriesTests {
    private static let time = Timestamp(milliseconds: 1_790_000_000_000)

    private static let entries: [(ControlEntry, kind: String, members: [String: JSONValue])] = [
        (.stop(reason: "asked to", at: time), "stop", ["reason": "asked to"]),
        (
            .consoleSignInFailure(.expired, client: "10.1.2.3:4", suppressed: 0, at: time), "sign-in-failure",
            [
                "at": "console", "client": "10.1.2.3:4", "code": "token-expired",
                "reason": "The token has expired.",
            ]
        ),
        (
            .console(
                issuer: "i", subject: "s", label: nil, action: "console.sessions.read", resource: "Sessions",
                allowed: false, rule: "default-deny", at: time), "console",
            [
                "action": "console.sessions.read", "allowed": false, "caller": ["issuer": "i", "subject": "s"],
                "resource": "Sessions", "rule": "default-deny",
            ]
        ),
        (
            .console(
                issuer: "i", subject: "s", label: "s@example.com", action: "console.audit.read", resource: "AuditLog",
                allowed: true, rule: "auditors", at: time), "console",
            [
                "action": "console.audit.read", "allowed": true,
                "caller": ["issuer": "i", "label": "s@example.com", "subject": "s"], "resource": "AuditLog",
                "rule": "auditors",
            ]
        ),
    ]

    @Test("an entry is canonical JSON of its kind, with its time, its id and nothing unasked for", arguments: 0..<4)
    func canonical(index: Int) throws {
        let (entry, kind, members) = Self.entries[index]
        let json = try JSONValue(parsing: entry.bytes)
        #expect(json.canonicalBytes == entry.bytes)
        var expected = members
        expected["id"] = .string(entry.id.description)
        expected["kind"] = .string(kind)
        expected["time"] = .string(Self.time.description)
        expected["v"] = 1
        let found = (json.object ?? []).map { ($0.name, $0.value) }
        #expect(Dictionary(uniqueKeysWithValues: found) == expected)
    }

    @Test("each step of a ticket is an entry, with texts redacted, as they are in the intent of the approved command")
    func approvals() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let card = "4111 1111 1111 1111"
        let needed = try #require(
            try await session.decide(Wanted.call("refund", Wanted.json("note", .string(card)))).needed)
        guard case .pending(let ticket) = try await session.ask(needed, because: "for card \(card)") else {
            Issue.record("no ticket was opened")
            return
        }
        _ = try await gateway.approvals.decide(
            ticket.id, by: gateway.caller(.approver), verdict: .approve, justification: "yes, \(card)")
        guard case .approved(let redemption) = try await session.ask(needed) else {
            Issue.record("the approved ticket was not redeemed")
            return
        }
        try await session.end(try await session.permit(redemption).commandID)
        let entries = try gateway.entries().filter { $0.kind == "approval" }
        #expect(entries.map { $0.json["step"] } == ["opened", "approved", "redeemed"])
        #expect(entries.map { $0.json["state"] } == ["pending", "approved", "redeemed"])
        #expect(entries.map { $0.json["actor"]?["subject"] } == ["casey", "alex", "casey"])
        // By these they are looked for.
        #expect(entries.allSatisfy { $0.json["requester"]?["label"] == "casey@kit.example" })
        #expect(entries.dropFirst().first?.json["actor"]?["label"] == "alex@kit.example")
        #expect(entries.allSatisfy { !$0.text.contains("1111 1111") })
        #expect(entries.first?.json["digest"]?.string == needed.digest.description)
        #expect(entries.first?.json["needs"] == ["1 of kit-approvers"])

        let intent = try #require(try session.last("intent"))
        let approval = try #require(intent.json["approval"])
        #expect(!intent.text.contains("1111 1111"))
        #expect(approval["justification"]?.string?.hasPrefix("for card «PAN:") == true)
        #expect(approval["approvers"]?[0]?["justification"]?.string?.hasPrefix("yes, «PAN:") == true)
    }
}
