import Policy
import StrictJSON
import Testing

@testable import sallyport

@Suite struct RecordedRequestTests {
    private static let entry: JSONValue = [
        "kind": "intent", "id": "01a20953-dc68-7cd7-b480-cc3514cfab5a", "time": "2026-11-23T16:53:40.584Z",
        "caller": ["issuer": "https://id", "subject": "u1", "label": "a@example.com", "groups": ["payments"]],
        "target": ["kind": "http", "name": "pay"],
        "command": [
            "effects": [["action": "http.post", "type": "Function", "resource": "refund"]],
            "parameters": [["name": "amount", "value": 12, "encoding": "json"]],
            "facts": ["http.body_bytes": 13, "opaque": false], "text": "POST /refund",
        ],
    ]

    @Test(
        "a recorded command is judged as it was",
        arguments: [
            ("principal in Group::\"payments\"", true), ("principal in Group::\"sre\"", false),
            ("principal == User::\"https://id|u1\"", true), ("principal.email == \"a@example.com\"", true),
            ("resource in Target::\"pay\" && resource.name == \"refund\"", true),
            ("context.parameters.amount == 12", true), ("context.http.body_bytes > 13", false),
            ("context.opaque", false), ("context.now > datetime(\"2026-01-01\")", true),
        ])
    func judged(condition: String, expected: Bool) throws {
        let recorded = try #require(RecordedRequest(entry: Self.entry))
        let policies = try PolicySet.load([
            PolicySource(
                name: "p.cedar",
                text: "permit (principal, action == Action::\"http.post\", resource) when { \(condition) };")
        ])
        let decision = PolicyDecision.merging(recorded.command.requests.map(policies.decide))
        #expect(decision.allowed == expected)
        #expect(decision.errors.isEmpty)
    }

    @Test("groups that were unknown stay unknown")
    func unknownGroups() throws {
        guard case .object(var members) = Self.entry else { return }
        members.removeAll { $0.name == "caller" }
        members.append(
            JSONMember("caller", ["issuer": "i", "subject": "s", "groups": ["unknown": "more than 200 groups"]]))
        let recorded = try #require(RecordedRequest(entry: .object(members)))
        #expect(recorded.command.requests.first?.principal.groupsUnknown == "more than 200 groups")
    }

    @Test("other entries, and commands that do not stand in the log, are not judged", arguments: ["outcome", "start"])
    func others(kind: String) {
        guard case .object(var members) = Self.entry else { return }
        members.removeAll { $0.name == "kind" }
        #expect(RecordedRequest(entry: .object(members + [JSONMember("kind", .string(kind))])) == nil)
        members.removeAll { $0.name == "command" }
        members += [JSONMember("kind", "intent"), JSONMember("command", ["digest": "d", "beside": ["bytes": 70_000]])]
        #expect(RecordedRequest(entry: .object(members)) == nil)
    }
}
