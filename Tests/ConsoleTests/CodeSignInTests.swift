import AsyncHTTPClient
import Crypto
import Foundation
import Hummingbird
import Identity
import Logging
import StrictJSON
import Synchronization
import Testing

@testable import Console

@Suite("CodeSignIn")
struct CodeSignInTests {
    /// An issuer whose token endpoint is held by the test: what it was sent, and what it says.
    final class Issuer: DocumentFetcher {
        struct State {
            var sent: [String: String] = [:]
            var answer: (status: Int, body: String) = (200, "{}")
        }
        let state = Mutex(State())
        let port = Mutex(0)
        var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }

        func fetch(_ url: String) async throws -> FetchedDocument {
            let document = """
                {"issuer": "\(self.url)", "jwks_uri": "\(self.url)/jwks", "token_endpoint": "\(self.url)/token",
                "authorization_endpoint": "\(self.url)/authorize?tenant=1"}
                """
            return FetchedDocument(bytes: Array(document.utf8), maximumAge: nil)
        }

        func run(_ body: (Issuer) async throws -> Void) async throws {
            let (ports, started) = AsyncStream.makeStream(of: Int.self)
            let application = Application(
                responder: CallbackResponder<BasicRequestContext> { request, _ in
                    let sent = try FormFields.parse(
                        Array(try await request.body.collect(upTo: 65_536).readableBytesView))
                    let answer = self.state.withLock { state in
                        state.sent = Dictionary(uniqueKeysWithValues: sent.map { ($0.name, $0.value) })
                        return state.answer
                    }
                    return Response.bytes(
                        Array(answer.body.utf8), type: "application/json", status: .init(code: answer.status))
                },
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { started.yield($0.localAddress?.port ?? 0) },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await application.run() }
            for await listening in ports {
                port.withLock { $0 = listening }
                break
            }
            try await body(self)
            running.cancel()
            try? await running.value
        }
    }

    /// A console that lets people sign in at `issuer`.
    private func run(_ body: (RunningConsole, Issuer) async throws -> Void) async throws {
        try await Issuer().run { issuer in
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            let client = HTTPClient(configuration: configuration)
            do {
                try await RunningConsole.run { options in
                    options.issuers = [
                        .init(
                            name: "The <Company>", issuer: issuer.url, clientID: "console",
                            clientSecret: { "s3cret" }, fetcher: issuer, client: client)
                    ]
                } _: { console in
                    try await body(console, issuer)
                }
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    private struct Begun {
        let cookie: String
        let query: [String: String]
    }

    private func begin(_ console: RunningConsole, returnTo: String = "") async throws -> Begun {
        let answer = try await console.page("/sign-in/issuer?number=0&return_to=\(returnTo)", cookie: nil)
        #expect(answer.status == 303)
        let location = try #require(answer.header("Location"))
        let items = try #require(URLComponents(string: location)?.queryItems)
        return Begun(
            cookie: try answer.cookie("sallyport-sign-in"),
            query: Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") }))
    }

    /// A token as the authenticator would get it, of which only the nonce is read here.
    private func token(nonce: String) -> String {
        let payload = Data(#"{"sub":"bob","nonce":"\#(nonce)"}"#.utf8).base64URL
        return "e30.\(payload).c2ln"
    }

    @Test("a person signs in at the issuer and lands where they wanted to go")
    func wholeWay() async throws {
        try await run { console, issuer in
            let ticket = try await console.backend.ask()
            let page = try await console.page("/sign-in?return_to=/approvals/\(ticket.id)", cookie: nil)
            #expect(page.body.contains("Sign in with The &lt;Company&gt;"))
            #expect(page.body.contains("/sign-in/issuer?number=0&amp;return_to=/approvals/\(ticket.id)"))
            let begun = try await begin(console, returnTo: "/approvals/\(ticket.id)")
            #expect(begun.query["tenant"] == "1" && begun.query["response_type"] == "code")
            #expect(begun.query["client_id"] == "console" && begun.query["scope"] == "openid email groups")
            #expect(begun.query["redirect_uri"] == "\(console.url)/sign-in/callback")
            #expect(begun.query["code_challenge_method"] == "S256")
            let state = try #require(begun.query["state"])
            let token = token(nonce: try #require(begun.query["nonce"]))
            console.backend.change { $0.callers[token] = FakeBackend.person("bob", ["approver"]) }
            issuer.state.withLock { $0.answer = (200, #"{"id_token":"\#(token)","access_token":"x"}"#) }
            let back = try await console.page(
                "/sign-in/callback?code=c0de&state=\(state)&session_state=9", cookie: begun.cookie)
            #expect(back.status == 200)
            #expect(back.header("Refresh") == "0; url=/approvals/\(ticket.id)")
            let sent = issuer.state.withLock { $0.sent }
            #expect(
                sent["code"] == "c0de" && sent["grant_type"] == "authorization_code"
                    && sent["client_secret"] == "s3cret")
            let verifier = Data(SHA256.hash(data: Data((sent["code_verifier"] ?? "").utf8))).base64URL
            #expect(verifier == begun.query["code_challenge"])
            let cookie = try back.cookie("sallyport")
            #expect(try await console.page("/approvals/\(ticket.id)", cookie: cookie).status == 200)
            let again = try await console.page("/sign-in/callback?code=c0de&state=\(state)", cookie: begun.cookie)
            #expect(again.status == 400, "once only")
        }
    }

    @Test("an answer that this browser did not ask for is refused before the issuer hears of it")
    func foreignAnswer() async throws {
        try await run { console, issuer in
            let begun = try await begin(console)
            let state = try #require(begun.query["state"])
            let other = try await begin(console)
            for (query, cookie) in [
                ("code=c", begun.cookie), ("code=c&state=", begun.cookie), ("code=c&state=x", begun.cookie),
                ("code=c&state=\(state)", other.cookie),
            ] {
                let answer = try await console.page("/sign-in/callback?\(query)", cookie: cookie)
                #expect(answer.status == 400 && answer.header("Set-Cookie") == nil)
            }
            let noCookie = try await console.page(
                "/sign-in/callback?code=c&state=\(try #require(other.query["state"]))", cookie: nil)
            #expect(noCookie.status == 400)
            #expect(issuer.state.withLock { $0.sent.isEmpty })
        }
    }

    @Test("what the issuer answers is not taken on trust", arguments: 0..<7)
    func badAnswers(fault: Int) async throws {
        try await run { console, issuer in
            let begun = try await begin(console)
            let state = try #require(begun.query["state"])
            let nonce = try #require(begun.query["nonce"])
            let good = token(nonce: nonce)
            let replayed = token(nonce: "another")
            console.backend.change { $0.callers[replayed] = FakeBackend.person("bob", ["approver"]) }
            var query = "code=c&state=\(state)"
            var status: UInt = 502
            issuer.state.withLock { held in
                switch fault {
                case 0: held.answer = (500, "oops")
                case 1: held.answer = (400, #"{"error":"invalid_grant"}"#)
                case 2: held.answer = (200, "{}")
                case 3: held.answer = (200, #"{"id_token":"\#(replayed)"}"#)
                case 4: held.answer = (200, #"{"id_token":"garbage"}"#)
                case 5: (held.answer, status) = ((200, #"{"id_token":"\#(good)"}"#), 401)
                default: query += "&iss=https%3A%2F%2Fevil.example"
                }
            }
            let answer = try await console.page("/sign-in/callback?\(query)", cookie: begun.cookie)
            #expect(answer.status == status)
            #expect(!answer.headers.contains { $0.1.hasPrefix("sallyport=") })
        }
    }

    @Test("a person who is refused at the issuer reads why")
    func refusedAtIssuer() async throws {
        try await run { console, _ in
            let begun = try await begin(console)
            let answer = try await console.page(
                "/sign-in/callback?error=access_denied&error_description=no+%3Cb%3E&state=\(begun.query["state"] ?? "")",
                cookie: begun.cookie)
            #expect(answer.status == 403 && answer.body.contains("no &lt;b&gt;"))
        }
    }

    @Test("an issuer that is not configured is refused", arguments: ["", "?number=1", "?number=-1", "?number=x"])
    func unknownIssuer(query: String) async throws {
        try await run { console, _ in
            let answer = try await console.page("/sign-in/issuer\(query)", cookie: nil)
            #expect(answer.status == 400)
        }
    }
}
