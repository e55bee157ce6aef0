import Identifiers
import StrictJSON
import Testing

@testable import AuditExport

@Suite("OCSF events")
struct OCSFFormatTests {
    private let format = OCSFFormat(version: "1.2")

    /// The event of an entry that says this and no more.
    private func event(_ text: String) throws -> JSONValue {
        let value = try JSONValue(parsing: text)
        return format.events(of: ExportedEntry(index: 0, bytes: value.canonicalBytes, value: value))[0]
    }

    @Test(
        "each kind has its class",
        arguments: [
            ("intent", "http", 6003), ("outcome", "postgres", 6005), ("refusal", "ssh", 4007), ("intent", "ftp", 6003),
            ("console", "", 6003), ("originals-opened", "", 6003), ("session-start", "ssh", 3002),
            ("session-end", "http", 3002),
            ("sign-in-failure", "", 3002), ("approval", "", 3005), ("policy-load", "", 3004),
            ("configuration", "", 3004), ("pseudonym-key", "", 3004), ("start", "", 6002),
            ("stop", "", 6002), ("key-rotation", "", 1008), ("moon-phase", "", 0),
        ])
    func classes(kind: String, target: String, uid: Int64) throws {
        let entry: JSONValue = ["id": "x", "kind": .string(kind), "target": ["kind": .string(target)]]
        let events = format.events(of: ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry))
        try #require(events.count == 1)
        #expect(events[0]["class_uid"]?.integer == uid)
        #expect(events[0]["category_uid"]?.integer == uid / 1000)
        let activity = try #require(events[0]["activity_id"]?.integer)
        #expect(events[0]["type_uid"]?.integer == uid * 100 + activity)
    }

    @Test("an outcome names caller, command and decision, and what was masked is a finding beside it")
    func masked() throws {
        let events = format.events(of: Entries.resolved()[2])
        try #require(events.count == 2)
        let (event, finding) = (events[0], events[1])
        #expect(event["actor"]?["user"]?["uid"] == "alice")
        #expect(event["src_endpoint"] == ["ip": "192.0.2.7", "port": 60554])
        #expect(event["query_info"]?["query_string"]?.string?.hasPrefix("SELECT") == true)
        #expect(event["disposition_id"] == 11 && event["action_id"] == 1 && event["status_id"] == 1)
        #expect(event["policy"]?["name"] == "payments-may-query")
        #expect(event["duration"] == 15)
        #expect(event["metadata"]?["sequence"] == 2)
        #expect(finding["class_uid"] == 2006 && finding["data_security"]?["total"] == 3)
        #expect(finding["metadata"]?["uid"]?.string != event["metadata"]?["uid"]?.string)
    }

    @Test("a finding counts what all rules masked, and tells each rule's share")
    func severalMasks() throws {
        let outcome = Entries.outcome.replacing(
            #"{"count":3,"#, with: #"{"count":4,"rule":"mail","selector":"detector EMAIL"},{"count":3,"#)
        let events = format.events(of: Entries.resolved([Entries.sessionStart, Entries.intent, outcome])[2])
        try #require(events.count == 2)
        let finding = events[1]
        #expect(finding["data_security"]?["total"] == 7)
        #expect(finding["message"] == "7 values masked in an answer of ledger")
        #expect(finding["finding_info"]?["types"] == ["mail", "customer-pii/field ssn"])
        #expect(
            finding["unmapped"]?["masked"] == [
                ["rule": "mail", "selector": "detector EMAIL", "count": 4],
                ["rule": "customer-pii/field ssn", "selector": "field ssn", "count": 3],
            ])
    }

    @Test(
        "what the class has no place for in a command is in the event as the entry has it",
        arguments: ["http", "postgres", "ssh", "ftp"], ["intent", "refusal"])
    func wholeCommand(target: String, kind: String) {
        let command: [JSONMember] = [
            JSONMember("digest", "4d"),
            JSONMember(
                "effects",
                [
                    ["action": "sql.select", "resource": "public.customers", "type": "Table"],
                    ["action": "sql.call", "resource": "public.audit", "type": "Function"],
                ]),
            JSONMember("facts", ["sql.database": "ledger", "sql.joins": 2]),
            // A member that this program does not know.
            JSONMember("moon", "full"),
            JSONMember("parameters", [["encoding": "bind", "name": "$1", "value": 7]]),
            JSONMember("phase", "prepare"),
        ]
        let entry: JSONValue = [
            "command": .object(command + [JSONMember("text", "SELECT 1")]), "id": "x", "kind": .string(kind),
            "target": ["kind": .string(target)],
        ]
        let event = format.events(of: ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry))[0]
        #expect(event["message"] == "SELECT 1")
        #expect(event["unmapped"]?["command"] == JSONValue.object(command))
    }

    @Test(
        "what was refused or went wrong is a failure, and an intent leaves it to its outcome",
        arguments: [
            (#"{"decision":{"answer":"allow"},"kind":"intent"}"#, 0), (#"{"kind":"refusal"}"#, 2),
            (#"{"kind":"refusal","target":{"kind":"postgres"}}"#, 2),
            (#"{"kind":"refusal","target":{"kind":"ssh"}}"#, 2),
            (#"{"kind":"outcome","outcome":{"kind":"succeeded"}}"#, 1),
            (#"{"kind":"outcome","outcome":{"kind":"failed"}}"#, 2),
            (#"{"kind":"outcome","outcome":{"kind":"interrupted"}}"#, 2),
            (#"{"kind":"outcome","outcome":{"kind":"abandoned"}}"#, 2),
            (#"{"allowed":true,"kind":"console"}"#, 1), (#"{"allowed":false,"kind":"console"}"#, 2),
            (#"{"kind":"session-start"}"#, 1), (#"{"kind":"sign-in-failure"}"#, 2),
            (#"{"kind":"approval","step":"approved"}"#, 1), (#"{"kind":"approval","step":"undone"}"#, 2),
            (#"{"kind":"policy-load","policy":"p2"}"#, 1), (#"{"kind":"policy-load","refused":"no"}"#, 2),
        ])
    func statuses(text: String, status: Int64) throws {
        let event = try event(text)
        let words: [Int64: String] = [1: "Success", 2: "Failure"]
        #expect(event["status_id"]?.integer == status)
        #expect(event["status"]?.string == words[status])
    }

    @Test(
        "what a field says in fewer words than the entry stands in those of the entry too",
        arguments: ["http", "postgres", "ssh", "ftp"])
    func whole(target: String) throws {
        let caller = #""caller":{"groups":{"unknown":"the issuer names none"},"issuer":"i","subject":"alice"}"#
        let start = try event(#"{\#(caller),"kind":"session-start","target":{"kind":"\#(target)","name":"t"}}"#)
        #expect(start["unmapped"]?["target"] == ["kind": .string(target)])
        #expect(start["unmapped"]?["caller"] == ["groups": ["unknown": "the issuer names none"]])
        for kind in ["succeeded", "failed", "interrupted", "abandoned"] {
            let outcome = #"{"duration_us":2071,"kind":"\#(kind)","status":"S"}"#
            let ended = try event(#"{"kind":"outcome","outcome":\#(outcome),"target":{"kind":"\#(target)"}}"#)
            #expect(ended["unmapped"]?["outcome"] == ["duration_us": 2071, "kind": .string(kind)])
            #expect(ended["duration"] == 2)
        }
    }

    @Test("a refusal says what was answered and by which rule", arguments: ["http", "postgres", "ssh"])
    func refusal(target: String) throws {
        let event = try event(
            """
            {"decision":{"answer":"deny","policy":"80","rule":"no-payroll"},"kind":"refusal",\
            "target":{"kind":"\(target)"}}
            """)
        #expect(event["status_code"] == "deny" && event["status_detail"] == "no-payroll")
        #expect(event["action_id"] == 2 && event["disposition_id"] == 2)
        #expect(event["policy"] == ["name": "no-payroll", "type": "Cedar", "uid": "80"])
    }

    @Test("the trace of a command is that of its traceparent")
    func trace() {
        let event = format.events(of: Entries.resolved()[1])[0]
        #expect(event["trace"] == ["uid": "0af7651916cd43dd8448eb211c80319c"])
        #expect(event["metadata"]?["profiles"]?.array?.contains("trace") == true)
    }

    @Test(
        "what changed in force is an entity, and what deserves a look is said",
        arguments: [
            (#"{"by":"olga","kind":"policy-load","policy":"p2"}"#, 10, "p2", 1),
            (#"{"by":"olga","kind":"policy-load","previous":"p1","refused":"no"}"#, 10, "p1", 3),
            (#"{"kind":"policy-load","policy":"p2","since":"unknown"}"#, 10, "p2", 2),
            (#"{"digest":"c2","kind":"configuration"}"#, 3, "c2", 1),
            (#"{"digest":"c2","kind":"configuration","since":"unknown"}"#, 3, "c2", 2),
            (#"{"change":"created","key":"k1","kind":"pseudonym-key"}"#, 1, "k1", 1),
            (#"{"change":"changed","key":"k2","kind":"pseudonym-key","previous":"k1"}"#, 10, "k2", 3),
        ])
    func inForce(text: String, activity: Int64, uid: String, severity: Int64) throws {
        let event = try event(text)
        #expect(event["activity_id"]?.integer == activity && event["entity"]?["uid"]?.string == uid)
        #expect(event["severity_id"]?.integer == severity)
    }

    @Test("a kind that nobody knows is a base event with all of the entry, and said to be one")
    func unknown() throws {
        let entry = Entries.resolved([Entries.unknown])[0]
        #expect(!format.knows(entry))
        let event = format.events(of: entry)[0]
        #expect(event["activity_name"] == "moon-phase")
        #expect(event["unmapped"]?["phase"] == ["name": "full", "of": ["moon", 1]])
    }
}
