import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import Audit
@testable import ExaminerReport

@Suite("The period of a report")
struct ReportPeriodTests {
    private static func entry(_ kind: String, _ time: String, _ members: String = #""x":1"#) -> [UInt8] {
        Array(#"{\#(members),"id":"\#(UUIDv7(milliseconds: 1))","kind":"\#(kind)","time":"\#(time)","v":1}"#.utf8)
    }

    private static func command(_ time: String) -> [UInt8] {
        entry("intent", time, #""caller":{"issuer":"https://idp","subject":"alice"},"decision":{"policy":"p2"}"#)
    }

    /// A log in a folder that goes away, with these entries.
    private final class Log {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
        let log: AuditLog

        init(_ entries: [[UInt8]]) throws {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("keys"), withIntermediateDirectories: true)
            log = try AuditLog(
                AuditOptions(
                    directory: folder.path + "/log", origin: "bank.example/log",
                    keyPath: folder.path + "/keys/log.key"))
            try add(entries)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func add(_ entries: [[UInt8]]) throws {
            for entry in entries { try log.append(entry) }
            try log.integrateNow()
        }

        /// As if so many of its entries had been verified; all without a number.
        func report(
            _ period: ReportPeriod, verified size: UInt64? = nil,
            made: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)
        ) throws -> ExaminerReport {
            let reader = AuditReader(directory: folder.path + "/log")
            var verification = VerificationReport()
            verification.treeSize = try size ?? reader.checkpoint().treeSize
            return try ExaminerReport(
                of: reader, period, verification: verification, key: "k", made: made, version: "1")
        }
    }

    private static let history = [
        entry("start", "2026-11-01T00:00:00.000Z", #""policy":"p0""#),
        entry("policy-load", "2026-11-02T00:00:00.000Z", #""by":"start","candidate":"c1","policy":"p1""#),
        entry("start", "2026-11-03T00:00:00.000Z", #""policy":"p1""#),
        entry("policy-load", "2026-11-04T00:00:00.000Z", #""by":"SIGHUP","previous":"p1","refused":"no""#),
        command("2026-11-05T00:00:00.000Z"),
        entry("policy-load", "2026-11-20T00:00:00.000Z", #""by":"SIGHUP","policy":"p2","previous":"p1""#),
        // Loaded again as it was; then the same with another on trial, and that again as it was.
        entry("policy-load", "2026-11-21T00:00:00.000Z", #""by":"SIGHUP","policy":"p2","previous":"p2""#),
        entry("policy-load", "2026-11-23T00:00:00.000Z", #""by":"SIGHUP","candidate":"c2","policy":"p2""#),
        entry("policy-load", "2026-11-24T00:00:00.000Z", #""by":"SIGHUP","candidate":"c2","policy":"p2""#),
    ]

    @Test("what was in force when the period began is said, also where nothing happened in it")
    func inForce() throws {
        let log = try Log(Self.history)
        func inForce(_ from: String?) throws -> JSONValue? {
            try log.report(ReportPeriod(from: from.flatMap { Timestamp($0) }, until: nil)).json["policy"]?[
                "in_force_at_start"]
        }
        #expect(
            try inForce("2026-11-10T00:00:00Z")
                == ["index": 1, "since": "2026-11-02T00:00:00.000Z", "policy": "p1", "candidate": "c1"])
        #expect(
            try inForce("2026-11-20T00:00:00.001Z")
                == ["index": 5, "since": "2026-11-20T00:00:00.000Z", "policy": "p2", "candidate": nil])
        #expect(
            try inForce("2026-11-02T00:00:00Z")
                == ["index": 0, "since": "2026-11-01T00:00:00.000Z", "policy": "p0", "candidate": nil])
        // What is loaded again unchanged is in force since it first was.
        #expect(
            try inForce("2026-11-22T00:00:00Z")
                == ["index": 5, "since": "2026-11-20T00:00:00.000Z", "policy": "p2", "candidate": nil])
        #expect(
            try inForce("2026-11-25T00:00:00Z")
                == ["index": 7, "since": "2026-11-23T00:00:00.000Z", "policy": "p2", "candidate": "c2"])
        #expect(try inForce("2026-10-01T00:00:00Z") == .null && inForce(nil) == .null)

        let quiet = try log.report(
            ReportPeriod(from: Timestamp("2026-11-10T00:00:00Z"), until: Timestamp("2026-11-11T00:00:00Z")))
        #expect(quiet.json["entries"] == 0)
        #expect(
            quiet.html.contains(
                "In force when the period began: policy set <code>p1</code>, with <code>c1</code> on trial, since "
                    + "2026-11-02T00:00:00.000Z (entry 1)."))
        let first = try log.report(ReportPeriod(from: Timestamp("2026-10-01T00:00:00Z"), until: nil))
        #expect(first.html.contains("No entry before the period says what was in force"))
    }

    @Test("nothing is counted that was appended after the log was verified")
    func verified() throws {
        let log = try Log((0..<3).map { Self.command("2026-11-05T00:00:0\($0).000Z") })
        try log.add((3..<6).map { Self.command("2026-11-05T00:00:0\($0).000Z") })
        let report = try log.report(ReportPeriod(from: nil, until: nil), verified: 3)
        #expect(report.json["entries"] == 3 && report.html.contains("3 entries, none changed"))
        #expect(report.json["access"]?["items"]?[0]?["commands"] == 3)
        #expect(throws: AuditError.self) { try log.report(ReportPeriod(from: nil, until: nil), verified: 7) }
    }

    @Test("time in which nothing happened has its place in the picture, and no period has too many places")
    func gaps() throws {
        func counts(_ times: [String], from: String? = nil, until: String? = nil) -> [String] {
            var activity = Activity()
            for time in times { activity.add(at: time, refused: false) }
            let period = ReportPeriod(from: from.flatMap { Timestamp($0) }, until: until.flatMap { Timestamp($0) })
            return activity.timeline(of: period).slices.map { "\($0.start) \($0.count.commands)" }
        }
        #expect(
            counts(["2026-12-31T22:00:00.000Z", "2027-01-01T01:59:59.999Z", "2027-01-01T01:00:00.000Z"])
                == ["2026-12-31T22 1", "2026-12-31T23 0", "2027-01-01T00 0", "2027-01-01T01 2"])
        #expect(
            counts(["2026-11-23T08:00:00.000Z"], from: "2026-11-23T07:00:00Z", until: "2026-11-23T10:00:00Z")
                == ["2026-11-23T07 0", "2026-11-23T08 1", "2026-11-23T09 0"])
        let days = counts(["2026-02-27T00:00:00.000Z", "2026-03-30T00:00:00.000Z"])
        #expect(days.count == 32 && days[1] == "2026-02-28 0" && days[2] == "2026-03-01 0")
        let months = counts(["2025-11-01T00:00:00.000Z", "2027-01-31T00:00:00.000Z"])
        #expect(months.count == 15 && months[1] == "2025-12 0" && months[2] == "2026-01 0" && months[14] == "2027-01 1")
        let years = counts(["1999-11-01T00:00:00.000Z", "2027-01-31T00:00:00.000Z"])
        #expect(years.first == "1999 1" && years.count == 29)
        let ages = counts(["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-11-23T08:00:00.000Z"])
        #expect(ages.first == "1900 1" && ages.last == "9900 1" && ages.count <= Activity.mostSlices)
        #expect(counts(["yesterday at 8 o'clock"], from: "2026-11-23T07:00:00Z").isEmpty)

        // Before the log began nothing could happen, and what is to come did not.
        let log = try Log([Self.command("2026-11-05T00:00:00.000Z"), Self.command("2026-11-05T02:00:00.000Z")])
        let period = ReportPeriod(from: Timestamp("2000-01-01T00:00:00Z"), until: nil)
        let report = try log.report(period)
        #expect(report.json["activity"]?["items"]?.array?.count == 3)
        #expect(report.html.contains("without any: 1."))
        let noon = ReportPeriod(from: nil, until: Timestamp("2026-11-05T12:00:00Z"))
        let dawn = try #require(Timestamp("2026-11-05T05:30:00Z"))
        let early = try log.report(noon, made: dawn)
        let hours = try #require(early.json["activity"]?["items"]?.array)
        #expect(hours.count == 6 && hours.last?["start"] == "2026-11-05T05", "\(hours)")
        #expect(early.html.contains("6 in all; the most in one: 1; without any: 4."))
        #expect(early.json["period"]?["until"] == "2026-11-05T12:00:00.000Z")
        // A period that is over has its place to its end.
        #expect(try log.report(noon).json["activity"]?["items"]?.array?.last?["start"] == "2026-11-05T11")
    }

    @Test("a period that is not over, and a log that begins within it, are said so")
    func edges() throws {
        let log = try Log([Self.command("2026-11-05T00:00:00.000Z"), Self.command("2026-11-05T02:00:00.000Z")])
        let november = ReportPeriod(from: Timestamp("2026-11-01T00:00:00Z"), until: Timestamp("2026-12-01T00:00:00Z"))
        let early = try log.report(november, made: try #require(Timestamp("2026-11-20T00:00:00Z")))
        #expect(early.html.contains("The period was not over when this was made"))
        #expect(early.html.contains("The log begins at 2026-11-05T00:00:00.000Z, after the period"))
        #expect(early.json["period"]?["is_over"] == false)
        #expect(early.json["period"]?["log_begins"] == "2026-11-05T00:00:00.000Z")

        let later = ReportPeriod(from: Timestamp("2026-11-05T01:00:00Z"), until: Timestamp("2026-11-06T00:00:00Z"))
        let whole = try log.report(later, made: try #require(Timestamp("2026-11-06T00:00:00Z")))
        #expect(!whole.html.contains("was not over") && !whole.html.contains("The log begins"))
        #expect(whole.json["period"]?["is_over"] == true && whole.json["period"]?["log_begins"] == .null)
        #expect(try log.report(ReportPeriod(from: nil, until: nil)).json["period"]?["is_over"] == .null)
        // Also of a period before there was a log.
        let before = try log.report(ReportPeriod(from: nil, until: Timestamp("2026-11-01T00:00:00Z")))
        #expect(before.json["entries"] == 0 && before.json["period"]?["log_begins"] == .null)
        let october = ReportPeriod(from: Timestamp("2026-10-01T00:00:00Z"), until: Timestamp("2026-11-01T00:00:00Z"))
        #expect(try log.report(october).json["period"]?["log_begins"] == "2026-11-05T00:00:00.000Z")
    }

    @Test("a ticket that was asked for before the period is told with what was asked, and its people by their names")
    func ticketBefore() throws {
        let people = #""requester":{"issuer":"https://idp","subject":"alice"},"target":{"name":"ledger"},"ticket":"T""#
        let log = try Log([
            Self.entry(
                "session-start", "2026-11-01T00:00:00.000Z",
                #""caller":{"groups":[],"issuer":"https://idp","label":"alice@bank","subject":"alice"}"#),
            Self.entry(
                "approval", "2026-11-01T00:00:00.000Z",
                #"\#(people),"needs":["1 of approver"],"step":"opened","summary":"POST /refund""#),
            Self.entry("approval", "2026-11-03T00:00:00.000Z", #"\#(people),"step":"redeemed""#),
        ])
        let report = try log.report(ReportPeriod(from: Timestamp("2026-11-02T00:00:00Z"), until: nil))
        let steps = try #require(report.json["approvals"]?["items"]?.array)
        #expect(steps.count == 1 && steps[0]["summary"] == "POST /refund" && steps[0]["needs"] == ["1 of approver"])
        #expect(steps[0]["requester"]?["label"] == "alice@bank")
    }

    @Test("an entry of no readable time hides in no period")
    func noTime() throws {
        let log = try Log([Self.command("2026-11-05T00:00:00.000Z"), Self.command("some time ago")])
        for period in [
            ReportPeriod(from: nil, until: nil),
            ReportPeriod(from: Timestamp("2026-11-04T00:00:00Z"), until: Timestamp("2026-11-06T00:00:00Z")),
        ] { #expect(try !log.report(period).restsOnVerifiedLog) }
    }
}
