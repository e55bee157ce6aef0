import Approvals
import Foundation
import Identifiers
import Testing

@testable import Console

@Suite("Approvals API")
struct ApprovalsAPITests {
    private static let justified = #"{"justification":"looked at it"}"#

    @Test("an approver lists, reads and approves")
    func approve() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask("POST /pay \u{202e}\"<x>\"")
            let list = try await console.get("/api/v1/approvals?state=pending", as: "bob").json
            let listed = try #require((list["approvals"] as? [[String: Any]])?.first)
            #expect(listed["id"] as? String == ticket.id.description)
            #expect(list["next_cursor"] is NSNull)
            let shown = try await console.get("/api/v1/approvals/\(ticket.id)", as: "bob").json
            #expect(shown["summary"] as? String == "POST /pay \u{202e}\"<x>\"")
            #expect(shown["state"] as? String == "pending")
            #expect((shown["requester"] as? [String: Any])?["label"] as? String == "alice@example.com")
            let answer = try await console.post("/api/v1/approvals/\(ticket.id)/approve", as: "bob", Self.justified)
            #expect(answer.status == 200)
            #expect(try answer.json["state"] as? String == "approved")
            let decisions = try #require(try answer.json["decisions"] as? [[String: Any]])
            #expect(decisions.map { $0["justification"] as? String } == ["looked at it"])
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .approved)
        }
    }

    @Test("an approver rejects")
    func reject() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            let answer = try await console.post("/api/v1/approvals/\(ticket.id)/reject", as: "bob", Self.justified)
            #expect(try answer.json["state"] as? String == "rejected")
        }
    }

    @Test("what the desk refuses is told with its reason, and changes nothing")
    func refusedByDesk() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask(approvers: 2)
            let path = "/api/v1/approvals/\(ticket.id)"
            func code(_ who: String, _ body: String, _ status: UInt) async throws -> String {
                let answer = try await console.post("\(path)/approve", as: who, body)
                #expect(answer.status == status)
                return try answer.problemCode()
            }
            #expect(try await code("alice", Self.justified, 403) == "own-ticket")
            #expect(try await code("carol", Self.justified, 403) == "not-an-approver")
            #expect(try await code("bob", #"{"justification":" "}"#, 400) == "justification-missing")
            #expect(try await code("bob", "{}", 400) == "justification-missing")
            #expect(try await code("bob", #"{"justification":null}"#, 400) == "justification-missing")
            let long = String(repeating: "x", count: 2001)
            #expect(try await code("bob", #"{"justification":"\#(long)"}"#, 400) == "justification-too-long")
            #expect(try await console.backend.approvals.ticket(ticket.id)?.decisions == [])
            #expect(try await console.post("\(path)/approve", as: "bob", Self.justified).status == 200)
            #expect(try await code("bob", Self.justified, 409) == "already-decided")
            #expect(try await console.post("\(path)/reject", as: "dave", Self.justified).status == 200)
            #expect(try await code("dave", Self.justified, 409) == "wrong-state")
        }
    }

    @Test("policy decides who reads and decides, before it is said what there is")
    func authorization() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            console.backend.change { state in
                state.refused = ["carol": [.readApprovals, .decideApprovals], "alice": [.readApprovals]]
            }
            for id in [ticket.id, UUIDv7(milliseconds: 1)] {
                let shown = try await console.get("/api/v1/approvals/\(id)", as: "carol")
                #expect(shown.status == 403)
                #expect(try shown.json["rule"] as? String == "no-console.approvals.read")
                let decided = try await console.post("/api/v1/approvals/\(id)/approve", as: "carol", Self.justified)
                #expect(decided.status == 403)
                #expect(try decided.json["rule"] as? String == "no-console.approvals.decide")
            }
            #expect(try await console.get("/api/v1/approvals", as: "alice").status == 403)
            #expect(try await console.get("/api/v1/approvals/\(ticket.id)", as: "alice").status == 200, "it is hers")
            let own = try await console.get("/api/v1/approvals?requester=me", as: "alice").json
            #expect((own["approvals"] as? [Any])?.count == 1)
            let others = try await console.get("/api/v1/approvals?requester=me", as: "carol").json
            #expect((others["approvals"] as? [Any])?.count == 0)
            let asked = console.backend.state.withLock { $0.authorized.last { $0.action == .decideApprovals } }
            #expect(asked?.resource.kind == .approval)
            let known = console.backend.state.withLock { state in
                state.authorized.first { $0.action == .decideApprovals }?.resource
            }
            #expect(known?.target == "ledger" && known?.owner?.subject == "alice")
        }
    }

    @Test("pages follow one another without gap or repetition")
    func pages() async throws {
        try await RunningConsole.run { console in
            var asked: [String] = []
            for index in 0..<5 {
                asked.append(try await console.backend.ask(digest: "\(index)").id.description)
            }
            var seen: [String] = []
            var cursor = ""
            var requests = 0
            repeat {
                let page = try await console.get("/api/v1/approvals?limit=2\(cursor)", as: "bob").json
                seen += try #require(page["approvals"] as? [[String: Any]]).compactMap { $0["id"] as? String }
                cursor = (page["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
                requests += 1
            } while !cursor.isEmpty
            #expect(seen == asked.sorted().reversed())
            #expect(requests == 3)
        }
    }

    @Test("a ticket that is not there is 404")
    func unknown() async throws {
        try await RunningConsole.run { console in
            let answer = try await console.get("/api/v1/approvals/\(UUIDv7(milliseconds: 1))", as: "bob")
            #expect(answer.status == 404)
            #expect(try answer.problemCode() == "ticket-not-found")
        }
    }
}
