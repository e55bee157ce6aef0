import NIOCore
import Testing

@testable import SSHExec

@Suite("SSH channels in any order")
struct ConnectionFuzzTests {
    @Test(
        "whatever two sides do that keep to the protocol, neither breaks it, and what one sends is what the other gets",
        arguments: 0..<12 as Range<UInt64>)
    func honest(seed: UInt64) throws {
        var connection = HonestConnection(seed: seed)
        for _ in 0..<1500 { try connection.step() }
        try connection.finish()
        #expect(connection.openChannels == 0)
        #expect(connection.pairs.count > 20 && !connection.undisturbed.isEmpty)
        for (client, server) in connection.pairs {
            guard let client = connection.ends[0][client], let server = connection.ends[1][server] else { continue }
            for (sender, receiver) in [(client, server), (server, client)] {
                for stream in [ChannelStream.standard, .error] {
                    // Who closes gives up what the other still has to say.
                    #expect((sender.sent[stream] ?? []).starts(with: receiver.received[stream] ?? []))
                }
            }
        }
        for (client, server) in connection.undisturbed {
            #expect(client.sent == server.received && server.sent == client.received)
            #expect(client.requestsSent.sorted() == server.requestsReceived.sorted())
            #expect(server.requestsSent.sorted() == client.requestsReceived.sorted())
        }
    }

    @Test("messages of any bytes break the protocol or are taken, and nothing else", arguments: 0..<10 as Range<UInt64>)
    func hostile(seed: UInt64) {
        var random = SFTPSeededGenerator(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        for _ in 0..<30 {
            var connection = SSHConnection()
            _ = connection.open(type: "session")
            _ = try? connection.receive(RawMessage.open(7))
            connection.accept(ChannelID(number: 1))
            for _ in 0..<30 {
                var message = ByteBuffer(integer: UInt8.random(in: 80...101, using: &random))
                message.writeInteger(UInt32.random(in: 0...2, using: &random))
                for _ in 0..<Int.random(in: 0...5, using: &random) {
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: message.writeInteger([UInt32(0), 1, 255, 256, .max].randomElement(using: &random) ?? 0)
                    case 1: message.writeSSHText("exit-status")
                    case 2: message.writeSSHBool(Bool.random(using: &random))
                    default: message.writeSSHString([UInt8](repeating: 1, count: Int.random(in: 0...9, using: &random)))
                    }
                }
                guard (try? connection.receive(message)) != nil else { break }
                while let event = connection.nextEvent() {
                    switch event {
                    case .openRequested(let id, _): connection.accept(id)
                    case .data(let id, let stream, let bytes):
                        connection.send(id, stream, bytes)
                        connection.consume(id, bytes.readableBytes)
                    case .request(let id, _): connection.answer(id, success: true)
                    case .closed(let id): connection.close(id)
                    default: break
                    }
                }
                if Bool.random(using: &random) { _ = connection.nextOutbound() }
            }
            #expect(connection.openChannels <= 64)
        }
    }
}
