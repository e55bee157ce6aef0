import NIOCore
import Testing

@testable import SSHExec

/// What one side may make the other hold, and what it may not.
@Suite("Limits of SSH channels")
struct SSHConnectionLimitsTests {
    @Test(
        "nothing that a channel sends before it is consumed takes more than a small window; what is consumed widens it")
    func windows() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        pair.client.send(client, .standard, ByteBuffer(repeating: 1, count: 8 << 20))
        try pair.run()
        #expect(pair.serverEvents.bytes(of: server).out.count == Int(ReceiveWindow.initial))
        var consumed = 0
        for _ in 0..<6 {
            let arrived = pair.serverEvents.bytes(of: server).out.count
            pair.server.consume(server, arrived - consumed)
            consumed = arrived
            try pair.run()
        }
        #expect(pair.serverEvents.bytes(of: server).out.count - consumed == Int(ReceiveWindow.full))
    }

    @Test("the windows of all channels together stay within a bound")
    func allWindows() throws {
        var pair = ConnectionPair()
        var channels: [(client: ChannelID, server: ChannelID)] = []
        for _ in 0..<24 { channels.append(try pair.open()) }
        for (client, server) in channels {
            pair.client.send(client, .standard, ByteBuffer(repeating: 1, count: Int(ReceiveWindow.full)))
            var arrived = 0
            while arrived < Int(ReceiveWindow.full) {
                pair.serverEvents = []
                try pair.run()
                let count = pair.serverEvents.bytes(of: server).out.count
                guard count > 0 else { break }
                arrived += count
                pair.server.consume(server, count)
            }
            #expect(arrived == Int(ReceiveWindow.full))
        }
        // Nothing more is consumed: now comes what the windows allow.
        pair.serverEvents = []
        for (client, _) in channels {
            pair.client.send(client, .standard, ByteBuffer(repeating: 1, count: Int(ReceiveWindow.full)))
        }
        try pair.run()
        let held = channels.map { pair.serverEvents.bytes(of: $0.server).out.count }
        #expect(held.reduce(0, +) <= SSHConnection.widestWindows, "\(held)")
        #expect(held[0] > 1 << 20 && held.allSatisfy { $0 >= 48 * 1024 }, "\(held)")
    }

    @Test("what waits in all channels of a peer that takes nothing stays within a bound")
    func waiting() throws {
        var pair = ConnectionPair()
        var channels: [ChannelID] = []
        for _ in 0..<40 { channels.append(try pair.open().server) }
        let piece = ByteBuffer(repeating: 1, count: 1 << 20)
        for id in channels { for _ in 0..<2 { pair.server.send(id, .standard, piece) } }
        let waiting = channels.reduce(0) { $0 + pair.server.waitingBytes($1) }
        #expect(waiting <= SSHConnection.mostWaiting && waiting >= SSHConnection.mostWaiting / 2, "\(waiting)")
        try pair.run()
        let closed = pair.clientEvents.filter { if case .closed = $0 { true } else { false } }
        #expect(closed.count == 8)
        // What has gone makes room again.
        pair.server.abort(channels[0])
        pair.server.send(channels[1], .standard, piece)
        #expect(pair.server.waitingBytes(channels[1]) > 0)
    }

    @Test("ten thousand messages of relayed data are no flood of requests")
    func relayedData() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        for _ in 0..<10_000 { pair.server.send(server, .standard, ByteBuffer(repeating: 1, count: 5)) }
        #expect(try pair.server.receive(RawMessage.request("env", to: server.number, wantsReply: true)))
        pair.server.answer(server, success: true)
        try pair.run()
        #expect(pair.clientEvents.bytes(of: client).out.count == 50_000)
    }

    @Test("requests whose answers nobody takes end the connection", arguments: ["channel", "global", "open"])
    func flood(kind: String) throws {
        var pair = ConnectionPair()
        let (_, server) = try pair.open()
        var taken = 0
        #expect(throws: TransportError.violation("Too many requests came at once.")) {
            for number in 0..<100_000 {
                switch kind {
                case "channel":
                    _ = try pair.server.receive(RawMessage.request("x", to: server.number, wantsReply: true))
                    pair.server.answer(server, success: false)
                case "global":
                    _ = try pair.server.receive(
                        RawMessage.make(MessageNumber.globalRequest) {
                            $0.writeSSHText("x")
                            $0.writeSSHBool(true)
                        })
                    pair.server.answerGlobalRequest(success: false)
                default:
                    _ = try pair.server.receive(RawMessage.open(UInt32(number)))
                    for case .openRequested(let id, _) in pair.server.takeEvents() {
                        pair.server.refuse(id, ChannelOpenFailure(.connectFailed, ""))
                    }
                }
                _ = pair.server.takeEvents()
                taken = number
            }
        }
        #expect(taken > 500 && taken < 2000)
        // Once they are taken, more are.
        _ = pair.server.takeOutbound()
        #expect(try pair.server.receive(RawMessage.request("x", to: server.number, wantsReply: true)))
    }

    @Test("a signal and a new size of the window do not wait behind input that nobody reads")
    func requestsOvertake() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        pair.client.send(client, .standard, ByteBuffer(repeating: 1, count: 1 << 20))
        for type in ["signal", "window-change", "break"] {
            pair.client.sendRequest(client, type: type, wantsReply: false)
        }
        pair.client.sendRequest(client, type: "exit-status", wantsReply: false)
        try pair.run()
        #expect(
            pair.serverEvents.words.filter { !$0.hasPrefix("standard") }
                == ["signal \(server.number)", "window-change \(server.number)", "break \(server.number)"])
    }

    @Test("a channel on which more is asked than the other side takes is closed", arguments: ["exit-status", "signal"])
    func tooManyRequests(type: String) throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        pair.client.send(client, .standard, ByteBuffer(repeating: 1, count: 1 << 20))
        let details = ByteBuffer(repeating: 1, count: 1000)
        for _ in 0..<20_000 { pair.client.sendRequest(client, type: type, wantsReply: false, details: details) }
        let messages = pair.client.takeOutbound()
        #expect(messages.count < 17_000 && messages.reduce(0) { $0 + $1.readableBytes } < 10 << 20)
        for message in messages { _ = try pair.server.receive(message) }
        let events = pair.server.takeEvents()
        #expect(events.words.last == "closed \(server.number)")
    }

    @Test("a channel that is given up before it is open is closed as soon as it is, and nobody hears of it")
    func closedBeforeOpen() throws {
        for abort in [true, false] {
            var pair = ConnectionPair()
            let id = pair.client.open(type: "session")
            if abort { pair.client.abort(id) } else { pair.client.close(id) }
            try pair.run()
            guard case .openRequested(let other, _)? = pair.serverEvents.first else {
                Issue.record("nothing was asked for")
                return
            }
            pair.server.accept(other)
            pair.server.send(other, .standard, ByteBuffer(string: "motd"))
            try pair.run()
            #expect(!pair.clientEvents.words.contains("opened \(id.number)"))
            #expect(pair.serverEvents.words.last == "closed \(other.number)")
            pair.server.close(other)
            try pair.run()
            #expect(pair.clientEvents.words.last == "closed \(id.number)")
            #expect(pair.client.openChannels == 0 && pair.server.openChannels == 0)
        }
    }

    @Test("a channel that is given up and then refused has simply closed")
    func closedBeforeRefused() throws {
        var pair = ConnectionPair()
        let id = pair.client.open(type: "session")
        pair.client.close(id)
        try pair.run()
        guard case .openRequested(let other, _)? = pair.serverEvents.first else { return }
        pair.server.refuse(other, ChannelOpenFailure(.connectFailed, ""))
        try pair.run()
        #expect(pair.clientEvents.words == ["closed \(id.number)"])
        #expect(pair.client.openChannels == 0 && pair.server.openChannels == 0)
    }

    @Test("closing a channel that was offered refuses it")
    func closingOffered() throws {
        var pair = ConnectionPair()
        let id = pair.client.open(type: "direct-tcpip")
        try pair.run()
        guard case .openRequested(let other, _)? = pair.serverEvents.first else { return }
        pair.server.close(other)
        try pair.run()
        #expect(pair.clientEvents.words == ["openFailed \(id.number)"])
        #expect(pair.server.openChannels == 0)
    }

    @Test("a peer cannot have every byte cost a packet")
    func smallPackets() throws {
        for longest in [UInt32(0), 1, 255] {
            var server = SSHConnection()
            #expect(try server.receive(RawMessage.open(3, longest: longest)))
            let events = server.takeEvents()
            #expect(events.isEmpty)
            let answer = server.takeOutbound().first
            #expect(answer?.getInteger(at: 0, as: UInt8.self) == MessageNumber.channelOpenFailure)
            #expect(answer?.getInteger(at: 1, as: UInt32.self) == 3)
            var client = SSHConnection()
            let id = client.open(type: "session")
            #expect(throws: TransportError.violation("A channel's packets are too small.")) {
                try client.receive(
                    RawMessage.make(MessageNumber.channelOpenConfirmation, id.number, 0, 1 << 20, longest))
            }
        }
        var server = SSHConnection()
        #expect(try server.receive(RawMessage.open(3, longest: 256)))
        guard case .openRequested(let id, _)? = server.takeEvents().first else {
            Issue.record("256 bytes are enough")
            return
        }
        server.accept(id)
        server.send(id, .standard, ByteBuffer(repeating: 1, count: 1000))
        let messages = server.takeOutbound()
        #expect(messages.count == 1 + 4)
    }

    @Test("an opening that says more than a host's name and port is refused, not kept")
    func longOpening() throws {
        var server = SSHConnection()
        #expect(try server.receive(RawMessage.open(3, details: [UInt8](repeating: 0, count: 200_000))))
        let events = server.takeEvents()
        #expect(events.isEmpty && server.openChannels == 0)
        let answer = server.takeOutbound().first
        #expect(answer?.getInteger(at: 0, as: UInt8.self) == MessageNumber.channelOpenFailure)
    }

    @Test("whoever answers no opening is not asked for ever more")
    func unanswered() throws {
        var client = SSHConnection()
        for _ in 0..<1000 { client.close(client.open(type: "session")) }
        let messages = client.takeOutbound()
        #expect(messages.count == SSHConnection.mostChannels)
        let events = client.takeEvents()
        #expect(events.count == 1000 - SSHConnection.mostChannels)
    }

    @Test("of several channels with much to send each gets its turn")
    func turns() throws {
        var pair = ConnectionPair()
        let (first, second) = (try pair.open().server, try pair.open().server)
        for id in [first, second] { pair.server.send(id, .standard, ByteBuffer(repeating: 1, count: 64 * 1024)) }
        var recipients: [UInt32?] = []
        for _ in 0..<4 { recipients.append(pair.server.nextOutbound()?.getInteger(at: 1)) }
        #expect(recipients[0] != recipients[1] && recipients[0] == recipients[2] && recipients[1] == recipients[3])
    }

    @Test("who has given more than the other side takes hears once when it has gone")
    func drained() throws {
        var pair = ConnectionPair()
        let (client, server) = try pair.open()
        pair.server.send(server, .standard, ByteBuffer(repeating: 1, count: Int(ReceiveWindow.initial)))
        #expect(pair.server.takesMore(server))
        pair.server.send(server, .standard, ByteBuffer(repeating: 1, count: 1))
        #expect(!pair.server.takesMore(server))
        try pair.run()
        #expect(pair.serverEvents.words.isEmpty)
        pair.client.consume(client, Int(ReceiveWindow.initial))
        try pair.run()
        #expect(pair.serverEvents.words == ["drained \(server.number)"] && pair.server.takesMore(server))
    }
}
