import Identifiers
import StrictJSON
import Testing

@testable import Audit
@testable import ExaminerReport

@Suite("What a report must not leave out")
struct ReportCoverageTests {
    private typealias Stage = ExaminerReportTests

    private static func plain(_ kind: String, _ members: String = #""a":1"#) -> String {
        #"{\#(members),"id":"x","kind":"\#(kind)","time":"2026-11-23T08:00:00.000Z","v":1}"#
    }

    private static func deletion(_ step: String, _ target: String = "ledger", items: Int = 3, held: Int = 0) -> String {
        plain(
            "retention-delete",
            #""evidence":"recordings","held":\#(held),"items":\#(items),"rule":"retention.default.recordings: 1h","#
                + #""step":"\#(step)","target":{"name":"\#(target)"}"#)
    }

    private static func console(
        _ action: String, on resource: String, allowed: Bool, by subject: String = "alice"
    ) -> String {
        plain(
            "console",
            #""action":"\#(action)","allowed":\#(allowed),"caller":{"issuer":"https://idp","subject":"\#(subject)"},"#
                + #""resource":"\#(resource)","rule":"default-deny""#)
    }

    /// The rows of the page's table that has this heading.
    private static func rows(_ page: String, under part: ReportPart) -> String {
        let start = page.firstRange(of: "<h2>\(part.title)</h2>")?.upperBound ?? page.endIndex
        let end = page[start...].firstRange(of: "</section>")?.lowerBound ?? page.endIndex
        return String(page[start..<end])
    }

    @Test("routine deletions are summed, and push out no rotation of a key")
    func deletions() throws {
        let routine = (0..<600).flatMap { [Self.deletion("intent"), Self.deletion("done", held: $0 < 2 ? 1 : 0)] }
        let runs = (0..<600).map { _ in Self.plain("start") }
        let rare = ["key-rotation", "retention-hold", "clock-step"].map { Self.plain($0) }
        let all = routine + runs + [Self.deletion("intent", "web-1")] + rare
        let report = Stage.report(Stage.tally(all))
        let operations = try #require(report.json["operations"])
        let kinds = try #require(operations["items"]?.array?.compactMap { $0["kind"]?.string })
        #expect(kinds == Array(repeating: "start", count: 500) + ["key-rotation", "retention-hold", "clock-step"])
        #expect(operations["omitted"] == 100)
        let sums: JSONValue = [
            [
                "target": "ledger", "evidence": "recordings", "rule": "retention.default.recordings: 1h",
                "files": 1800, "held": 2, "begun": 600, "done": 600, "first": "2026-11-23T08:00:00.000Z",
                "last": "2026-11-23T08:00:00.000Z", "first_index": 0, "last_index": 1199,
            ],
            [
                "target": "web-1", "evidence": "recordings", "rule": "retention.default.recordings: 1h",
                "files": 0, "held": 0, "begun": 1, "done": 0, "first": "2026-11-23T08:00:00.000Z",
                "last": "2026-11-23T08:00:00.000Z", "first_index": 1800, "last_index": 1800,
            ],
        ]
        #expect(operations["deletions"] == sums)
        let page = Self.rows(report.html, under: .operations)
        for kind in ["key-rotation", "retention-hold", "clock-step", "start"] {
            #expect(page.contains("<td>\(kind)</td>"), "\(kind)")
        }
        #expect(page.contains("<td>0, and 1 begun</td>") && page.contains("<td>1800</td>"))
    }

    @Test("what was done at the console is counted by person and action, and what was denied is listed")
    func consoleUse() throws {
        let opened = Self.plain(
            "originals-opened",
            #""caller":{"issuer":"https://idp","subject":"carol"},"command":"c1","file":"day/s-1.sealed","#
                + #""reason":"case 4711","session":"s""#)
        let report = Stage.report(
            Stage.tally(
                Self.console("console.sessions.read", on: "Sessions", allowed: true),
                Self.console("console.sessions.read", on: "Sessions", allowed: true),
                Self.console("console.sessions.read", on: "Session/s", allowed: false), opened))
        let console = try #require(report.json["console"])
        let person: JSONValue = ["issuer": "https://idp", "subject": "alice"]
        let counted: JSONValue = [
            [
                "person": person, "action": "console.sessions.read", "allowed": 2, "denied": 1, "first_index": 0,
                "last_index": 2,
            ]
        ]
        #expect(console["items"] == counted)
        let denied: JSONValue = [
            [
                "index": 2, "time": "2026-11-23T08:00:00.000Z", "caller": person, "action": "console.sessions.read",
                "resource": "Session/s", "rule": "default-deny",
            ]
        ]
        #expect(console["denied"] == denied)
        #expect(console["originals_opened"]?[0]?["caller"]?["subject"] == "carol")
        #expect(console["originals_opened"]?[0]?["reason"] == "case 4711")
        let page = Self.rows(report.html, under: .console)
        for words in ["Session/s", "default-deny", "day/s-1.sealed", "case 4711", "carol at https://idp"] {
            #expect(page.contains(words), "\(words)")
        }
    }

    @Test("whoever asks to decide a request of their own is told, also where it came to nothing")
    func ownDecision() throws {
        func attempts(_ entry: String) throws -> [JSONValue] {
            let report = Stage.report(Stage.tally(Stage.approval("opened", by: "alice"), entry))
            return try #require(report.json["segregation"]?["items"]?.array).filter { $0["severity"] == "attempt" }
        }
        let denied = try attempts(Self.console("console.approvals.decide", on: "Approval/T", allowed: false))
        #expect(denied.count == 1 && denied[0]["index"] == 1 && denied[0]["ticket"] == "T")
        #expect(denied[0]["finding"]?.string?.contains("was denied by default-deny") == true)
        // Policy may allow it to approvers in general: then the desk refuses.
        #expect(try attempts(Self.console("console.approvals.decide", on: "Approval/T", allowed: true)).count == 1)
        // Somebody else's, another ticket, and looking are no attempts.
        for entry in [
            Self.console("console.approvals.decide", on: "Approval/T", allowed: false, by: "bob"),
            Self.console("console.approvals.decide", on: "Approval/U", allowed: false),
            Self.console("console.approvals.read", on: "Approval/T", allowed: false),
        ] { #expect(try attempts(entry).isEmpty, "\(entry)") }
        let page = Stage.report(
            Stage.tally(
                Stage.approval("opened", by: "alice"),
                Self.console("console.approvals.decide", on: "Approval/T", allowed: false))
        ).html
        #expect(Self.rows(page, under: .segregation).contains("was denied by default-deny"))
    }

    @Test("every entry is counted by its kind, with the part that tells it")
    func kinds() throws {
        let report = Stage.report(
            Stage.tally(
                Stage.intent("c1"), Stage.intent("c2"), Self.plain("session-end"), Self.plain("something-new")))
        let counted: JSONValue = [
            ["kind": "intent", "entries": 2, "told_in": "access"],
            ["kind": "session-end", "entries": 1, "told_in": nil],
            ["kind": "something-new", "entries": 1, "told_in": "operations"],
        ]
        #expect(report.json["entries_by_kind"]?["items"] == counted)
        #expect(Self.rows(report.html, under: .kinds).contains("<td>something-new</td><td>1</td>"))
    }

    @Test("a command that ran on an approval is told with its parameters and with what the approvers were shown")
    func approved() throws {
        let granted =
            #""approval":{"approvers":[{"groups":[],"issuer":"https://idp","justification":"j","subject":"bob","#
            + #""time":"2026-11-23T07:59:00.000Z"}],"justification":"charged twice","ticket":"T"},"#
        let opened = Stage.approval("opened", by: "alice").replacing(
            #""state":"#,
            with: #""needs":["1 of approver","1 of owners"],"summary":"POST /refund customer «c»","state":"#)
        let ran = Stage.intent("c1", more: granted, text: "POST /refund").replacing(
            #""text":"#,
            with: #""parameters":[{"encoding":"json","name":"customer","value":"c-17"},"#
                + #"{"encoding":"json","name":"amount","value":125}],"text":"#)
        let report = Stage.report(Stage.tally(opened, Stage.approval("approved", by: "bob"), ran))
        // Other journals are integrated one after another: the command may come first.
        let turned = Stage.report(Stage.tally(ran, opened))
        #expect(turned.json["elevated"]?["items"]?[0]?["summary"] == "POST /refund customer «c»")
        let needs: JSONValue = ["1 of approver", "1 of owners"]
        let item = try #require(report.json["elevated"]?["items"]?[0])
        #expect(item["parameters"] == #"customer "c-17", amount 125"#)
        #expect(item["summary"] == "POST /refund customer «c»" && item["needs"] == needs)
        for step in try #require(report.json["approvals"]?["items"]?.array) {
            #expect(step["summary"] == "POST /refund customer «c»" && step["needs"] == needs)
        }
        for part in [ReportPart.elevated, .approvals] {
            let page = Self.rows(report.html, under: part)
            #expect(page.contains("POST /refund customer «c»"), "\(part)")
            #expect(page.contains("needs 1 of approver and 1 of owners"), "\(part)")
        }
        #expect(Self.rows(report.html, under: .elevated).contains("customer &quot;c-17&quot;, amount 125"))
    }

    @Test("a person has one name on the whole page, with the issuer, once any entry says a label")
    func names() throws {
        let load = Self.plain("policy-load", #""by":"https://idp|alice","policy":"p2","previous":"p1""#)
        let report = Stage.report(
            Stage.tally(
                load, Stage.approval("opened", by: "alice"), Stage.approval("approved", by: "bob"),
                Self.console("console.sessions.read", on: "Sessions", allowed: true), Stage.intent("c1")))
        for part in [ReportPart.access, .approvals, .segregation, .console, .policy] {
            let page = Self.rows(report.html, under: part)
            #expect(page.contains("<bdi>alice@bank (alice at https://idp)</bdi>"), "\(part)")
        }
        // Of bob no entry has one.
        #expect(Self.rows(report.html, under: .approvals).contains("<bdi>bob at https://idp</bdi>"))
        let alice: JSONValue = ["issuer": "https://idp", "subject": "alice", "label": "alice@bank"]
        #expect(report.json["access"]?["items"]?[0]?["caller"] == alice)
    }

    @Test("what is not signed yet, rotations that were followed and the newest time stamp are told")
    func verification() throws {
        let stamped = try #require(Timestamp("2026-11-23T09:00:00Z"))
        let report = Stage.report(Stage.tally(Stage.intent("c1"))) {
            $0.pendingEntries = 3
            $0.followedRotations = [12, 40]
            $0.timestamps = [.init(treeSize: 5, time: stamped), .init(treeSize: 9, time: stamped)]
        }
        #expect(report.html.contains("3 more entries are recorded and not signed yet"))
        #expect(report.html.contains("entries 12, 40"))
        #expect(report.html.contains("9 entries at 2026-11-23T09:00:00.000Z, of 2 in all"))
        // A log by itself cannot show that its end is there.
        #expect(report.html.contains("Whether entries were cut off at its end, no log can tell by itself."))
        let verification = try #require(report.json["verification"])
        #expect(verification["pending"] == 3 && verification["followed_rotations"] == [12, 40])
        #expect(verification["timestamps"] == 2 && verification["newest_timestamp"]?["tree_size"] == 9)
        let plain = Stage.report(Stage.tally(Stage.intent("c1")))
        #expect(plain.json["verification"]?["pending"] == 0 && !plain.html.contains("not signed yet"))
    }

    @Test("of more tickets than are kept, the newest are known")
    func tickets() {
        var tickets = Tickets()
        for number in 0..<(Tickets.most + 1) {
            tickets.note(["ticket": .string("T\(number)"), "summary": "s", "needs": ["1 of a"]])
            tickets.note(["ticket": .string("T\(number)"), "step": "approved"])
        }
        // A step of one whose opening was not seen tells who asked, and not what for.
        tickets.note(["ticket": "old", "step": "approved", "requester": ["issuer": "i", "subject": "alice"]])
        #expect(tickets["old"]?.requester?.subject == "alice" && tickets["old"]?.summary == nil)
        #expect(tickets["T0"] == nil && tickets["T\(Tickets.most)"]?.summary == "s")
    }
}
