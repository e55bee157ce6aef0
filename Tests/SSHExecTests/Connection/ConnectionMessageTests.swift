import NIOCore
import Testing

@testable import SSHExec

@Suite("SSH messages about channels")
struct ConnectionMessageTests {
    /// One of each that has a fixed form.
    private static let fixed: [ByteBuffer] = [
        RawMessage.make(MessageNumber.requestFailure),
        RawMessage.make(MessageNumber.channelOpenFailure, 0, 1) {
            $0.writeSSHText("no")
            $0.writeSSHText("en")
        },
        RawMessage.make(MessageNumber.channelWindowAdjust, 0, 7),
        RawMessage.data([1, 2, 3], to: 0),
        RawMessage.make(MessageNumber.channelExtendedData, 0, 1) { $0.writeSSHString([1, 2, 3]) },
        RawMessage.make(MessageNumber.channelEOF, 0),
        RawMessage.make(MessageNumber.channelClose, 0),
        RawMessage.make(MessageNumber.channelSuccess, 0),
        RawMessage.make(MessageNumber.channelFailure, 0),
    ]

    @Test("what has a fixed form ends where it ends: nothing hides behind it", arguments: fixed)
    func trailing(message: ByteBuffer) throws {
        #expect(try ConnectionMessage(message) != nil)
        var longer = message
        longer.writeInteger(UInt8(0))
        #expect(throws: TransportError.self) { try ConnectionMessage(longer) }
        for length in 1..<message.readableBytes {
            let shorter = message.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(throws: TransportError.self, "\(length)") { try ConnectionMessage(shorter) }
        }
    }

    @Test("one byte of data with 200,000 behind it breaks the protocol, and is not kept")
    func pinning() throws {
        var pair = ConnectionPair()
        let (_, server) = try pair.open()
        var message = RawMessage.data([1], to: server.number)
        message.writeBytes([UInt8](repeating: 0, count: 200_000))
        #expect(throws: TransportError.self) { try pair.server.receive(message) }
        let events = pair.server.takeEvents()
        #expect(events.isEmpty)
    }

    @Test("extended data of a type that nobody has defined is given back and shown to nobody")
    func unknownExtendedData() throws {
        var pair = ConnectionPair()
        let (_, server) = try pair.open()
        for type in [UInt32(0), 2, .max] {
            for _ in 0..<10 {
                let message = RawMessage.make(MessageNumber.channelExtendedData, server.number, type) {
                    $0.writeSSHString([UInt8](repeating: 0, count: 16 * 1024))
                }
                #expect(try pair.server.receive(message))
            }
        }
        let events = pair.server.takeEvents()
        #expect(events.isEmpty)
    }

    @Test("numbers that are not known are left to the transport", arguments: [UInt8(83), 89, 101, 127, 128, 255])
    func unknown(number: UInt8) throws {
        #expect(try ConnectionMessage(RawMessage.make(number, 1, 2)) == nil)
    }
}
