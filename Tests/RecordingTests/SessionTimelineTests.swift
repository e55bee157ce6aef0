import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import Recording

@Suite("The timeline of a session")
struct SessionTimelineTests {
    private static let session = UUIDv7(milliseconds: 1_790_000_000_000)
    private static let commands = (0..<3).map { UUIDv7(milliseconds: 1_790_000_001_000 + 1000 * UInt64($0)) }

    private static func entry(_ kind: String, at offset: UInt64, _ members: [JSONMember]) -> String {
        let time = Timestamp(milliseconds: session.milliseconds + offset).description
        let value = JSONValue.object(
            [JSONMember("kind", .string(kind)), JSONMember("time", .string(time))] + members)
        return String(decoding: value.canonicalBytes, as: UTF8.self)
    }

    /// A session of three commands: the first is recorded, the second not, and the third was refused.
    private static let entries: [String] = {
        func command(_ text: String, _ action: String) -> JSONMember {
            JSONMember(
                "command",
                ["effects": [["action": .string(action)], ["action": .string(action)]], "text": .string(text)])
        }
        let masked: JSONValue = [["count": 2, "rule": "pii/ssn", "selector": "column ssn"]]
        return [
            entry("session-start", at: 0, [JSONMember("client", "10.1.2.3:4567")]),
            entry(
                "intent", at: 1000,
                [
                    JSONMember("id", .string(commands[0].description)), command("SELECT 1", "sql.read"),
                    JSONMember("decision", ["rule": "analysts", "masks": ["pii"]]),
                ]),
            entry(
                "outcome", at: 1250,
                [
                    JSONMember("command", .string(commands[0].description)),
                    JSONMember(
                        "outcome",
                        [
                            "kind": "succeeded", "status": "SELECT 1", "rows": 1, "duration_us": 250_000,
                            "response_bytes": 17, "masked": masked,
                        ]),
                ]),
            entry(
                "intent", at: 2000,
                [
                    JSONMember("id", .string(commands[1].description)), command("DELETE \u{1b}[2J", "sql.delete"),
                    JSONMember("decision", ["rule": "dba"]),
                    JSONMember("approval", ["approvers": [["subject": "olga"]]]),
                ]),
            entry(
                "outcome", at: 2100,
                [
                    JSONMember("command", .string(commands[1].description)),
                    JSONMember(
                        "outcome",
                        [
                            "kind": "failed", "status": "42703", "reason": "no such column", "duration_us": 90,
                            "response_bytes": 1,
                        ]),
                ]),
            entry(
                "refusal", at: 3000,
                [
                    JSONMember("id", .string(commands[2].description)), command("DROP TABLE t", "sql.ddl"),
                    JSONMember("decision", ["rule": "no-ddl"]),
                ]),
            entry("session-end", at: 4000, [JSONMember("reason", "closed"), JSONMember("commands", 3)]),
        ]
    }()

    private func timeline(
        in folder: RecordingsFolder, entries: [String] = SessionTimelineTests.entries,
        recording events: [RecordingEvent]?, terminals: [Timestamp] = [], of command: UUIDv7? = nil
    ) throws -> SessionTimeline {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let log = "\(folder.path)/entries"
        try entries.map { "\($0)\n" }.joined().write(toFile: log, atomically: true, encoding: .utf8)
        var recording: String?
        if let events {
            var header = SampleSession.header
            header.session = Self.session
            let recorder = try SessionRecorder(directory: folder.path, header: header)
            for event in events { try recorder.record(event) }
            recording = "\(folder.path)/\(try recorder.close(synchronizing: false).path)"
        }
        return try SessionTimeline(
            session: Self.session, log: log, recording: recording, terminals: terminals, of: command)
    }

    private func shown(_ timeline: SessionTimeline) throws -> [String] {
        var texts: [String] = []
        while let moment = try timeline.next() {
            var isRecorded = false
            if case .logged(let event) = moment.event { isRecorded = timeline.shows(event.commandID) }
            texts.append(moment.text(isRecorded: isRecorded) ?? "terminal at \(moment.time)")
        }
        return texts
    }

    @Test("a session of which nothing was recorded is told from the log, with rules, rows, masks and refusals")
    func logAlone() throws {
        let folder = RecordingsFolder()
        let timeline = try timeline(in: folder, recording: nil)
        #expect(timeline.level == .none)
        #expect(
            try shown(timeline) == [
                "[00:00.000] • began: from 10.1.2.3:4567\n",
                "[00:01.000] ▸ sql.read · allowed by analysts · masked by pii\n  SELECT 1\n",
                "[00:01.250] ◂ SELECT 1 · 1 row · 250 ms · 17 bytes\n  masked: 2 values by pii/ssn in column ssn\n",
                "[00:02.000] ▸ sql.delete · allowed by dba · approved by olga\n  DELETE ␛[2J\n",
                "[00:02.100] ◂ failed · 42703 · 90 µs · 1 byte\n  because: no such column\n",
                "[00:03.000] ✗ sql.ddl · refused by no-ddl; nothing was forwarded\n  DROP TABLE t\n",
                "[00:04.000] • ended: closed, 3 commands\n",
            ])
    }

    @Test("a session in which nothing ran is no session whose recording a policy declined")
    func nothingRan() throws {
        let refused = [Self.entries[0], Self.entries[5], Self.entries[6]]
        let folder = RecordingsFolder()
        let timeline = try timeline(in: folder, entries: refused, recording: nil)
        #expect(timeline.level == .nothingRan)
        #expect(timeline.start?.entry["client"] == "10.1.2.3:4567")
        #expect(try shown(timeline).count == 3)
        let endless = try self.timeline(in: RecordingsFolder(), entries: [], recording: nil)
        #expect(endless.level == .nothingRan && endless.start == nil)
        // Whatever part of it is looked at.
        let part = try self.timeline(in: RecordingsFolder(), recording: nil, of: Self.commands[1])
        #expect(part.start != nil && part.level == .none)
    }

    @Test("who was given originals of it is told, and why")
    func originalsOpened() throws {
        func text(_ caller: JSONValue, _ reason: String) throws -> String {
            let entry: JSONValue = [
                "caller": caller, "command": .string(Self.commands[0].description), "kind": "originals-opened",
                "reason": .string(reason), "time": "2026-11-23T08:00:00.000Z",
            ]
            return try #require(LoggedEvent(entry)).text(isRecorded: false)
        }
        let command = Self.commands[0]
        #expect(
            try text(["issuer": "https://idp", "label": "carol@example.com", "subject": "c"], "case 4711")
                == "• originals opened: by carol@example.com, for command \(command), because: case 4711\n")
        #expect(
            try text(["issuer": "https://idp", "subject": "c"], "a\u{1b}[2J\nb").hasPrefix(
                "• originals opened: by https://idp|c, for command \(command), because: a␛[2J"))
    }

    @Test("a command that went through in shadow mode alone, and one that was only prepared, are told as such")
    func qualified() throws {
        func text(_ decision: JSONValue, _ phase: JSONValue) throws -> String {
            let entry: JSONValue = [
                "command": ["effects": [["action": "sql.ddl"]], "phase": phase, "text": "DROP TABLE t"],
                "decision": decision, "kind": "intent", "time": "2026-11-23T08:00:00.000Z",
            ]
            return try #require(LoggedEvent(entry)).text(isRecorded: true)
        }
        #expect(
            try text(["answer": "deny", "masks": ["pii"], "rule": "no-ddl", "would_deny": true], nil)
                == "▸ sql.ddl · allowed by no-ddl · would be refused, but for shadow mode · masked by pii\n")
        #expect(
            try text(["answer": "allow", "rule": "dba"], "prepare")
                == "▸ sql.ddl · allowed by dba · to be prepared only\n")
        #expect(try text(["answer": "allow", "rule": "dba"], nil) == "▸ sql.ddl · allowed by dba\n")
        let rejected: JSONValue = [
            "code": "approval-rejected", "command": ["effects": [["action": "sql.ddl"]], "text": "DROP TABLE t"],
            "decision": ["answer": "deny", "rule": "dba"], "kind": "refusal", "time": "2026-11-23T08:00:00.000Z",
        ]
        #expect(
            try #require(LoggedEvent(rejected)).text(isRecorded: false)
                == "✗ sql.ddl · refused by dba (approval-rejected); nothing was forwarded\n  DROP TABLE t\n")
    }

    @Test("what was recorded stands between what was decided and how it ended, and is not told twice")
    func merged() throws {
        let folder = RecordingsFolder()
        let recorded = [
            RecordingEvent(offset: 1000, kind: .request, commandID: Self.commands[0], body: "SELECT 1"),
            RecordingEvent(
                offset: 1250, kind: .response, commandID: Self.commands[0],
                head: [RecordingField("status", "SELECT 1")],
                body: "ssn\n***\n"),
        ]
        let started = Timestamp(milliseconds: Self.session.milliseconds + 2000)
        let timeline = try timeline(in: folder, recording: recorded, terminals: [started])
        #expect(timeline.level == .full)
        let texts = try shown(timeline)
        #expect(texts.count == 10)
        #expect(texts[1] == "[00:01.000] ▸ sql.read · allowed by analysts · masked by pii\n")
        #expect(texts[2] == "[00:01.000] → request\n  SELECT 1\n")
        #expect(
            texts[3].hasPrefix("[00:01.250] ◂ SELECT 1") && texts[4] == "[00:01.250] ← status: SELECT 1\n  ssn\n  ***\n"
        )
        #expect(texts[5].hasPrefix("[00:02.000] ▸ sql.delete"))
        #expect(texts[6] == "terminal at \(Duration.seconds(2))")
        #expect(texts.joined().components(separatedBy: "SELECT 1\n").count == 3)

        let heads = try self.timeline(in: RecordingsFolder(), recording: [recorded[0]])
        #expect(heads.level == .metadata)
    }

    @Test("one command can be looked at alone")
    func oneCommand() throws {
        let folder = RecordingsFolder()
        let recorded = Self.commands.prefix(2).map {
            RecordingEvent(offset: 1500, kind: .request, commandID: $0, body: "\($0)")
        }
        let timeline = try timeline(in: folder, recording: recorded, of: Self.commands[1])
        let texts = try shown(timeline)
        #expect(texts.count == 3 && texts[0].contains("\(Self.commands[1])"), "\(texts)")
        #expect(texts[1].contains("sql.delete") && texts[2].contains("42703"))
    }

    @Test("a line that is no entry is named")
    func damaged() throws {
        let folder = RecordingsFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = "\(folder.path)/entries"
        try "\(Self.entries[0])\n{}\n".write(toFile: path, atomically: true, encoding: .utf8)
        let reader = try LoggedEventReader(path: path)
        _ = try reader.next()
        #expect(throws: RecordingError.damaged(path: path, line: 2, reason: "it is no entry of an audit log")) {
            try reader.next()
        }
    }
}

@Suite("Where a replay begins")
struct ReplayMomentTests {
    private static let start = Timestamp("2026-11-23T12:30:10.500Z")!

    @Test(
        "it is an offset, a time of day, or a moment",
        arguments: [
            ("+90s", 90_000), ("+1h2m3s", 3_723_000), ("+2m", 120_000), ("+0s", 0), ("12:31", 49_500),
            ("12:30:10", 0), ("12:30:11", 500), ("12:30", 86_400_000 - 10_500), ("00:00:00", 41_389_500),
            ("2026-11-23T12:30:20Z", 9500), ("2026-11-24T12:30:10.500Z", 86_400_000), ("2026-11-23T00:00:00Z", 0),
        ])
    func offsets(text: String, milliseconds: Int) throws {
        let moment = try #require(ReplayMoment(text))
        #expect(moment.offset(inSessionFrom: Self.start) == .milliseconds(milliseconds))
    }

    @Test(
        "what could be read in two ways, or not at all, is refused",
        arguments: [
            "", "+", "+5", "+s", "+5m1h", "+1s1s", "-5s", "90s", "1:30", "24:00", "12:60", "12:30:61", "12:3",
            "12:30:00:00",
            "2026-11-23", "noon", "+9999999s", "１2:30",
        ])
    func refused(text: String) { #expect(ReplayMoment(text) == nil) }
}
