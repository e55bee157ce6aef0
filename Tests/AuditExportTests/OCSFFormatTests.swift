import Identifiers
import StrictJSON
import Testing

@testable import AuditExport

@Suite("OCSF events")
struct OCSFFormatTests {
    private let format = OCSFFormat(version: "1.2")

    @Test(
        "each kind has its class",
        arguments: [
            ("intent", "http", 6003), ("outcome", "postgres", 6005), ("refusal", "ssh", 4007), ("intent", "ftp", 6003),
            ("console", "", 6003), ("session-start", "ssh", 3002), ("session-end", "http", 3002),
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
        let value = try JSONValue(parsing: text)
        let event = format.events(of: ExportedEntry(index: 0, bytes: value.canonicalBytes, value: value))[0]
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
