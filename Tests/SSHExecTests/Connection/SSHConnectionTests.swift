import NIOCore
import Testing

@testable import SSHExec

@Suite("SSH channels")
struct SSHConnectionTests {
    @Test("more than a window waits, arrives in order, and only as it is consumed")
    func windows() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        let whole = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        pair.client.send(client, .standard, ByteBuffer(bytes: whole))
        pair.client.sendEOF(client)
        pair.client.close(client)
        try pair.run()
        #expect(pair.serverEvents.bytes(of: server).out.count == Int(ReceiveWindow.initial))
        #expect(pair.client.waitingBytes(client) == whole.count - Int(ReceiveWindow.initial))
        var consumed = 0
        while consumed < whole.count {
            let arrived = pair.serverEvents.bytes(of: server).out.count
            guard arrived > consumed else { break }
            pair.server.consume(server, arrived - consumed)
            consumed = arrived
            try pair.run()
        }
        #expect(pair.serverEvents.bytes(of: server).out == whole)
        guard case .closed(server)? = pair.serverEvents.last else {
            Issue.record("no close at the end: \(String(describing: pair.serverEvents.last))")
            return
        }
        #expect(pair.serverEvents.contains { if case .eof(server) = $0 { true } else { false } })
        pair.server.close(server)
        try pair.run()
        #expect(pair.client.openChannels == 0 && pair.server.openChannels == 0)
    }

    @Test("what a request says comes after the data that was sent before it")
    func order() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        let much = [UInt8](repeating: 7, count: Int(ReceiveWindow.initial) + 10)
        pair.server.send(server, .error, ByteBuffer(bytes: much))
        pair.server.sendRequest(server, type: "exit-status", wantsReply: false, details: ByteBuffer(integer: UInt32(3)))
        try pair.run()
        #expect(!pair.clientEvents.contains { if case .request = $0 { true } else { false } })
        pair.client.consume(client, much.count - 10)
        try pair.run()
        #expect(pair.clientEvents.bytes(of: client).err == much)
        guard case .request(client, let request)? = pair.clientEvents.last else {
            Issue.record("no request at the end")
            return
        }
        #expect(request.type == "exit-status" && !request.wantsReply)
    }

    @Test("a refused channel says why")
    func refused() throws {
        var pair = ConnectionPair()
        let id = pair.client.open(type: "direct-tcpip")
        try pair.run()
        guard case .openRequested(let other, let opening)? = pair.serverEvents.last else { return }
        #expect(opening.type == "direct-tcpip")
        let failure = ChannelOpenFailure(.administrativelyProhibited, "no")
        pair.server.refuse(other, failure)
        try pair.run()
        guard case .openFailed(id, failure)? = pair.clientEvents.last else {
            Issue.record("\(pair.clientEvents)")
            return
        }
        #expect(pair.client.openChannels == 0 && pair.server.openChannels == 0)
    }

    @Test("more than the window, data after the end, windows beyond 2^32 and unknown channels break the protocol")
    func violations() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        func data(_ count: Int, to number: UInt32) -> ByteBuffer {
            var message = ByteBuffer()
            message.writeInteger(MessageNumber.channelData)
            message.writeInteger(number)
            message.writeSSHString([UInt8](repeating: 0, count: count))
            return message
        }
        var copy = pair.server
        #expect(throws: TransportError.self) {
            for _ in 0..<100 { _ = try copy.receive(data(30_000, to: server.number)) }
        }
        copy = pair.server
        #expect(throws: TransportError.self) { _ = try copy.receive(data(1, to: server.number + 1)) }
        var adjust = ByteBuffer()
        adjust.writeInteger(MessageNumber.channelWindowAdjust)
        adjust.writeInteger(server.number)
        adjust.writeInteger(UInt32.max)
        #expect(throws: TransportError.self) { _ = try copy.receive(adjust) }
        pair.client.sendEOF(client)
        try pair.run()
        #expect(throws: TransportError.self) { _ = try pair.server.receive(data(1, to: server.number)) }
    }

    @Test("no cut and no random change of a message does more than break the protocol")
    func hostile() throws {
        var pair = ConnectionPair()
        let (client, _) = try pair.open()
        pair.client.send(client, .error, ByteBuffer(string: "hello"))
        pair.client.sendRequest(client, type: "exec", wantsReply: true, details: ByteBuffer(string: "\0\0\0\u{2}ls"))
        pair.client.sendGlobalRequest(type: "keepalive@openssh.com", wantsReply: true)
        _ = pair.client.open(type: "session")
        pair.client.sendEOF(client)
        pair.client.close(client)
        let messages = pair.client.takeOutbound()
        #expect(messages.count == 6, "\(messages.count)")
        var random = SystemRandomNumberGenerator()
        for message in messages {
            let whole = Array(buffer: message)
            for length in 1..<whole.count {
                var server = pair.server
                _ = try? server.receive(ByteBuffer(bytes: whole[..<length]))
            }
            for _ in 0..<500 {
                var (server, changed) = (pair.server, whole)
                for _ in 0..<3 {
                    changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                _ = try? server.receive(ByteBuffer(bytes: changed))
                while server.nextEvent() != nil {}
                _ = server.takeOutbound()
            }
        }
    }

    @Test("channels of one connection are bounded")
    func bounded() throws {
        var pair = ConnectionPair()
        for _ in 0..<(SSHConnection.mostChannels + 5) { _ = pair.client.open(type: "session") }
        try pair.run()
        let refused = pair.clientEvents.filter { if case .openFailed = $0 { true } else { false } }
        #expect(refused.count == 5)
    }
}
