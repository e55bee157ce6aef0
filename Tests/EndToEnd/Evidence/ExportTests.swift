import Foundation
import Testing

/// The log of a gateway with all three adapters, in the formats that others read.
@Suite("Exports of the audit log, end to end", .serialized)
struct ExportTests {
    private func export(_ arguments: String...) async throws -> String {
        let gateway = try await ThreeProtocols.gateway.value
        let finished = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "export", "--config", "sallyport.yaml"] + arguments, in: gateway.folder)
        guard finished.status == 0 else { throw TestFailure("\(finished)") }
        return finished.output
    }

    @Test("every entry of all three adapters becomes an OCSF event that the schema takes")
    func ocsf() async throws {
        let entries = try await ThreeProtocols.gateway.value.auditEntriesInLogOrder()
        let kinds = Set(entries.compactMap { $0["kind"] as? String })
        #expect(
            kinds.isSuperset(of: [
                "start", "session-start", "intent", "outcome", "refusal", "approval", "console", "sign-in-failure",
                "session-end", "policy-load", "configuration", "pseudonym-key", "stop",
            ]), "\(kinds.sorted())")
        let targets = Set(entries.compactMap { ($0["target"] as? [String: Any])?["kind"] as? String })
        #expect(targets == ["http", "postgres", "ssh"])

        let events = try await export("--format", "ocsf")
        let file = try await ThreeProtocols.gateway.value.folder.path + "/events.jsonl"
        try events.write(toFile: file, atomically: true, encoding: .utf8)
        let found = try await PythonClient.run("ocsf_validate.py", [file])
        #expect((found["wrong"] as? [String]) == [], "\(found)")
        let classes = try #require(found["classes"] as? [String: Int])
        #expect(
            Set(classes.keys) == ["1008", "2006", "3002", "3004", "3005", "4007", "6002", "6003", "6005"], "\(classes)")
        let masked = entries.count { ($0["outcome"] as? [String: Any])?["masked"] != nil }
        #expect(masked > 1 && classes["2006"] == masked)
        #expect(found["events"] as? Int == entries.count + masked)

        // The validator is no formality: what misses its actor is found.
        let broken = events.split(separator: "\n").map { $0.replacing("\"actor\":", with: "\"agent\":") }
        try broken.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let refused = try await PythonClient.run("ocsf_validate.py", [file])
        #expect((refused["wrong"] as? [String])?.isEmpty == false)
    }

    @Test("Python's own reader of CSV reads every entry back, and no cell is a formula")
    func csv() async throws {
        let entries = try await ThreeProtocols.gateway.value.auditEntriesInLogOrder()
        let file = try await ThreeProtocols.gateway.value.folder.path + "/entries.csv"
        try await export("--format", "csv").write(toFile: file, atomically: true, encoding: .utf8)
        let script = """
            import csv, json, sys
            rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True))
            print(json.dumps({"ids": [r["id"] for r in rows], "texts": [r["command_text"] for r in rows],
              "whole": all(None not in r and None not in r.values() for r in rows),
              "formulas": [c for r in rows for c in r.values() if c[:1] in "=+-@\\t\\r" and c and not c.isdigit()]}))
            """
        let read = try await RunningProcess.run(try Tools.python(), ["-c", script, file])
        let found = try #require(
            JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [String: Any], "\(read)")
        #expect(found["ids"] as? [String] == entries.compactMap { $0["id"] as? String })
        #expect(found["whole"] as? Bool == true && (found["formulas"] as? [String]) == [])
        #expect((found["texts"] as? [String])?.contains { $0.contains("SELECT name, ssn") } == true)
    }

    @Test("filters give exactly the entries that an examiner asks for, and JSON lines stay the signed bytes")
    func filters() async throws {
        let all = try await export().split(separator: "\n").map(String.init)
        let entries = try await ThreeProtocols.gateway.value.auditEntriesInLogOrder()
        func count(_ arguments: [String]) async throws -> Int {
            let gateway = try await ThreeProtocols.gateway.value
            let finished = try await RunningProcess.run(
                try Tools.sallyport, ["audit", "export", "--config", "sallyport.yaml"] + arguments, in: gateway.folder)
            let lines = finished.output.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy(all.contains), "\(arguments)")
            return lines.count
        }
        let ssh = entries.count { ($0["target"] as? [String: Any])?["name"] as? String == "web-1" }
        #expect(try await count(["--target", "web-1"]) == ssh && ssh > 5)
        let refused = entries.count { ($0["decision"] as? [String: Any])?["answer"] as? String == "deny" }
        #expect(try await count(["--decision", "deny"]) == refused && refused >= 3)
        #expect(try await count(["--rule", "no-payroll"]) == 1)
        // The intent and its outcome.
        #expect(try await count(["--action", "sql.insert"]) == 2)
        #expect(try await count(["--caller", "nobody"]) == 0)
        let session = try #require(entries.first { $0["kind"] as? String == "session-start" }?["session"] as? String)
        let ofSession = entries.count { $0["session"] as? String == session }
        #expect(try await count(["--session", session]) == ofSession)
        let refusals = entries.count {
            $0["kind"] as? String == "refusal"
                && ($0["target"] as? [String: Any])?["name"] as? String == "payments"
        }
        #expect(try await count(["--kind", "refusal", "--target", "payments"]) == refusals && refusals > 0)
    }

    @Test(
        "a person's entries are the same to a search and to an export, by subject and by label",
        arguments: ["alice", "bob", "carol"])
    func person(_ name: String) async throws {
        let gateway = try await ThreeProtocols.gateway.value
        // Who approved, and whose ticket it was, have a part in it as a session's caller has.
        for called in ["local|\(name)", "\(name)@example.com"] {
            let exported = try await export("--caller", called).split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["id"] as? String
            }
            let finished = try await gateway.command(
                "audit", "search", "--caller", called, "--limit", "10000", "--output", "json")
            let answer = try #require(
                JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any], "\(finished)")
            let found = try #require(answer["entries"] as? [[String: Any]]).map {
                ($0["entry"] as? [String: Any])?["id"] as? String
            }
            #expect(!found.isEmpty && found.reversed() == exported, "\(called)")
        }
        let ofBob = try await export("--caller", "bob@example.com")
        #expect(ofBob.contains(#""step":"approved""#) && ofBob.contains(#""kind":"console""#))
        let ofAlice = try await export("--caller", "alice@example.com")
        #expect(ofAlice.contains(#""step":"approved""#), "the approver's step on her ticket")
    }

    /// An outcome, with what its intent alone says.
    private struct Ended {
        let time: String
        let askedAt: String
        let isOfAlice: Bool
        /// Who asked, and for what.
        let command: [String]
    }

    /// Those of a log, by their ids.
    private func ended(in entries: [[String: Any]]) throws -> [String: Ended] {
        var intents: [String: [String: Any]] = [:]
        var ended: [String: Ended] = [:]
        for entry in entries {
            let id = try #require(entry["id"] as? String)
            if entry["kind"] as? String == "intent" { intents[id] = entry }
            guard entry["kind"] as? String == "outcome" else { continue }
            let intent = try #require(intents[entry["command"] as? String ?? ""], "\(entry)")
            let caller = try #require(intent["caller"] as? [String: Any])
            let subject = try #require(caller["subject"] as? String)
            let text = try #require((intent["command"] as? [String: Any])?["text"] as? String)
            ended[id] = Ended(
                time: try #require(entry["time"] as? String), askedAt: try #require(intent["time"] as? String),
                isOfAlice: caller["label"] as? String == "alice@example.com", command: [subject, text])
        }
        return ended
    }

    /// The same of OCSF events: of each of these outcomes who asked, and for what.
    private func commands(in events: String, of outcomes: [String: Ended]) throws -> [String: [String]] {
        var commands: [String: [String]] = [:]
        for line in events.split(separator: "\n") {
            let event = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            guard let id = (event["metadata"] as? [String: Any])?["uid"] as? String, outcomes[id] != nil else {
                continue
            }
            let user = (event["actor"] as? [String: Any])?["user"] as? [String: Any]
            commands[id] = [user?["uid"] as? String ?? "", event["message"] as? String ?? ""]
        }
        return commands
    }

    @Test("an outcome keeps the caller and the command of its intent where kinds or a period leave the intent out")
    func chosen() async throws {
        let outcomes = try ended(in: try await ThreeProtocols.gateway.value.auditEntriesInLogOrder())
        let ofAlice = outcomes.values.count { $0.isOfAlice }
        let found = try await export("--kind", "outcome", "--caller", "alice@example.com").split(separator: "\n")
        #expect(found.count == ofAlice && ofAlice > 5)
        #expect(found.allSatisfy { $0.contains(#""kind":"outcome""#) })

        let ofKind = try await export("--format", "ocsf", "--kind", "outcome")
        #expect(try commands(in: ofKind, of: outcomes) == outcomes.mapValues(\.command))
        // Times are of one length, so that text compares as moments do.
        let moment = try #require(outcomes.values.filter { $0.askedAt < $0.time }.map(\.time).min())
        let ofPeriod = try await export("--format", "ocsf", "--from", moment)
        let later = outcomes.filter { $0.value.time >= moment }
        #expect(try commands(in: ofPeriod, of: outcomes) == later.mapValues(\.command))
    }

    @Test("a period is of moments, to the millisecond, and what is none is refused by every command that takes one")
    func period() async throws {
        let gateway = try await ThreeProtocols.gateway.value
        func run(_ arguments: [String]) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                try Tools.sallyport, arguments + ["--config", "sallyport.yaml"], in: gateway.folder)
        }
        func count(_ arguments: String...) async throws -> Int {
            let finished = try await run(["audit", "export"] + arguments)
            guard finished.status == 0 else { throw TestFailure("\(finished)") }
            return finished.output.split(separator: "\n").count
        }
        let times = try await gateway.auditEntries().compactMap { $0["time"] as? String }
        // Whole seconds: the entries of them have milliseconds, which sort before the `Z`.
        for second in Set(times.map { String($0.prefix(19)) }).sorted().prefix(4) {
            let before = times.count { $0.prefix(19) < second }
            #expect(try await count("--from", "\(second)Z") == times.count - before, "\(second)")
            #expect(try await count("--until", "\(second)Z") == before, "\(second)")
            #expect(try await count("--to", "\(second).000Z") == before, "\(second)")
        }
        let commands = [
            ["audit", "export"], ["audit", "search"], ["audit", "report"],
            ["policy", "replay", "--to", "policy.cedar"],
        ]
        for arguments in commands {
            for option in ["--from", "--until"] {
                for text in ["yesterday", "2026-11-23T08:00:00+02:00", "2026-11-23T08", "2026-02-30"] {
                    let refused = try await run(arguments + [option, text])
                    #expect(refused.status == 64 && refused.output.isEmpty, "\(arguments) \(text): \(refused)")
                    #expect(refused.errors.contains("\(option) is a moment such as"), "\(refused)")
                }
            }
        }
    }

    @Test("CEF gives a line for each entry, and none can be forged within another")
    func cef() async throws {
        let lines = try await export("--format", "cef").split(separator: "\n")
        #expect(lines.count == (try await ThreeProtocols.gateway.value.auditEntries()).count)
        #expect(lines.allSatisfy { $0.hasPrefix("CEF:0|Sallyport|Sallyport Gateway|") })
    }
}
