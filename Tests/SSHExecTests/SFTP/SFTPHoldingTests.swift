import NIOCore
import Testing

@testable import SSHExec

@Suite("While a decision of SFTP is awaited")
struct SFTPHoldingTests {
    @Test("what the caller sent later waits, and goes on in order")
    func order() {
        var conversation = SFTPConversation.withFile()
        conversation.verdict = { $0.operations == [.remove] ? .wait : .permit }
        let later = [
            SFTPPacket.read(3, "h", 0, 10), SFTPPacket.strings(.stat, 4, "/a"), SFTPPacket.strings(.close, 5, "h"),
        ]
        conversation.caller(SFTPPacket.strings(.remove, 2, "/f"))
        for packet in later { conversation.caller(packet) }
        #expect(conversation.takeActions().count == 1)
        conversation.relay.permit(SFTPDecisionID(number: 2))
        conversation.run()
        #expect(conversation.toHost == [SFTPPacket.strings(.remove, 2, "/f")] + later)
    }

    @Test("the host's answers still pass")
    func answers() {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(3, "h", 0, 10))
        conversation.verdict = { _ in .wait }
        conversation.caller(SFTPPacket.strings(.remove, 2, "/f"))
        conversation.host(SFTPPacket.data(3, [1, 2]))
        #expect(conversation.toCaller == [SFTPPacket.data(3, [1, 2])])
    }

    @Test("the caller is read no further than the bound, and again after the decision")
    func bound() {
        var limits = SFTPLimits()
        limits.maximumHeldBytes = 300_000
        var conversation = SFTPConversation.withFile(flags: .write, limits: limits)
        conversation.verdict = { _ in .wait }
        conversation.caller(SFTPPacket.strings(.remove, 2, "/f"))
        #expect(conversation.relay.wantsMoreFromCaller)
        conversation.caller(SFTPPacket.write(3, "h", 0, [UInt8](repeating: 0, count: 200_000)))
        #expect(conversation.relay.wantsMoreFromCaller)
        conversation.caller(SFTPPacket.write(4, "h", 200_000, [UInt8](repeating: 0, count: 200_000)))
        #expect(!conversation.relay.wantsMoreFromCaller)
        conversation.relay.refuse(SFTPDecisionID(number: 2), message: "no")
        conversation.run()
        #expect(conversation.relay.wantsMoreFromCaller)
        #expect(conversation.toHost.count == 2)
    }

    @Test("an answer to another decision, or a second one, changes nothing")
    func strayDecisions() {
        var conversation = SFTPConversation.opened()
        conversation.verdict = { _ in .wait }
        conversation.caller(SFTPPacket.strings(.remove, 2, "/f"))
        conversation.relay.permit(SFTPDecisionID(number: 99))
        conversation.run()
        #expect(conversation.toHost.isEmpty)
        conversation.relay.refuse(SFTPDecisionID(number: 1), message: "no")
        conversation.relay.permit(SFTPDecisionID(number: 1))
        conversation.run()
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.toCaller == [SFTPPacket.status(2, .permissionDenied, "no")])
    }

    @Test("and too many requests are unanswered, further ones wait for the host")
    func requestsInFlight() {
        var limits = SFTPLimits()
        limits.maximumRequestsInFlight = 2
        var conversation = SFTPConversation.withFile(limits: limits)
        for id in 2...5 { conversation.caller(SFTPPacket.read(UInt32(id), "h", 0, 1)) }
        #expect(conversation.toHost.count == 2)
        conversation.host(SFTPPacket.data(3, [1]))
        #expect(conversation.toHost.count == 3)
    }
}

@Suite("When an SFTP session ends")
struct SFTPSessionEndTests {
    @Test("everything permitted has one outcome, and an open decision is withdrawn")
    func hostEnds() {
        var conversation = SFTPConversation.withFile(flags: .write)
        conversation.caller(SFTPPacket.write(9, "h", 0, [1, 2]))
        conversation.caller(SFTPPacket.strings(.remove, 2, "/a"))
        conversation.caller(SFTPPacket.open(3, "/b", .read))
        conversation.verdict = { _ in .wait }
        conversation.caller(SFTPPacket.strings(.remove, 4, "/c"))
        _ = conversation.takeActions()
        conversation.hostEnds()
        let ending = SFTPOutcome.Ending.interrupted("the host ended the session")
        let transfer = SFTPTransfer(written: .unknown("interrupted"))
        #expect(
            conversation.takeActions() == [
                .withdrawn(SFTPDecisionID(number: 4)),
                .finished(SFTPDecisionID(number: 2), SFTPOutcome(ending)),
                .finished(SFTPDecisionID(number: 3), SFTPOutcome(ending)),
                .finished(SFTPDecisionID(number: 1), SFTPOutcome(ending, transfer: transfer)),
            ])
        conversation.caller(SFTPPacket.strings(.remove, 5, "/d"))
        conversation.host(SFTPPacket.status(2))
        #expect(conversation.takeActions().isEmpty)
    }

    @Test("by the caller, what it had sent is done, and its outcomes still come")
    func callerEnds() {
        var conversation = SFTPConversation.withFile()
        conversation.relay.receive(fromCaller: SFTPPacket.strings(.remove, 2, "/a"))
        conversation.relay.receive(fromCaller: SFTPPacket.strings(.close, 3, "h"))
        conversation.callerEnds()
        #expect(conversation.toHost.count == 2)
        #expect(conversation.relay.callerIsGone)
        _ = conversation.takeActions()
        conversation.host(SFTPPacket.status(2))
        conversation.host(SFTPPacket.status(3))
        #expect(conversation.toCaller.isEmpty)
        let transfer = SFTPTransfer(read: .unknown("nothing was read"))
        #expect(conversation.outcomes == [SFTPOutcome(.succeeded), SFTPOutcome(.succeeded, transfer: transfer)])
        conversation.hostEnds()
        #expect(conversation.outcomes.count == 2)
    }

    @Test("by the caller, what waits for a decision is not done")
    func callerEndsUndecided() {
        var conversation = SFTPConversation.opened()
        conversation.verdict = { _ in .wait }
        conversation.caller(SFTPPacket.strings(.remove, 1, "/a"))
        conversation.caller(SFTPPacket.strings(.remove, 2, "/b"))
        _ = conversation.takeActions()
        conversation.callerEnds()
        #expect(conversation.takeActions() == [.withdrawn(SFTPDecisionID(number: 1))])
        conversation.relay.permit(SFTPDecisionID(number: 1))
        conversation.run()
        #expect(conversation.takeActions().isEmpty)
    }

    @Test("by a violation, outcomes come first, and then it is said again and again")
    func violation() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/a"))
        conversation.host(SFTPPacket.status(77))
        #expect(conversation.outcomes.count == 1)
        #expect(conversation.violation?.party == .host)
        _ = conversation.takeActions()
        conversation.caller(SFTPPacket.strings(.remove, 2, "/b"))
        conversation.host(SFTPPacket.status(1))
        #expect(conversation.takeActions().isEmpty)
        #expect(throws: SFTPViolation.self) { try conversation.relay.nextAction() }
    }
}
