import NIOCore
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("Signing in to the gateway")
struct UserAuthServerTests {
    @Test(
        "only signing in can be asked for first", arguments: ["ssh-connection", "ssh-userauth2", "", "ssh-userauth\0"])
    func services(name: String) throws {
        var server = UserAuthServer(sessionIdentifier: [], maximumFailures: 6)
        #expect { try server.receive(ClientMessage.service(name)) } throws: { error in
            (error as? TransportError)?.reason == .serviceNotAvailable
        }
        let accepted = try server.receive(ClientMessage.service())?.sent
        #expect(accepted == ClientMessage.message(6) { $0.text("ssh-userauth") })
    }

    @Test("nothing but the connection may follow")
    func followingService() throws {
        var server = try UserAuthServer.started()
        #expect { try server.receive(ClientMessage.request("none", service: "ssh-userauth")) } throws: { error in
            (error as? TransportError)?.reason == .serviceNotAvailable
        }
    }

    @Test("methods that are not known or that nobody has get the list of those that are")
    func unknownMethods() throws {
        for method in ["none", "hostbased", "gssapi-with-mic", "publickey-hostbound-v00@openssh.com", ""] {
            var server = try UserAuthServer.started()
            #expect(try server.receive(ClientMessage.request(method))?.sent == UserAuthServer.failure, "\(method)")
        }
        var server = try UserAuthServer.started()
        let change = ClientMessage.request("password") { writer in
            writer.byte(1)
            writer.text("old")
            writer.text("new")
        }
        #expect(try server.receive(change)?.sent == UserAuthServer.failure)
    }

    @Test("a password as long as a token is handed over whole")
    func longPassword() throws {
        var server = try UserAuthServer.started()
        let token = String(repeating: "ä7.", count: 3000)
        let attempt = try server.attempt(for: ClientMessage.password(token))
        guard case .password(let bytes) = attempt.proof else {
            Issue.record("\(attempt)")
            return
        }
        #expect(bytes == Array(token.utf8) && attempt.user == ClientMessage.user)
        #expect(server.succeed(attempt) == ByteBuffer(bytes: [52]))
        #expect(server.isAuthenticated)
    }

    @Test("user names end at 1 KiB")
    func longUsers() throws {
        var server = try UserAuthServer.started()
        let longest = String(repeating: "u", count: 1024)
        #expect(try server.attempt(for: ClientMessage.password("p", user: longest)).user == longest)
        server = try UserAuthServer.started()
        #expect(throws: TransportError.self) { try server.receive(ClientMessage.password("p", user: longest + "u")) }
    }

    @Test("a user name that changes ends the connection, once something was tried")
    func changedUser() throws {
        for tried in [
            ClientMessage.password("p"), ClientMessage.keyboardInteractive(), ClientMessage.request("hostbased"),
        ] {
            var server = try UserAuthServer.started()
            #expect(try server.receive(ClientMessage.request("none", user: "somebody"))?.sent != nil)
            _ = try server.receive(tried)
            _ = try server.fail()
            for other in ["web-2", "web-1 ", "WEB-1", ""] {
                var server = server
                #expect(throws: TransportError.self, "\(other)") {
                    try server.receive(ClientMessage.password("p", user: other))
                }
            }
            #expect(try server.receive(ClientMessage.password("p"))?.attempt != nil)
        }
        // The same to Unicode, but not the same bytes.
        var server = try UserAuthServer.started()
        _ = try server.receive(ClientMessage.password("p", user: "caf\u{e9}"))
        _ = try server.fail()
        #expect(throws: TransportError.self) {
            try server.receive(ClientMessage.password("p", user: "cafe\u{301}"))
        }
    }

    @Test("failures are bounded, and the last is told by the end of the connection", arguments: [1, 2, 6])
    func tooManyFailures(maximum: Int) throws {
        var server = try UserAuthServer.started(maximumFailures: maximum)
        for _ in 1..<maximum {
            _ = try server.attempt(for: ClientMessage.password("wrong"))
            #expect(try server.fail().map(\.sent) == [UserAuthServer.failure])
        }
        _ = try server.attempt(for: ClientMessage.password("wrong"))
        #expect(throws: TransportError(.noMoreAuthenticationMethods, "Too many authentication failures.")) {
            try server.fail()
        }
    }

    @Test("requests that prove nothing are free at first, refused or not", arguments: [true, false])
    func freeQuestions(isAcceptable: Bool) throws {
        let key = try SSHPrivateKey.newEd25519()
        var server = try UserAuthServer.started(maximumFailures: 2)
        for _ in 0..<10 {
            _ = try server.receive(ClientMessage.request("none"))
            _ = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type))
            _ = try server.offer(isAcceptable: isAcceptable)
        }
        var other = server
        _ = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type))
        #expect(try server.offer(isAcceptable: isAcceptable).count == 1)
        _ = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type))
        #expect(throws: TransportError.self) { try server.offer(isAcceptable: isAcceptable) }
        #expect(try other.receive(ClientMessage.request("none"))?.sent == UserAuthServer.failure)
        #expect(throws: TransportError.self) { try other.receive(ClientMessage.request("none")) }
    }

    @Test("only the attempt that is being judged succeeds, once, and on its own connection")
    func succeeding() throws {
        var server = try UserAuthServer.started()
        let first = try server.attempt(for: ClientMessage.password("one"))
        _ = try server.fail()
        #expect(server.succeed(first) == nil && !server.isAuthenticated)
        let second = try server.attempt(for: ClientMessage.password("two"))
        #expect(server.succeed(first) == nil && !server.isAuthenticated)

        var other = UserAuthServer(sessionIdentifier: Array("another".utf8), maximumFailures: 6)
        _ = try other.receive(ClientMessage.service())
        _ = try other.attempt(for: ClientMessage.password("one"))
        #expect(other.succeed(first) == nil && !other.isAuthenticated)

        #expect(server.succeed(second) != nil && server.isAuthenticated)
        #expect(server.succeed(second) == nil)
        #expect(try server.fail().isEmpty)
        #expect(server.isAuthenticated)
        #expect(try server.receive(ClientMessage.password("again")) == nil)
    }

    @Test("answers that come for what is over change nothing", arguments: ServerState.allCases)
    func lateAnswers(state: ServerState) throws {
        var server = try state.server()
        if state != .judgingOffer { #expect(try server.offer(isAcceptable: true).isEmpty) }
        if state != .startingInteractive {
            #expect(try server.ask(name: "", instruction: "", prompts: ["p"]).isEmpty)
        }
        if ![.judging, .judgingOffer, .startingInteractive].contains(state) { #expect(try server.fail().isEmpty) }
        #expect(server.isAuthenticated == (state == .authenticated))
        for number in state.allowed where number == 50 {
            #expect(throws: Never.self) { try server.receive(ClientMessage.request("none")) }
        }
    }

    @Test("each request has one answer, in order, however late it comes")
    func order() throws {
        var server = try UserAuthServer.started()
        let key = try SSHPrivateKey.newEd25519()
        _ = try server.attempt(for: ClientMessage.password("one"))
        #expect(try server.receive(ClientMessage.request("none")) == nil)
        #expect(try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type)) == nil)
        #expect(try server.receive(ClientMessage.keyboardInteractive()) == nil)
        #expect(try server.receive(ClientMessage.password("two")) == nil)
        let afterPassword = try server.fail()
        #expect(afterPassword.count == 3)
        #expect(afterPassword.prefix(2).map(\.sent) == [UserAuthServer.failure, UserAuthServer.failure])
        #expect(afterPassword.last?.offered == key.publicBlob)
        let afterOffer = try server.offer(isAcceptable: true)
        #expect(afterOffer.count == 2)
        #expect(afterOffer.first?.sent == UserAuthAnswer.publicKeyOK(algorithm: key.type, blob: key.publicBlob))
        #expect(afterOffer.last?.beginsInteractive == true)
        // The request that waits abandons the exchange as soon as it begins.
        let afterAsking = try server.ask(name: "", instruction: "", prompts: ["p"])
        #expect(afterAsking.count == 2 && afterAsking.first?.sent?.getInteger(at: 0, as: UInt8.self) == 60)
        let last = try #require(afterAsking.last?.attempt)
        #expect(server.succeed(last) != nil)
    }

    @Test("what waits after a success is dropped")
    func heldAfterSuccess() throws {
        var server = try UserAuthServer.started()
        let attempt = try server.attempt(for: ClientMessage.password("one"))
        _ = try server.receive(ClientMessage.password("two"))
        #expect(server.succeed(attempt) != nil)
        #expect(try server.fail().isEmpty)
        #expect(server.isAuthenticated)
    }

    @Test("only so many requests wait, and so many bytes")
    func heldBounds() throws {
        var server = try ServerState.judging.server()
        for _ in 0..<4 { #expect(try server.receive(ClientMessage.password("p")) == nil) }
        #expect(throws: TransportError.self) { try server.receive(ClientMessage.password("p")) }
        server = try ServerState.judging.server()
        let large = ClientMessage.password(String(repeating: "x", count: 40_000))
        #expect(try server.receive(large) == nil)
        #expect(throws: TransportError.self) { try server.receive(large) }
    }
}
