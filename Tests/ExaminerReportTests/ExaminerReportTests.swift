import Identifiers
import Markup
import StrictJSON
import Testing

@testable import Audit
@testable import ExaminerReport

@Suite("The examiner's report")
struct ExaminerReportTests {
    /// Entries as the gateway writes them, one a line, with as much as the report reads.
    static func tally(_ entries: String...) -> EvidenceTally { tally(entries) }

    static func tally(_ entries: [String]) -> EvidenceTally {
        var tally = EvidenceTally()
        for (index, text) in entries.enumerated() {
            tally.add(AuditEntry(index: UInt64(index), bytes: Array(text.utf8)))
        }
        return tally
    }

    static func report(
        _ tally: EvidenceTally, change: (inout VerificationReport) -> Void = { _ in }
    ) -> ExaminerReport {
        var verification = VerificationReport()
        verification.origin = "bank.example/log"
        verification.treeSize = UInt64(tally.entries)
        change(&verification)
        return ExaminerReport(
            tally: tally, period: ReportPeriod(from: Timestamp("2026-11-01T00:00:00Z"), until: nil),
            verification: verification, key: "bank.example/log+00000000+AQ",
            made: Timestamp(milliseconds: 1_790_000_000_000), version: "0.1.0")
    }

    static func intent(
        _ id: String, _ subject: String = "alice", kind: String = "intent", more: String = "",
        text: String = "SELECT 1",
        time: String = "2026-11-23T08:00:00.000Z"
    ) -> String {
        #"{\#(more)"caller":{"groups":[],"issuer":"https://idp","label":"\#(subject)@bank","subject":"\#(subject)"},"#
            + #""command":{"digest":"d","effects":[{"action":"sql.read","resource":"t","type":"Table"}],"text":"\#(text)"},"#
            + #""decision":{"answer":"allow","policy":"p1","rule":"read"},"id":"\#(id)","kind":"\#(kind)","session":"s","#
            + #""target":{"kind":"postgres","name":"ledger"},"time":"\#(time)","v":1}"#
    }

    private static func outcome(
        of id: String, kind: String = "succeeded", rows: Int = 0, masked: String = "", more: String = ""
    ) -> String {
        #"{\#(more)"command":"\#(id)","id":"o","kind":"outcome","outcome":{"duration_us":5,"kind":"\#(kind)",\#(masked)"#
            + #""request_bytes":1,"response_bytes":100,"rows":\#(rows),"status":"SELECT"},"session":"s","#
            + #""target":{"kind":"postgres","name":"ledger"},"time":"2026-11-23T08:00:01.000Z","v":1}"#
    }

    static func approval(_ step: String, by actor: String, of requester: String = "alice") -> String {
        #"{"actor":{"issuer":"https://idp","subject":"\#(actor)"},"id":"a","justification":"looked","kind":"approval","#
            + #""requester":{"issuer":"https://idp","subject":"\#(requester)"},"state":"approved","step":"\#(step)","#
            + #""target":{"name":"ledger"},"ticket":"T","time":"2026-11-23T08:00:00.000Z","v":1}"#
    }

    @Test("access is counted by caller, target and action, with how commands ended and where they stand")
    func access() throws {
        let tally = Self.tally(
            Self.intent("c1"), Self.outcome(of: "c1", rows: 7), Self.intent("c2"),
            Self.outcome(of: "c2", kind: "failed"),
            Self.intent("c3", kind: "refusal"), Self.intent("c4", "bob"))
        let items = try #require(Self.report(tally).json["access"]?["items"]?.array)
        #expect(items.count == 2)
        let alice = try #require(items.first)
        #expect(alice["caller"]?["subject"]?.string == "alice" && alice["action"]?.string == "sql.read")
        for (name, expected) in [
            ("commands", 3), ("refused", 1), ("not_succeeded", 1), ("rows", 7), ("answer_bytes", 200),
            ("first_index", 0),
            ("last_index", 4),
        ] { #expect(alice[name]?.integer == Int64(expected), "\(name)") }
        let slices = try #require(Self.report(tally).json["activity"]?["items"]?.array)
        #expect(
            slices.count == 1 && slices[0]["start"]?.string == "2026-11-23T08" && slices[0]["refused"]?.integer == 1)
    }

    @Test("what was masked is summed by target, rule and selector")
    func masking() throws {
        let masked =
            #""masked":[{"count":3,"rule":"pii","selector":"column ssn"},{"count":1,"rule":"pii","selector":"card"}],"#
        let tally = Self.tally(
            Self.intent("c1"), Self.outcome(of: "c1", masked: masked), Self.intent("c2"),
            Self.outcome(of: "c2", masked: masked, more: #""originals":{"total":1,"values":4},"#))
        let protection = try #require(Self.report(tally).json["data_protection"])
        let items = try #require(protection["items"]?.array)
        #expect(protection["sealed_values"]?.integer == 4)
        #expect(items.map { $0["masked"]?.integer } == [6, 2])
        #expect(items.first?["selector"]?.string == "column ssn")
    }

    @Test("whoever approves what they asked for is found, and nobody who only looks like them")
    func segregation() throws {
        let own =
            #""approval":{"approvers":[{"groups":[],"issuer":"https://idp","justification":"j","subject":"alice","#
            + #""time":"2026-11-23T07:59:00.000Z"}],"justification":"why","ticket":"T"},"#
        func findings(_ entries: String...) throws -> [String] {
            var tally = EvidenceTally()
            for (index, text) in entries.enumerated() {
                tally.add(AuditEntry(index: UInt64(index), bytes: Array(text.utf8)))
            }
            let items = try #require(Self.report(tally).json["segregation"]?["items"]?.array)
            return items.filter { $0["severity"]?.string == "breach" }.compactMap { $0["finding"]?.string }
        }
        #expect(try findings(Self.approval("approved", by: "bob"), Self.intent("c1")).isEmpty)
        #expect(try findings(Self.approval("rejected", by: "alice")).isEmpty)
        #expect(try findings(Self.approval("approved", by: "alice")).count == 1)
        #expect(try findings(Self.intent("c1", more: own)).count == 1)
        let nobody = #""approval":{"approvers":[],"justification":"why","ticket":"T"},"#
        #expect(
            try findings(Self.intent("c1", more: nobody)).map { $0.contains("names a ticket and no approver") } == [
                true
            ])
        #expect(try findings(Self.approval("approved", by: "ren\u{e9}", of: "rene\u{301}")).isEmpty)
        let double = Self.tally(Self.approval("approved", by: "bob"), Self.intent("c1", "bob"))
        #expect(double.doubleDuties.map(\.person.subject) == ["bob"])
        let loader =
            #"{"by":"https://idp|alice","id":"p","kind":"policy-load","policy":"p2","previous":"p1","#
            + #""time":"2026-11-23T08:00:00.000Z","v":1}"#
        #expect(Self.tally(loader, Self.intent("c1")).doubleDuties.map(\.person.subject) == ["alice"])
        // A subject may hold a bar, as those of the demo's issuer do.
        let local = loader.replacing("https://idp|", with: "http://127.0.0.1:1|local|")
        let user = Self.intent("c1", "local|alice").replacing("https://idp", with: "http://127.0.0.1:1")
        #expect(Self.tally(local, user).doubleDuties.map(\.person.subject) == ["local|alice"])
    }

    @Test("whoever has policies loaded and approves requests is told, also where they use no target")
    func loaderWhoApproves() throws {
        let load =
            #"{"by":"https://idp|alice","id":"p","kind":"policy-load","policy":"p2","previous":"p1","#
            + #""time":"2026-11-23T08:00:00.000Z","v":1}"#
        let report = Self.report(Self.tally(load, Self.approval("approved", by: "alice", of: "bob")))
        let finding = "had policies loaded and approved requests"
        let told: JSONValue = [
            [
                "person": ["issuer": "https://idp", "subject": "alice"], "finding": .string(finding),
                "severity": "notice",
            ]
        ]
        #expect(report.json["segregation"]?["items"] == told)
        #expect(report.html.contains("<td>\(finding)</td>"))
        // Neither whoever only rejects has two duties, nor two people who have one each.
        #expect(Self.tally(load, Self.approval("rejected", by: "alice", of: "bob")).doubleDuties.isEmpty)
        #expect(Self.tally(load, Self.approval("approved", by: "carol", of: "bob")).doubleDuties.isEmpty)
        // Nor whoever had a load refused, which changed nothing.
        let refused = load.replacing(#""v":1"#, with: #""refused":"no policy","v":1"#)
        #expect(Self.tally(refused, Self.approval("approved", by: "alice", of: "bob")).doubleDuties.isEmpty)
        let all = Self.tally(load, Self.approval("approved", by: "alice", of: "bob"), Self.intent("c1"))
        #expect(
            all.doubleDuties.map(\.what) == [
                "approved requests of others and used targets as well", finding,
                "had policies loaded and used targets that they govern",
            ])
    }

    @Test("whatever the gateway tells of itself is listed in its own words, what it deleted and what is held too")
    func operations() throws {
        let deleted =
            #"{"due":"2026-11-22T00:00:00.000Z","evidence":"recordings","held":1,"id":"d","items":3,"#
            + #""kind":"retention-delete","rule":"retention.default.recordings: 400d","step":"done","#
            + #""target":{"kind":"postgres","name":"ledger"},"time":"2026-11-23T08:00:00.000Z","v":1}"#
        let kinds = ["key-creation", "start", "pseudonym-key", "clock-step", "retention-hold", "key-rotation", "stop"]
        let told =
            kinds.map { #"{"id":"x","kind":"\#($0)","time":"2026-11-23T08:00:00.000Z","v":1}"# } + [deleted]
        // Among what has parts of its own.
        let report = Self.report(Self.tally([Self.intent("c1")] + told + [Self.outcome(of: "c1")]))
        let items = try #require(report.json["operations"]?["items"]?.array)
        #expect(items.map { $0["kind"]?.string } == kinds)
        #expect(items.map { $0["entry"]?.string } == told.dropLast())
        #expect(items.last?["index"] == 7)
        let sums = try #require(report.json["operations"]?["deletions"]?.array)
        #expect(sums.count == 1 && sums[0]["first_index"] == 8 && sums[0]["held"] == 1)
        #expect(report.html.contains("<td>retention.default.recordings: 400d</td>"))
    }

    @Test("failed sign-ins are counted by address, with those that were not written one by one")
    func signInFailures() throws {
        func failure(_ client: String, suppressed: String = "") -> String {
            #"{"client":"\#(client)","code":"expired","id":"f","kind":"sign-in-failure","reason":"r",\#(suppressed)"#
                + #""time":"2026-11-23T08:00:00.000Z","v":1}"#
        }
        let tally = Self.tally(
            failure("10.0.0.1:4000"), failure("10.0.0.1:4001", suppressed: #""suppressed":5,"#), failure("[::1]:9"),
            failure("console"))
        let items = try #require(Self.report(tally).json["sign_in_failures"]?["items"]?.array)
        #expect(
            items.map { "\($0["client"]?.string ?? "") \($0["attempts"]?.integer ?? 0)" }
                == ["10.0.0.1 7", "[::1] 1", "console 1"])
    }

    @Test("entries with whatever callers send are read, and numbers that no gateway writes end no report")
    func hostile() throws {
        let most = "9223372036854775807"
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        let failure =
            #"{"client":"10.0.0.1:1","code":"c","id":"f","kind":"sign-in-failure","suppressed":\#(most),"#
            + #""time":"2026-11-23T08:00:00.000Z","v":1}"#
        let masked = #""masked":[{"count":\#(most),"rule":"pii","selector":"s"}],"#
        let outcome = Self.outcome(
            of: "c1", rows: Int.max, masked: masked, more: #""originals":{"values":\#(most)},"#
        ).replacing(#""response_bytes":100"#, with: #""response_bytes":\#(most)"#)
        let tally = Self.tally(
            Self.intent("c1", text: #"id\u0000"#), outcome, Self.intent("c1", more: #""a":\#(deep),"#), outcome,
            failure, failure)
        let report = Self.report(tally)
        #expect(report.restsOnVerifiedLog && report.html.contains("The log was verified"))
        #expect(report.json["operations"]?["unreadable_entries"] == 0)
        let piece: HTML = "<b>\("a\0b")</b>"
        #expect(piece.text == "<b>a\u{fffd}b</b>")
        let access = try #require(report.json["access"]?["items"]?[0])
        #expect(access["commands"] == 2 && access["rows"]?.integer == Int64.max)
        #expect(access["answer_bytes"]?.integer == Int64.max)
        let protection = report.json["data_protection"]
        #expect(protection?["sealed_values"]?.integer == Int64.max)
        #expect(protection?["items"]?[0]?["masked"]?.integer == Int64.max)
        #expect(report.json["sign_in_failures"]?["items"]?[0]?["attempts"]?.integer == Int64.max)
    }

    @Test("each change of policies and of the configuration is told, also what an entry had no room for")
    func changes() throws {
        let tally = Self.tally(
            #"{"by":"SIGHUP","changes":[{"after":{"digest":"d2","text":"permit <b>;"},"before":{"digest":"d1","text_bytes":"#
                + #"70000},"change":"changed","file":"a.cedar","id":"<i>read"}],"changes_omitted":7,"files":[{"after":"#
                + #"{"digest":"f2"},"change":"added","file":"a.cedar"}],"id":"p","kind":"policy-load","policy":"p2","#
                + #""previous":"p1","since":"unknown","time":"2026-11-23T08:00:00.000Z","v":1}"#,
            #"{"by":"start","id":"q","kind":"policy-load","policy":"p0","time":"2026-11-23T08:00:00.000Z","v":1}"#,
            #"{"changes":[{"after":["x"],"before":"process","change":"changed","setting":"audit.durability"},"#
                + #"{"change":"added","hidden":true,"setting":"approvals.webhook.url"},{"after_bytes":9000,"change":"added","#
                + #""setting":"note"}],"digest":"c2","id":"c","kind":"configuration","previous":"c1","#
                + #""time":"2026-11-23T08:00:00.000Z","v":1}"#)
        let report = Self.report(tally)
        let policy = try #require(report.json["policy"])
        let load = try #require(policy["items"]?[0])
        #expect(load["changes"]?[0]?["id"] == "<i>read" && load["changes_omitted"] == 7 && load["since"] == "unknown")
        #expect(load["files"]?[0]?["after"]?["digest"] == "f2")
        // An entry of an older version says nothing of changes, which is not the same as none.
        #expect(policy["items"]?[1]?["changes"] == .null)
        #expect(policy["configuration"]?[0]?["changes"]?.array?.count == 3 && policy["configuration_omitted"] == 0)
        #expect(report.json["operations"]?["items"] == [])
        for words in [
            "changed <strong>&lt;i&gt;read</strong> in a.cedar", "<pre>permit &lt;b&gt;;</pre>", "and 7 more",
            "70000 bytes, too long for the entry", "added the file a.cedar <code>f2</code>",
            "What was before is not known.", "The entry does not say it.", "before: <code>p1</code>",
            "changed <strong>audit.durability</strong><br>before: <code>&quot;process&quot;</code>",
            "added <strong>approvals.webhook.url</strong> (may be a secret, and is not shown)",
            "after: 9000 bytes, too long for the entry",
        ] { #expect(report.html.contains(words), "\(words)") }
    }

    @Test("nothing from the log becomes markup, and the page judges nothing")
    func page() {
        // As it stands in JSON.
        let evil = #"<script>alert(1)</script>\" onclick=\"x"#
        let tally = Self.tally(
            Self.intent("c1", evil, text: evil).replacing("https://idp", with: evil),
            Self.intent("c2", kind: "refusal", text: "'\(evil)&"),
            #"{"id":"x","kind":"\#(evil)","time":"2026-11-23T08:00:00.000Z","v":1,"w":"\#(evil)"}"#,
            Self.approval("approved", by: evil),
            // A refusal may cite the file.
            #"{"by":"\#(evil)","id":"p","kind":"policy-load","refused":"policy.cedar: \#(evil)","#
                + #""time":"2026-11-23T08:00:00.000Z","v":1}"#)
        let page = Self.report(tally).html
        #expect(!page.contains("<script") && page.contains("&lt;script&gt;"))
        #expect(page.contains("refused, and what was stays: policy.cedar: &lt;script&gt;"))
        #expect(!page.contains(#"" onclick="#) && page.contains("&quot; onclick="))
        #expect(!page.lowercased().contains("complian") && page.contains("Evidence relevant to"))
        #expect(
            !String(decoding: Self.report(tally).json.canonicalBytes, as: UTF8.self).lowercased().contains("complian"))
        for part in ReportPart.allCases {
            #expect(page.contains("<h2>\(part.title)</h2>") && !part.sections.isEmpty)
        }
    }

    @Test("a log that does not verify, or has entries that cannot be read, is the first thing that the page says")
    func wrong() {
        let report = Self.report(Self.tally(Self.intent("c1"))) { $0.add(.tile(path: "tile/0/000"), "was changed") }
        #expect(!report.restsOnVerifiedLog && report.html.contains("The log was changed, or is not whole."))
        #expect(report.html.contains("tile/0/000: was changed") && report.json["verification"]?["ok"] == .bool(false))
        let unreadable = Self.report(Self.tally(Self.intent("c1"), "{", "[]", #"{"kind":"intent"}"#))
        #expect(!unreadable.restsOnVerifiedLog && unreadable.html.contains("3 entries cannot be read"))
        #expect(Self.report(Self.tally(Self.intent("c1"))).restsOnVerifiedLog)
    }

    @Test("lists are cut, and say how much they leave out")
    func bounded() {
        var list = TopList<Int>(most: 3)
        for number in 0..<10 { list.append(number) }
        #expect(list.items == [0, 1, 2] && list.omitted == 7)
        var table = BoundedTable<Int, Int>(most: 2)
        for number in [1, 2, 3, 1, 3] { table.update(number, default: 0) { $0 += 1 } }
        #expect(table.rows == [1: 2, 2: 1] && table.omitted == 2)
    }

    @Test("a table of the page has 200 rows at most, and says how many more there are")
    func longTables() {
        func entry(_ kind: String, _ client: Int) -> String {
            #"{"client":"client-\#(client)","code":"expired","id":"x","kind":"\#(kind)","#
                + #""time":"2026-11-23T08:00:00.000Z","v":1}"#
        }
        func rows(_ page: String) -> Int { page.ranges(of: "<tr><td>").count }
        // One row more in each, of the table of kinds.
        let whole = Self.report(Self.tally((0..<200).map { entry("sign-in-failure", $0) })).html
        #expect(rows(whole) == 201 && !whole.contains("not listed here"))

        let cut = Self.report(Self.tally((0..<203).map { entry("sign-in-failure", $0) }))
        #expect(rows(cut.html) == 201 && cut.html.contains("<p>And 3 more, which are not listed here.</p>"))
        #expect(cut.json["sign_in_failures"]?["items"]?.array?.count == 203)
        #expect(cut.json["sign_in_failures"]?["omitted"] == 0)

        // Those too that the document for programs has no room for.
        let long = Self.report(Self.tally((0..<510).map { entry("start", $0) }))
        #expect(rows(long.html) == 201 && long.html.contains("<p>And 310 more, which are not listed here.</p>"))
        #expect(long.json["operations"]?["items"]?.array?.count == 500 && long.json["operations"]?["omitted"] == 10)
    }

    @Test("the picture's unit of time fits the period")
    func slices() {
        func starts(_ times: [String]) -> [String] {
            var activity = Activity()
            for time in times { activity.add(at: time, refused: false) }
            return activity.timeline().slices.map(\.start)
        }
        #expect(
            starts(["2026-11-23T08:59:59.000Z", "2026-11-23T09:00:00.000Z"]) == ["2026-11-23T08", "2026-11-23T09"])
        let hours = (1...28).flatMap { day in
            (0...23).map { hour in
                "2026-11-\(day < 10 ? "0" : "")\(day)T\(hour < 10 ? "0" : "")\(hour):00:00.000Z"
            }
        }
        #expect(starts(hours).count == 28 && starts(hours).first == "2026-11-01")
    }
}
