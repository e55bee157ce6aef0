import NIOCore
import Testing

@testable import SSHExec

@Suite("What one SFTP session keeps")
struct SFTPBoundsTests {
    /// A file of 300,000 bytes, read and masked, that the caller has open as `h`.
    private static func opened() -> SFTPConversation {
        var conversation = SFTPConversation.opened()
        conversation.verdict = { _ in .mask(CapitalsMasker()) }
        conversation.caller(SFTPPacket.open(1, "/f", .read))
        conversation.host(SFTPPacket.handle(1, "h"))
        for size in [250_000, 50_000] {
            conversation.host(
                SFTPPacket.data(
                    conversation.toHost.last?.getInteger(at: 5) ?? 0, [UInt8](repeating: 0x61, count: size)))
        }
        conversation.host(SFTPPacket.status(conversation.toHost.last?.getInteger(at: 5) ?? 0, .endOfFile))
        _ = conversation.takeActions()
        return conversation
    }

    /// Requests of a few bytes each, for an answer of 255 KiB each.
    private static func greed(_ count: UInt32) -> ByteBuffer {
        var packets = ByteBuffer()
        for id in 2..<(2 + count) { packets.writeImmutableBuffer(SFTPPacket.read(id, "h", 0, .max)) }
        return packets
    }

    @Test("are the requests as they came, and no answer that nobody has taken yet")
    func masked() throws {
        var conversation = Self.opened()
        conversation.relay.receive(fromCaller: Self.greed(60_000))
        #expect(!conversation.relay.wantsMoreFromCaller)
        for id in 2..<12 as Range<UInt32> {
            guard case .sendToCaller(let packet)? = try conversation.relay.nextAction() else {
                Issue.record("no answer to \(id)")
                return
            }
            #expect(packet.getInteger(at: 5, as: UInt32.self) == id)
            #expect(conversation.relay.actions.isEmpty)
            #expect(!conversation.relay.wantsMoreFromCaller)
        }
    }

    @Test("are no answers once the host has ended")
    func ended() throws {
        var conversation = Self.opened()
        conversation.relay.receive(fromCaller: Self.greed(60_000))
        _ = try conversation.relay.nextAction()
        conversation.hostEnds()
        #expect(conversation.toCaller.isEmpty)
        #expect(conversation.outcomes.count == 1)
        #expect(conversation.relay.wantsMoreFromCaller)
    }

    @Test("are what the host had sent, before its end")
    func lastAnswers() {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(2, "h", 0, 10))
        conversation.relay.receive(fromHost: SFTPPacket.data(2, [1]))
        conversation.relay.receive(fromCaller: SFTPPacket.read(3, "h", 0, 10))
        conversation.hostEnds()
        #expect(conversation.toCaller == [SFTPPacket.data(2, [1])])
        #expect(conversation.toHost.count == 1)
    }
}
