import NIOCore
import Testing

@testable import SSHExec

@Suite("Asking a person (RFC 4256)")
struct KeyboardInteractiveTests {
    @Test("the person is asked, and the answers are handed over")
    func asking() throws {
        var server = try UserAuthServer.started()
        let begin = try server.receive(ClientMessage.keyboardInteractive())
        #expect(begin?.beginsInteractive == true)
        let asked = try server.ask(name: "Name", instruction: "Do this", prompts: ["One: ", "Two: "], echoes: false)
        let expected = ClientMessage.message(60) { writer in
            for text in ["Name", "Do this", ""] { writer.text(text) }
            writer.uint32(2)
            writer.text("One: ")
            writer.byte(0)
            writer.text("Two: ")
            writer.byte(0)
        }
        #expect(asked.map(\.sent) == [expected])
        let attempt = try server.attempt(for: ClientMessage.answers(["a", "bä"]))
        guard case .answers(["a", "bä"]) = attempt.proof else {
            Issue.record("\(attempt)")
            return
        }
        #expect(server.succeed(attempt) != nil)
    }

    @Test("another number of answers than was asked for fails", arguments: [0, 2, 32])
    func wrongCount(count: Int) throws {
        var server = try ServerState.awaitingAnswers.server()
        let answers = [String](repeating: "a", count: count)
        #expect(try server.receive(ClientMessage.answers(answers))?.sent == UserAuthServer.failure)
        #expect(!server.isAuthenticated)
    }

    @Test("a person may be asked again, but not for ever")
    func rounds() throws {
        var server = try ServerState.startingInteractive.server()
        for round in 1...32 {
            #expect(try server.ask(name: "", instruction: "\(round)", prompts: ["p"]).count == 1)
            _ = try server.attempt(for: ClientMessage.answers(["\(round)"]))
        }
        #expect(try server.ask(name: "", instruction: "", prompts: ["p"]).map(\.sent) == [UserAuthServer.failure])
        // A new exchange begins anew.
        _ = try server.receive(ClientMessage.keyboardInteractive())
        #expect(
            try server.ask(name: "", instruction: "", prompts: []).first?.sent?.getInteger(at: 0, as: UInt8.self) == 60)
    }

    @Test("an attempt with a password is never answered by asking")
    func askingForPassword() throws {
        var server = try ServerState.judging.server()
        #expect(try server.ask(name: "", instruction: "", prompts: ["p"]).isEmpty)
        #expect(try server.fail().map(\.sent) == [UserAuthServer.failure])
    }

    @Test("a new request abandons the exchange without an answer to it")
    func abandoning() throws {
        var server = try ServerState.awaitingAnswers.server()
        let attempt = try server.attempt(for: ClientMessage.password("p"))
        guard case .password = attempt.proof else {
            Issue.record("\(attempt)")
            return
        }
        #expect(try server.fail().map(\.sent) == [UserAuthServer.failure])
        #expect(throws: TransportError.self) { try server.receive(ClientMessage.answers(["late"])) }
    }

    @Test("exchanges that are begun and abandoned count as failures", arguments: [true, false])
    func abandonedCount(asksForService: Bool) throws {
        var server = try UserAuthServer.started(maximumFailures: 3)
        var begun = 0
        #expect {
            while begun < 100 {
                _ = try server.receive(ClientMessage.keyboardInteractive())
                begun += 1
                _ = try server.ask(name: "", instruction: "", prompts: ["p"])
                if asksForService { _ = try server.receive(ClientMessage.service()) }
            }
        } throws: { error in
            (error as? TransportError)?.reason == .noMoreAuthenticationMethods
        }
        #expect(begun == 3)
    }

    @Test("an identity provider that fails makes a failure")
    func failing() throws {
        var server = try ServerState.startingInteractive.server()
        #expect(try server.fail().map(\.sent) == [UserAuthServer.failure])
        #expect(try server.receive(ClientMessage.password("p"))?.attempt != nil)
    }
}
