import NIOCore
import Testing

@testable import SSHExec

@Suite("The bytes of SFTP")
struct SFTPChunkingTests {
    private enum Side {
        case caller
        case host
    }

    /// A session with several packets in each turn.
    private static let turns: [(Side, [ByteBuffer])] = [
        (.caller, [SFTPPacket.initialize()]),
        (.host, [SFTPPacket.version()]),
        (
            .caller,
            [
                SFTPPacket.open(1, "/f", .read), SFTPPacket.open(2, "/g", [.write, .create]),
                SFTPPacket.strings(.remove, 3, "/no"),
            ]
        ),
        (.host, [SFTPPacket.handle(1, "f"), SFTPPacket.handle(2, "g")]),
        (
            .caller,
            [
                SFTPPacket.read(4, "f", 0, 5000), SFTPPacket.read(5, "f", 5000, 5000),
                SFTPPacket.write(6, "g", 0, [UInt8](repeating: 7, count: 9000)),
                SFTPPacket.extended(7, "x@example.com"),
            ]
        ),
        (
            .host,
            [
                SFTPPacket.data(5, [UInt8](repeating: 2, count: 5000)), SFTPPacket.status(6),
                SFTPPacket.data(4, [UInt8](repeating: 1, count: 5000)),
            ]
        ),
        (.caller, [SFTPPacket.strings(.close, 8, "f"), SFTPPacket.strings(.close, 9, "g")]),
        (.host, [SFTPPacket.status(8), SFTPPacket.status(9)]),
    ]

    private static func actions(cut: (ByteBuffer) -> [ByteBuffer]) -> [SFTPAction] {
        var conversation = SFTPConversation()
        conversation.verdict = { $0.operations == [.remove] ? .refuse("no") : .permit }
        for (side, packets) in turns {
            var bytes = ByteBuffer()
            for packet in packets { bytes.writeImmutableBuffer(packet) }
            for chunk in cut(bytes) {
                if side == .caller { conversation.caller(chunk) } else { conversation.host(chunk) }
            }
        }
        return conversation.takeActions()
    }

    @Test("lead to the same actions wherever they are cut", arguments: 0..<30 as Range<UInt64>)
    func chunks(_ seed: UInt64) {
        var random = SFTPSeededGenerator(state: seed)
        let longest = Int.random(in: 1...4000, using: &random)
        let actions = Self.actions { bytes in
            var rest = bytes
            var chunks: [ByteBuffer] = []
            while let chunk = rest.readSlice(
                length: min(Int.random(in: 1...longest, using: &random), rest.readableBytes)), chunk.readableBytes > 0
            {
                chunks.append(chunk)
            }
            return chunks
        }
        let whole = Self.actions { [$0] }
        #expect(whole.count == 23)
        #expect(actions == whole)
    }

    @Test("lead to the same actions one by one")
    func singleBytes() {
        let actions = Self.actions { bytes in bytes.readableBytesView.map { ByteBuffer(bytes: [$0]) } }
        #expect(actions == Self.actions { [$0] })
    }
}
