import Foundation
import GatewayCore
import Identifiers
import Testing

@testable import Console

@Suite("Finding entries by the API", .timeLimit(.minutes(1)))
struct AuditSearchAPITests {
    @Test("what is asked for is passed on whole, and what is found comes in pages")
    func search() async throws {
        try await RunningConsole.run { console in
            console.backend.change { $0.entries = (0..<5).map { #"{"n":\#($0),"text":"x\#($0 % 2)"}"# } }
            let session = UUIDv7(milliseconds: 1_790_000_000_000)
            let path = "/api/v1/audit/search"
            let page = try await console.get(
                "\(path)?caller=alice%40example.com&target=ledger&action=sql.read&rule=no-ddl&decision=deny"
                    + "&kind=intent,refusal&session=\(session)&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z"
                    + "&text=x0&limit=2", as: "carol"
            ).json
            let found = try #require(page["entries"] as? [[String: Any]])
            #expect(found.map { $0["index"] as? Int } == [4, 2])
            #expect((found[0]["entry"] as? [String: Any])?["n"] as? Int == 4)
            #expect(page["size"] as? Int == 5)
            let cursor = try #require(page["next_cursor"] as? String)
            let rest = try await console.get("\(path)?text=x0&limit=2&cursor=\(cursor)", as: "carol").json
            #expect((rest["entries"] as? [[String: Any]])?.map { $0["index"] as? Int } == [0])
            #expect(rest["next_cursor"] is NSNull)

            let query = try #require(console.backend.state.withLock { $0.searches.first })
            #expect(query.caller == "alice@example.com" && query.target == "ledger" && query.action == "sql.read")
            #expect(query.rule == "no-ddl" && query.decision == "deny" && query.kinds == ["intent", "refusal"])
            #expect(query.session == session && query.text == "x0")
            #expect(query.from == Timestamp("2026-11-23T00:00:00Z") && query.to == Timestamp("2026-11-24T00:00:00Z"))
        }
    }

    @Test("who may not read the log learns nothing, and what cannot be understood is said")
    func refusals() async throws {
        try await RunningConsole.run { console in
            console.backend.change { state in
                state.entries = [#"{"text":"secret"}"#]
                state.refused["bob"] = [.readAudit]
            }
            #expect(try await console.get("/api/v1/audit/search").status == 401)
            let refused = try await console.get("/api/v1/audit/search?text=secret", as: "bob")
            #expect(refused.status == 403 && !refused.body.contains("secret\""))
            #expect(console.backend.state.withLock { $0.searches.isEmpty })
            for query in [
                "decision=maybe", "session=x", "from=yesterday", "cursor=x", "limit=0", "limit=201", "who=alice",
                "kind=refusals", "kind=intent,nothing", "from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z",
            ] {
                let answer = try await console.get("/api/v1/audit/search?\(query)", as: "carol")
                #expect(answer.status == 400, "\(query)")
                _ = try answer.problemCode()
            }
        }
    }

    @Test("while there is no index that helps, the answer says so")
    func unavailable() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            console.backend.change { state in
                state.sessions = [session]
                state.indexError = .behind(indexed: 10, treeSize: 1_000_000)
            }
            for path in ["/api/v1/audit/search?rule=x", "/api/v1/sessions/\(session.id)/entries"] {
                let answer = try await console.get(path, as: "carol")
                #expect(answer.status == 503 && answer.body.contains("holds 10 of the log's 1000000"), "\(answer)")
            }
            console.backend.change { $0.indexError = .damaged(path: "/state/index.sqlite", detail: "x") }
            let answer = try await console.get("/api/v1/audit/search", as: "carol")
            #expect(answer.status == 503 && !answer.body.contains("/state"))
        }
    }

    @Test("a session's entries come a line each, for those who may read recordings")
    func entries() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let line = #"{"kind":"intent","session":"\#(session.id)"}"#
            console.backend.change { state in
                state.sessions = [session]
                state.entries = [line, #"{"kind":"stop"}"#, line]
                state.refused["bob"] = [.readRecordings]
            }
            let path = "/api/v1/sessions/\(session.id)/entries"
            let answer = try await console.get(path, as: "carol")
            #expect(answer.header("Content-Type") == "application/x-ndjson" && answer.body == "\(line)\n\(line)\n")
            #expect(try await console.get(path, as: "bob").status == 403)
            #expect(try await console.get(path).status == 401)
            #expect(
                try await console.get("/api/v1/sessions/\(UUIDv7(milliseconds: 1))/entries", as: "carol").status == 404)
            #expect(try await console.get("\(path)?limit=1", as: "carol").status == 400)
        }
    }
}
