import Foundation
import GatewayCore
import Identifiers
import Testing

@testable import Console

@Suite("Bad requests")
struct BadRequestTests {
    private static let id = "0193e4b5-0000-7000-8000-000000000000"

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(method) \(path.prefix(80)) \(body?.prefix(40) ?? "")" }
        let method: String
        let path: String
        var body: String?
        var type: String? = "application/json"
        let status: UInt

        init(_ method: String, _ path: String, _ status: UInt) {
            self.method = method
            self.path = path
            self.status = status
        }

        init(
            _ method: String, _ path: String, _ body: String, type: String? = "application/json", _ status: UInt
        ) {
            self.method = method
            self.path = path
            self.body = body
            self.type = type
            self.status = status
        }
    }

    private static let approve = "/api/v1/approvals/\(id)/approve"

    @Test(
        "bad input gets a problem document",
        arguments: [
            Case("GET", "/api/v1/approvals?state=open", 400),
            Case("GET", "/api/v1/approvals?state=pending&state=pending", 400),
            Case("GET", "/api/v1/approvals?stat=pending", 400),
            Case("GET", "/api/v1/approvals?limit=0", 400),
            Case("GET", "/api/v1/approvals?limit=201", 400),
            Case("GET", "/api/v1/approvals?limit=-1", 400),
            Case("GET", "/api/v1/approvals?limit=%2B1", 400),
            Case("GET", "/api/v1/approvals?limit=99999999999999999999", 400),
            Case("GET", "/api/v1/approvals?cursor=x", 400),
            Case("GET", "/api/v1/approvals?requester=alice", 400),
            Case("GET", "/api/v1/approvals?target=%ff", 400),
            Case("GET", "/api/v1/approvals?target=%00", 400),
            Case("GET", "/api/v1/approvals/1", 400),
            Case("GET", "/api/v1/sessions?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", 400),
            Case("GET", "/api/v1/approvals/0193e4b5-0000-4000-8000-000000000000", 400),
            Case("GET", "/api/v1/approvals/%2e%2e", 400),
            Case("GET", "/api/v1/approvals/\(id)?x=1", 400),
            Case("GET", "/api/v1/approvals/", 404),
            Case("GET", "/api/v1//approvals", 404),
            Case("GET", "/api/v1/approvals/\(id)/", 404),
            Case("GET", "/api/v1/approvals/\(id)/approve", 405),
            Case("DELETE", "/api/v1/approvals/\(id)", 405),
            Case("PROPFIND", "/healthz", 405),
            Case("POST", approve, "", 400),
            Case("POST", approve, "[]", 400),
            Case("POST", approve, "null", 400),
            Case("POST", approve, #"{"justification":1}"#, 400),
            Case("POST", approve, #"{"justification":"a","justification":"b"}"#, 400),
            Case("POST", approve, #"{"justification":"a","by":"bob"}"#, 400),
            Case("POST", approve, #"{"justification":"\ud800"}"#, 400),
            Case("POST", approve, #"{"justification":"a"} x"#, 400),
            Case("POST", approve, String(repeating: "[", count: 10_000), 400),
            Case("POST", approve, #"{"justification":"\#(String(repeating: "x", count: 70_000))"}"#, 413),
            Case("POST", approve, #"{"justification":"a"}"#, type: nil, 415),
            Case("POST", approve, "justification=a", type: "application/x-www-form-urlencoded", 415),
            Case("POST", approve, #"{"justification":"a"}"#, type: "text/plain", 415),
            Case("POST", approve, #"{"justification":"a"}"#, type: "application/jsonx", 415),
            Case("POST", "/api/v1/approvals", "{}", 405),
            Case("GET", "/api/v1/sessions?from=yesterday", 400),
            Case("GET", "/api/v1/sessions?to=2026-02-30T00:00:00Z", 400),
            Case("GET", "/api/v1/sessions/x/recording", 400),
            Case("POST", "/api/v1/sessions/x/terminate", "{}", 400),
            Case("GET", "/api/v1/audit/entries/-1", 400),
            Case("GET", "/api/v1/audit/entries/1.5", 400),
            Case("GET", "/api/v1/audit/entries/99999999999999999999", 400),
            Case("GET", "/api/v1/audit/entries?from=1&cursor=2", 400),
            Case("GET", "/api/v1/audit/entries?from=-1", 400),
            Case("GET", "/api/v2/approvals", 404),
            Case("GET", "/api/v1/policy?x", 400),
            Case("GET", "/\(String(repeating: "x", count: 10_000))", 404),
        ])
    func badInput(_ example: Case) async throws {
        try await RunningConsole.run { console in
            let headers = example.type.map { [("Content-Type", $0)] } ?? []
            let answer = try await console.send(
                example.method, example.path, as: "bob", headers: example.body == nil ? [] : headers, body: example.body
            )
            #expect(answer.status == example.status)
            _ = try answer.problemCode()
            #expect(answer.body.utf8.count < 2000, "what was sent is not sent back at length")
        }
    }

    @Test(
        "without a good token there is no answer, and it says how to get one",
        arguments: [
            ([], "token-missing"), (["Basic YTpi"], "token-missing"), (["Bearer"], "token-missing"),
            (["Bearer x"], "bad-signature"), (["bearer expired-token"], "token-expired"),
            (["Bearer bob-token x"], "bad-signature"),
        ] as [([String], String)])
    func noToken(fields: [String], code: String) async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            console.backend.change { $0.sessions = [session] }
            let ticket = try await console.backend.ask()
            let paths = [
                "/api/v1/approvals", "/api/v1/approvals/\(ticket.id)", "/api/v1/sessions",
                "/api/v1/sessions/\(session.id)", "/api/v1/sessions/\(session.id)/recording",
                "/api/v1/audit/checkpoint",
                "/api/v1/audit/entries", "/api/v1/audit/entries/0", "/api/v1/policy", "/api/v1/me", "/tlog/checkpoint",
                "/tlog/tile/0/000",
            ]
            let posts = [
                "/api/v1/approvals/\(ticket.id)/approve", "/api/v1/approvals/\(ticket.id)/reject",
                "/api/v1/sessions/\(session.id)/terminate", "/api/v1/policy/reload",
            ]
            let headers = fields.map { ("Authorization", $0) }
            for (method, path) in paths.map({ ("GET", $0) }) + posts.map({ ("POST", $0) }) {
                let answer = try await console.send(method, path, headers: headers)
                #expect(answer.status == 401, "\(path)")
                #expect(try answer.problemCode() == code)
                #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer") ?? false)
            }
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
        }
    }

    @Test("two Authorization fields are refused, and a cookie is no token")
    func ambiguousToken() async throws {
        try await RunningConsole.run { console in
            let two = [("Authorization", "Bearer bob-token"), ("Authorization", "Bearer alice-token")]
            #expect(try await console.send("GET", "/api/v1/me", headers: two).status == 400)
            let signedIn = try await console.signIn("bob")
            #expect(try await console.send("GET", "/api/v1/me", headers: [("Cookie", signedIn)]).status == 401)
        }
    }

    @Test("each action that policy refuses is 403 with the rule, and does nothing")
    func refused() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let ticket = try await console.backend.ask()
            console.backend.change { state in
                state.sessions = [session]
                state.open = [session.id]
                state.recordings[session.id] = ["{}"]
                state.entries = ["{}"]
                state.refused["bob"] = Set(ConsoleAction.allCases)
            }
            let body = #"{"justification":"x"}"#
            let requests: [(String, String, ConsoleAction)] = [
                ("GET", "/api/v1/approvals", .readApprovals), ("GET", "/api/v1/approvals/\(ticket.id)", .readApprovals),
                ("POST", "/api/v1/approvals/\(ticket.id)/approve", .decideApprovals),
                ("POST", "/api/v1/approvals/\(ticket.id)/reject", .decideApprovals),
                ("GET", "/api/v1/sessions", .readSessions), ("GET", "/api/v1/sessions/\(session.id)", .readSessions),
                ("GET", "/api/v1/sessions/\(session.id)/recording", .readRecordings),
                ("POST", "/api/v1/sessions/\(session.id)/terminate", .terminateSessions),
                ("GET", "/api/v1/audit/checkpoint", .readAudit), ("GET", "/api/v1/audit/entries", .readAudit),
                ("GET", "/api/v1/audit/entries/0", .readAudit), ("GET", "/api/v1/policy", .readPolicy),
                ("POST", "/api/v1/policy/reload", .reloadPolicy), ("GET", "/tlog/checkpoint", .readAudit),
                ("GET", "/tlog/tile/0/000", .readAudit), ("GET", "/tlog/tile/entries/000", .readAudit),
            ]
            for (method, path, action) in requests {
                let answer =
                    method == "GET"
                    ? try await console.get(path, as: "bob") : try await console.post(path, as: "bob", body)
                #expect(answer.status == 403, "\(path)")
                #expect(try answer.problemCode() == "denied")
                #expect(try answer.json["rule"] as? String == "no-\(action.rawValue)")
            }
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
            console.backend.state.withLock { state in
                #expect(state.terminated.isEmpty && state.reloads == 0)
            }
        }
    }

    @Test("an error that nobody foresaw tells nothing of itself")
    func unforeseen() async throws {
        try await RunningConsole.run { console in
            console.backend.change { $0.isDown = true }
            for path in ["/api/v1/sessions", "/api/v1/audit/entries", "/api/v1/policy"] {
                let answer = try await console.get(path, as: "carol")
                #expect(answer.status == 500)
                #expect(try answer.problemCode() == "internal")
                #expect(!answer.body.contains("secret0"))
            }
            console.backend.change { $0.isDown = false }
            #expect(try await console.get("/api/v1/policy", as: "carol").status == 200)
        }
    }

    @Test("what cannot be decided or recorded is not done, and is 503")
    func auditFull() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            console.backend.change { $0.isAuditFull = true }
            let path = "/api/v1/approvals/\(ticket.id)"
            for answer in [
                try await console.get("/api/v1/sessions", as: "carol"), try await console.get(path, as: "bob"),
                try await console.post("\(path)/approve", as: "bob", #"{"justification":"x"}"#),
                try await console.get("/tlog/checkpoint", as: "carol"),
            ] {
                #expect(answer.status == 503)
                #expect(try answer.problemCode() == "authorization-unavailable")
                #expect(!answer.body.contains("secret0"))
            }
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
        }
    }

    @Test("HEAD is answered like GET without the body, and another method names those that are possible")
    func methods() async throws {
        try await RunningConsole.run { console in
            let head = try await console.send("HEAD", "/healthz")
            #expect(head.status == 200 && head.body.isEmpty)
            let wrong = try await console.send("PUT", "/healthz")
            #expect(wrong.header("Allow") == "GET, HEAD")
        }
    }

    @Test("a broken escape is refused", arguments: ["%", "%2", "%zz", "a%g0", "%+1"])
    func brokenEscape(text: String) async throws {
        try await RunningConsole.run { console in
            let answer = try await console.raw(
                "GET /api/v1/me?x=\(text) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains("A percent escape is broken."))
        }
    }

    @Test(
        "what is not HTTP does no harm",
        arguments: [
            "\u{16}\u{3}\u{1}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "GET relative HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n",
        ])
    func notHTTP(text: String) async throws {
        try await RunningConsole.run { console in
            let answer = try await console.raw(text)
            #expect(!answer.contains(" 200 "))
            #expect(!answer.contains(" 500 "))
            #expect(try await console.get("/healthz").status == 200)
        }
    }
}
