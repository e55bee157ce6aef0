import NIOCore
import Testing

@testable import SSHExec

@Suite("A hostile side of SFTP")
struct SFTPHostilePeerTests {
    @Test("that answers twice, or to nobody, ends the session")
    func strayAnswers() {
        var twice = SFTPConversation.withFile()
        twice.caller(SFTPPacket.read(2, "h", 0, 10))
        twice.host(SFTPPacket.data(2, [1]))
        twice.host(SFTPPacket.data(2, [1]))
        #expect(twice.violation?.party == .host)
        #expect(twice.toCaller.count == 1)
        var stray = SFTPConversation.withFile()
        stray.host(SFTPPacket.status(55))
        #expect(stray.violation?.party == .host)
    }

    @Test("that gives one request the answer of another ends the session", arguments: SFTPRequestSample.all)
    func wrongTypes(_ sample: SFTPRequestSample) {
        let answers = [
            SFTPPacket.handle(7, "n"), SFTPPacket.data(7, [1]), SFTPPacket.names(7, "a"),
            SFTPPacket.attributes(7, SFTPAttributes(size: 1)), SFTPPacket.numbers(7, [1, 2]), SFTPPacket.version(7),
            SFTPPacket.strings(.remove, 7, "/f"), SFTPPacket.status(7),
        ]
        func type(_ packet: ByteBuffer) -> UInt8? { packet.getInteger(at: 4) }
        for answer in answers where type(answer) != type(sample.answer) {
            var conversation = SFTPRequestSample.conversation()
            conversation.caller(sample.packet)
            conversation.host(answer)
            #expect(conversation.violation?.party == .host)
            #expect(conversation.toCaller.isEmpty)
            #expect(conversation.outcomes.contains { if case .interrupted = $0.ending { true } else { false } })
        }
    }

    @Test("that gives more than was asked, or nothing, ends the session")
    func dataLength() {
        for content in [[1, 2, 3], []] as [[UInt8]] {
            var conversation = SFTPConversation.withFile()
            conversation.caller(SFTPPacket.read(2, "h", 0, 2))
            conversation.host(SFTPPacket.data(2, content))
            #expect(conversation.violation?.party == .host)
            #expect(conversation.toCaller.isEmpty)
        }
    }

    @Test("that gives a handle which is in use ends the session, and each permit has one outcome")
    func handleTwice() {
        for isFolder in [true, false] {
            var conversation = SFTPConversation.withFile()
            conversation.caller(isFolder ? SFTPPacket.strings(.opendir, 2, "/d") : SFTPPacket.open(2, "/g", .read))
            conversation.host(SFTPPacket.handle(2, "h"))
            #expect(conversation.violation?.party == .host)
            #expect(conversation.toCaller.isEmpty)
            #expect(conversation.outcomes.count == 2)
        }
    }

    @Test("that gives several names where one was asked ends the session")
    func names() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.realpath, 1, "."))
        conversation.host(SFTPPacket.names(1, "/a", "/b"))
        #expect(conversation.violation?.party == .host)
    }

    @Test("that uses a request id again before its answer ends the session")
    func requestIDs() {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(2, "h", 0, 10))
        conversation.caller(SFTPPacket.read(2, "h", 10, 10))
        #expect(conversation.violation?.party == .caller)
        #expect(conversation.toHost.count == 1)
        var waiting = SFTPConversation.opened()
        waiting.verdict = { _ in .wait }
        waiting.caller(SFTPPacket.strings(.remove, 2, "/f"))
        waiting.caller(SFTPPacket.strings(.remove, 2, "/f"))
        waiting.relay.permit(SFTPDecisionID(number: 1))
        waiting.run()
        #expect(waiting.violation?.party == .caller)
    }

    @Test(
        "that sends the other side's packets ends the session", arguments: [2, 101, 102, 103, 104, 105, 201] as [UInt8])
    func serverPackets(_ type: UInt8) {
        var conversation = SFTPConversation.opened()
        var packet = SFTPPacket.status(1)
        packet.setInteger(type, at: 4)
        conversation.caller(packet)
        #expect(conversation.violation?.party == .caller)
        #expect(conversation.toHost.isEmpty)
    }

    @Test("with a message of 200 kB does not fill the records")
    func longMessage() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/f"))
        conversation.host(SFTPPacket.status(1, .failure, String(repeating: "x", count: 200_000)))
        guard case .failed(let status) = conversation.outcomes.first?.ending else {
            Issue.record("no failure")
            return
        }
        #expect(status.message.utf8.count == 512)
    }

    @Test("that sends random bytes never crashes the relay", arguments: 0..<8 as Range<UInt64>)
    func randomBytes(_ seed: UInt64) {
        var random = SFTPSeededGenerator(state: seed)
        let samples = SFTPRequestSample.all
        for _ in 0..<100 {
            var conversation = SFTPRequestSample.conversation()
            let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
            let fromCaller = Bool.random(using: &random)
            if !fromCaller { conversation.caller(sample.packet) }
            var packet = fromCaller ? sample.packet : sample.answer
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 4..<packet.readableBytes, using: &random)
                packet.setInteger(UInt8.random(in: 0...255, using: &random), at: place)
            }
            if fromCaller { conversation.caller(packet) } else { conversation.host(packet) }
            conversation.hostEnds()
            let permits = conversation.requests.count + 1
            #expect(conversation.outcomes.count == permits)
        }
    }
}

/// The same numbers in each run (SplitMix64).
struct SFTPSeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
