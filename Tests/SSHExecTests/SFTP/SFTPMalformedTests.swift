import NIOCore
import Testing

@testable import SSHExec

@Suite("A malformed packet of SFTP")
struct SFTPMalformedTests {
    private static let callerPackets = SFTPRequestSample.all.map(\.packet) + SFTPRequestSample.undecided.map(\.packet)

    private static let exchanges: [(ByteBuffer, ByteBuffer)] =
        SFTPRequestSample.all.map { ($0.packet, $0.answer) } + SFTPRequestSample.undecided

    /// The packet cut after so many bytes, with the length field of what is left.
    private static func cut(_ packet: ByteBuffer, to length: Int) -> ByteBuffer {
        var cut = packet.getSlice(at: 0, length: length) ?? ByteBuffer()
        cut.setInteger(UInt32(length - 4), at: 0)
        return cut
    }

    @Test("of the caller is a violation wherever it is cut, and with a byte too many", arguments: callerPackets.indices)
    func cutRequest(_ index: Int) {
        let packet = Self.callerPackets[index]
        for length in 4..<packet.readableBytes {
            var conversation = SFTPRequestSample.conversation()
            conversation.caller(Self.cut(packet, to: length))
            #expect(conversation.violation?.party == .caller, "cut to \(length)")
            #expect(conversation.toHost.isEmpty)
            #expect(conversation.requests.isEmpty)
        }
        var conversation = SFTPRequestSample.conversation()
        var long = packet
        long.writeInteger(UInt8(0))
        conversation.caller(Self.cut(long, to: long.readableBytes))
        #expect(conversation.violation?.party == .caller)
    }

    @Test("of the host is a violation wherever it is cut, and with a byte too many", arguments: exchanges.indices)
    func cutAnswer(_ index: Int) {
        let (request, answer) = Self.exchanges[index]
        // A status may end before its message, or before the language.
        let isStatus = answer.getInteger(at: 4) == SFTPPacketType.status.rawValue
        let whole = isStatus ? [13, 24, answer.readableBytes] : [answer.readableBytes]
        var long = answer
        long.writeInteger(UInt8(0))
        for length in 4...long.readableBytes {
            var conversation = SFTPRequestSample.conversation()
            conversation.caller(request)
            conversation.host(Self.cut(long, to: length))
            #expect(conversation.violation?.party == (whole.contains(length) ? nil : .host), "cut to \(length)")
            #expect(conversation.toCaller.isEmpty != whole.contains(length))
        }
    }

    @Test("of the handshake is a violation wherever it is cut")
    func cutHandshake() {
        for length in 4..<9 {
            var conversation = SFTPConversation()
            conversation.caller(Self.cut(SFTPPacket.initialize(), to: length))
            #expect(conversation.violation?.party == .caller)
        }
        let version = SFTPPacket.make(.version, 3) { packet in
            packet.writeSFTPString("fsync@openssh.com".utf8)
            packet.writeSFTPString("1".utf8)
        }
        for length in 4..<version.readableBytes where length != 9 {
            var conversation = SFTPConversation()
            conversation.caller(SFTPPacket.initialize())
            conversation.host(Self.cut(version, to: length))
            #expect(conversation.violation?.party == .host, "cut to \(length)")
        }
    }

    @Test(
        "is a violation by its length alone", arguments: [0, 1, 4, 262145, 0x7fff_ffff, 0x8000_0000, .max] as [UInt32])
    func lengths(_ length: UInt32) {
        for fromCaller in [true, false] {
            var conversation = SFTPConversation.opened()
            let bytes = ByteBuffer(integer: length)
            if fromCaller { conversation.caller(bytes) } else { conversation.host(bytes) }
            #expect(conversation.violation?.party == (fromCaller ? .caller : .host))
        }
    }

    @Test("may have the largest length")
    func largest() {
        var conversation = SFTPConversation.withFile(flags: .write)
        let packet = SFTPPacket.write(1, "h", 0, [UInt8](repeating: 1, count: 262144 - 22))
        #expect(packet.readableBytes == 262148)
        conversation.caller(packet)
        #expect(conversation.toHost == [packet])
    }

    @Test("is a violation where a string's length lies", arguments: callerPackets.indices)
    func stringLengths(_ index: Int) {
        let packet = Self.callerPackets[index]
        guard packet.readableBytes > 13, packet != SFTPPacket.extended(7, "limits@openssh.com") else { return }
        for length in [0x0001_0000, 0x7fff_ffff, 0x8000_0000, UInt32.max] {
            var conversation = SFTPRequestSample.conversation()
            var lying = packet
            lying.setInteger(length, at: 9)
            conversation.caller(lying)
            #expect(conversation.violation?.party == .caller)
        }
    }

    @Test("is a violation where a count lies", arguments: [0, 2, 4, 0x1000_0000, .max] as [UInt32])
    func counts(_ count: UInt32) {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.opendir, 1, "/d"))
        conversation.host(SFTPPacket.handle(1, "d"))
        conversation.caller(SFTPPacket.strings(.readdir, 2, "d"))
        var names = SFTPPacket.names(2, "a", "b", "c")
        names.setInteger(count, at: 9)
        conversation.host(names)
        #expect(conversation.violation?.party == .host)

        var attributed = SFTPConversation.opened()
        let extended = SFTPAttributes(extended: [.init(type: [1], data: [2])])
        var packet = SFTPPacket.attributed(.setstat, 1, "/f", extended)
        packet.setInteger(count, at: 19)
        attributed.caller(packet)
        #expect(attributed.violation?.party == .caller)
    }

    @Test("is a violation with attributes of later versions")
    func attributeFlags() {
        var conversation = SFTPConversation.opened()
        var packet = SFTPPacket.attributed(.setstat, 1, "/f", SFTPAttributes())
        packet.setInteger(UInt32(0x10), at: 15)
        conversation.caller(packet)
        #expect(conversation.violation?.party == .caller)
    }

    @Test("is a violation with a handle of no or too many bytes", arguments: [0, 257, 300])
    func handles(_ length: Int) {
        let handle = String(repeating: "h", count: length)
        var caller = SFTPConversation.opened()
        caller.caller(SFTPPacket.strings(.close, 1, handle))
        #expect(caller.violation?.party == .caller)
        var host = SFTPConversation.opened()
        host.caller(SFTPPacket.open(1, "/f", .read))
        host.host(SFTPPacket.handle(1, handle))
        #expect(host.violation?.party == .host)
        #expect(host.outcomes.count == 1)
    }
}
