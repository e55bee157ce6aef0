import Approvals
import Foundation
import GatewayCore
import Identifiers
import Testing

@testable import Console

@Suite("Pages")
struct PagesTests {
    @Test("a person signs in, sees what waits, approves with a reason and signs out")
    func wholeWay() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask("POST /pay {\"to\": \"x\"}")
            let away = try await console.page("/approvals/\(ticket.id)", cookie: nil)
            #expect(away.status == 303)
            #expect(away.header("Location") == "/sign-in?return_to=/approvals/\(ticket.id)")
            let signInPage = try await console.page("/sign-in?return_to=/approvals/\(ticket.id)", cookie: nil)
            #expect(signInPage.body.contains(#"name="return_to" value="/approvals/\#(ticket.id)""#))
            let signedIn = try await console.form(
                "/sign-in", cookie: nil, ["token": " bob-token\n", "return_to": "/approvals/\(ticket.id)"])
            #expect(signedIn.header("Location") == "/approvals/\(ticket.id)")
            let cookie = try signedIn.cookie("sallyport")
            let list = try await console.page("/approvals", cookie: cookie)
            #expect(list.body.contains("/approvals/\(ticket.id)") && list.body.contains("alice@example.com"))
            let page = try await console.page("/approvals/\(ticket.id)", cookie: cookie)
            #expect(
                page.body.contains("POST /pay {&quot;to&quot;: &quot;x&quot;}") && page.body.contains("change 4711"))
            let done = try await console.form(
                "/approvals/\(ticket.id)", cookie: cookie,
                ["csrf": try page.csrf(), "verdict": "approve", "justification": "looked at it"])
            #expect(done.status == 303 && done.header("Location") == "/approvals/\(ticket.id)")
            let approved = try await console.backend.approvals.ticket(ticket.id)
            #expect(approved?.state == .approved)
            #expect(approved?.decisions.map(\.justification) == ["looked at it"])
            let after = try await console.page("/approvals/\(ticket.id)", cookie: cookie)
            #expect(after.body.contains("looked at it") && !after.body.contains("name=\"verdict\""))
            let out = try await console.form("/sign-out", cookie: cookie, ["csrf": try after.csrf()])
            #expect(out.header("Set-Cookie")?.contains("Max-Age=0") ?? false)
            #expect(try await console.page("/approvals", cookie: cookie).status == 303, "the session has ended")
        }
    }

    @Test("the session's cookie is out of reach of scripts and of other sites")
    func cookie() async throws {
        try await RunningConsole.run { console in
            let answer = try await console.form("/sign-in", cookie: nil, ["token": "bob-token"])
            let field = try #require(answer.header("Set-Cookie"))
            #expect(field.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
            #expect(!field.contains("bob-token"))
        }
        try await RunningConsole.run {
            $0.url = "https://gate.example"
        } _: { console in
            let answer = try await console.form(
                "/sign-in", cookie: nil, ["token": "bob-token"], origin: "https://gate.example")
            let field = try #require(answer.header("Set-Cookie"))
            #expect(
                field.hasPrefix("__Host-sallyport=") && field.hasSuffix("; Path=/; HttpOnly; SameSite=Strict; Secure"))
            #expect(answer.header("Strict-Transport-Security") != nil)
        }
    }

    @Test(
        "a form of another site is refused",
        arguments: [
            nil, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1",
            "http://127.0.0.1.evil.example",
            "https://127.0.0.1", "",
        ] as [String?])
    func foreignOrigin(origin: String?) async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            let cookie = try await console.signIn("bob")
            let csrf = try await console.page("/approvals/\(ticket.id)", cookie: cookie).csrf()
            let fields = ["csrf": csrf, "verdict": "approve", "justification": "x"]
            let decided = try await console.form(
                "/approvals/\(ticket.id)", cookie: cookie, fields, origin: .some(origin))
            #expect(decided.status == 403)
            #expect(decided.body.contains("foreign-origin"))
            let signIn = try await console.form("/sign-in", cookie: nil, ["token": "bob-token"], origin: .some(origin))
            #expect(signIn.status == 403 && signIn.header("Set-Cookie") == nil)
            let out = try await console.form("/sign-out", cookie: cookie, ["csrf": csrf], origin: .some(origin))
            #expect(out.status == 403)
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
            #expect(try await console.page("/approvals", cookie: cookie).status == 200)
        }
    }

    @Test("a form without the session's own token is refused, also from our own origin")
    func csrf() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            let cookie = try await console.signIn("bob")
            let other = try await console.signIn("bob")
            let foreign = try await console.page("/approvals/\(ticket.id)", cookie: other).csrf()
            let own = try await console.page("/approvals/\(ticket.id)", cookie: cookie).csrf()
            #expect(own != foreign)
            for token in [nil, "", "x", foreign, "\(own)x"] as [String?] {
                var fields = ["verdict": "approve", "justification": "x"]
                fields["csrf"] = token
                let answer = try await console.form("/approvals/\(ticket.id)", cookie: cookie, fields)
                #expect(answer.status == 403 && answer.body.contains("form-expired"))
            }
            let crossSite = try await console.form(
                "/approvals/\(ticket.id)", cookie: cookie, ["csrf": own, "verdict": "approve", "justification": "x"],
                headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(crossSite.status == 403)
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
        }
    }

    @Test("a decision that is refused shows why, keeps what was typed, and changes nothing")
    func refusedDecision() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            func decide(_ who: String, _ fields: [String: String]) async throws -> RunningConsole.Answer {
                let cookie = try await console.signIn(who)
                var fields = fields
                fields["csrf"] = try await console.page("/approvals", cookie: cookie).csrf()
                return try await console.form("/approvals/\(ticket.id)", cookie: cookie, fields)
            }
            let own = try await decide("alice", ["verdict": "approve", "justification": "mine <b>"])
            #expect(own.status == 403 && own.body.contains("Nobody decides on a ticket of their own."))
            let foreign = try await decide("carol", ["verdict": "approve", "justification": "why not <b>"])
            #expect(foreign.status == 403 && foreign.body.contains("why not &lt;b&gt;"))
            let blank = try await decide("bob", ["verdict": "approve", "justification": "  "])
            #expect(blank.status == 400 && blank.body.contains("justification is required"))
            #expect(try await decide("bob", ["justification": "x"]).status == 400)
            #expect(try await decide("bob", ["verdict": "maybe", "justification": "x"]).status == 400)
            console.backend.change { $0.refused["bob"] = [.decideApprovals] }
            #expect(try await decide("bob", ["verdict": "approve", "justification": "x"]).status == 403)
            #expect(try await console.backend.approvals.ticket(ticket.id)?.state == .pending)
            console.backend.change { $0.refused["carol"] = [.readApprovals] }
            let hidden = try await console.page("/approvals/\(ticket.id)", cookie: console.signIn("carol"))
            #expect(hidden.status == 403 && !hidden.body.contains("POST /pay"))
        }
    }

    @Test("who may not read all tickets sees their own")
    func ownTickets() async throws {
        try await RunningConsole.run { console in
            let own = try await console.backend.ask()
            let other = try await console.backend.ask(by: "carol")
            console.backend.change { $0.refused["alice"] = [.readApprovals] }
            let list = try await console.page("/approvals", cookie: console.signIn("alice")).body
            #expect(list.contains("/approvals/\(own.id)") && !list.contains("/approvals/\(other.id)"))
        }
    }

    @Test("nothing from outside becomes markup, and what hides is shown")
    func escaping() async throws {
        try await RunningConsole.run { console in
            let evil = "<script>alert(1)</script>\"'&\u{202e}\u{1b}[2J"
            console.backend.change {
                $0.callers["alice-token"] = FakeBackend.person("alice", [], label: "<img src=x>")
            }
            let ticket = try await console.backend.ask(evil, because: "<b>\u{202e}now</b>")
            _ = try await console.backend.ask(digest: "long", because: "x")
            let cookie = try await console.signIn("bob")
            for path in ["/approvals", "/approvals/\(ticket.id)"] {
                let page = try await console.page(path, cookie: cookie).body
                #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"))
                #expect(!page.contains("\u{202e}") && !page.contains("\u{1b}"))
                #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;⟦U+202E⟧⟦U+001B⟧[2J"))
                #expect(page.contains("&lt;img src=x&gt;"))
            }
            let error = try await console.page("/%3Cscript%3E<script>", cookie: nil)
            #expect(!error.body.contains("<script"))
        }
    }

    @Test("a cut summary and a window are said aloud")
    func warnings() async throws {
        try await RunningConsole.run { console in
            let cookie = try await console.signIn("bob")
            let cut = try await console.backend.ask(String(repeating: "x", count: 70_000), digest: "1")
            let window = try await console.backend.ask(digest: "2", window: .seconds(5400))
            let single = try await console.backend.ask(digest: "3")
            func page(_ ticket: Ticket) async throws -> String {
                try await console.page("/approvals/\(ticket.id)", cookie: cookie).body
            }
            #expect(try await page(cut).contains("only the beginning of the command"))
            #expect(try await page(window).contains("for 1 hour, 30 minutes after the approval"))
            #expect(try await page(single).contains("exactly this command, once"))
        }
    }

    @Test("every answer carries the security headers, and no page has a script or an inline style")
    func headers() async throws {
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            let cookie = try await console.signIn("bob")
            let paths = [
                "/", "/sign-in", "/approvals", "/approvals/\(ticket.id)", "/nowhere", "/healthz", "/console.css",
            ]
            for path in paths {
                let answer = try await console.page(path, cookie: cookie)
                #expect(
                    answer.header("Content-Security-Policy")
                        == "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
                )
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("X-Frame-Options") == "DENY")
                #expect(answer.header("Referrer-Policy") == "same-origin")
                #expect(answer.header("Cache-Control") == "no-store")
                for mark in ["<script", "style=", "onclick", "javascript:"] { #expect(!answer.body.contains(mark)) }
            }
        }
    }

    @Test(
        "signing in leads to our own pages only",
        arguments: [
            "https://evil.example", "//evil.example", "/\\evil.example", "/approvals/../sign-out", "/approvals/x",
            "/approvals//evil.example", "javascript:alert(1)", "", "/api/v1/me",
        ])
    func returnPath(text: String) {
        #expect(ReturnPath(text).path == "/approvals")
    }

    @Test("a token that is not good shows why, and sets no cookie", arguments: ["", " ", "x", "expired-token"])
    func badToken(token: String) async throws {
        try await RunningConsole.run { console in
            let answer = try await console.form("/sign-in", cookie: nil, ["token": token])
            #expect(answer.status == 401)
            #expect(answer.header("Set-Cookie") == nil)
            #expect(answer.body.contains("class=\"warning\""))
            #expect(try await console.page("/approvals", cookie: "sallyport=").status == 303)
            #expect(try await console.page("/approvals", cookie: "sallyport=x; sallyport=y").status == 303)
        }
    }

    @Test("a form that is malformed or too large is refused")
    func badForms() async throws {
        try await RunningConsole.run { console in
            func send(_ body: String, _ type: String, expecting status: UInt) async throws {
                let headers = [("Content-Type", type), ("Origin", console.url)]
                let answer = try await console.send("POST", "/sign-in", headers: headers, body: body)
                #expect(answer.status == status)
            }
            let form = "application/x-www-form-urlencoded"
            try await send("token=%zz", form, expecting: 400)
            try await send("token=a&token=b", form, expecting: 400)
            try await send("token=\(String(repeating: "a", count: 70_000))", form, expecting: 413)
            try await send("token=a", "multipart/form-data", expecting: 415)
        }
    }
}
