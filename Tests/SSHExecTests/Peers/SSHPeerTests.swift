import NIOCore
import NIOEmbedded
import Testing

@testable import SSHExec

@Suite("SSH peers")
struct SSHPeerTests {
    @Test("who never answers the first message of a key exchange is not waited for")
    func silentExchange() throws {
        let harness = try PeerHarness()
        try harness.channel.writeInbound(ByteBuffer(string: "SSH-2.0-test\r\n"))
        harness.channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(harness.ended == nil)
        harness.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(harness.ended == "The key exchange took too long.")
        harness.channel.embeddedEventLoop.run()
        #expect(!harness.channel.isActive)
    }

    @Test("a later exchange has its time too, whoever begins it, and one that ends has no more of it")
    func laterExchange() throws {
        let harness = try PeerHarness()
        try harness.run()
        for _ in 0..<3 {
            harness.channel.embeddedEventLoop.advanceTime(by: .seconds(50))
            try harness.client.beginExchange()
            try harness.run()
        }
        harness.channel.embeddedEventLoop.advanceTime(by: .seconds(500))
        #expect(harness.ended == nil)
        try harness.client.beginExchange()
        if let bytes = harness.client.takeOutbound() { try harness.channel.writeInbound(bytes) }
        harness.channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(harness.ended == "The key exchange took too long.")
    }

    @Test("what is relayed during a key exchange waits in its channel, however much it is, and comes after it")
    func dataDuringExchange() throws {
        let harness = try PeerHarness()
        let (client, server) = try harness.open()
        let channel = PeerChannel(id: server, peer: harness.peer)
        try harness.client.beginExchange()
        if let bytes = harness.client.takeOutbound() { try harness.channel.writeInbound(bytes) }
        #expect(!channel.takesMore)
        for _ in 0..<5000 { channel.send(.standard, ByteBuffer(repeating: 7, count: 10)) }
        harness.channel.embeddedEventLoop.run()
        #expect(harness.peer.connection.waitingBytes(server) == 50_000)
        try harness.run()
        #expect(harness.clientEvents.bytes(of: client).out == [UInt8](repeating: 7, count: 50_000))
        #expect(harness.timesWritable > 0 && channel.takesMore && harness.ended == nil)
    }

    @Test("what the socket does not take waits in its channel, and goes on when it does")
    func unwritable() throws {
        let harness = try PeerHarness()
        let (client, server) = try harness.open()
        let channel = PeerChannel(id: server, peer: harness.peer)
        harness.setWritable(false)
        for _ in 0..<1000 { channel.send(.standard, ByteBuffer(repeating: 7, count: 10)) }
        try harness.run()
        #expect(harness.clientEvents.bytes(of: client).out.isEmpty)
        #expect(harness.peer.connection.waitingBytes(server) == 10_000)
        harness.setWritable(true)
        try harness.run()
        #expect(harness.clientEvents.bytes(of: client).out.count == 10_000)
    }

    @Test("who has given more than a window hears when it has gone")
    func drained() throws {
        let harness = try PeerHarness()
        let (client, server) = try harness.open()
        let channel = PeerChannel(id: server, peer: harness.peer)
        channel.send(.standard, ByteBuffer(repeating: 7, count: Int(ReceiveWindow.initial) + 1))
        try harness.run()
        #expect(!channel.takesMore && !harness.events.words.contains("drained \(server.number)"))
        harness.clientConnection.consume(client, Int(ReceiveWindow.initial))
        try harness.run()
        #expect(channel.takesMore && harness.events.words.last == "drained \(server.number)")
    }

    @Test("two thousand requests in one read are answered, as long as the answers are taken")
    func manyRequests() throws {
        let harness = try PeerHarness()
        let (client, server) = try harness.open()
        for _ in 0..<2000 { harness.clientConnection.sendRequest(client, type: "x", wantsReply: true) }
        let answering = Answering(harness.peer, server)
        harness.peer.delegate = answering
        try harness.run()
        #expect(answering.answers == 2000 && answering.ended == nil)
        let answered = harness.clientEvents.filter { if case .answered = $0 { true } else { false } }
        #expect(answered.count == 2000)
    }

    @Test("requests whose answers the socket does not take end the connection")
    func flood() throws {
        let harness = try PeerHarness()
        let (client, server) = try harness.open()
        for _ in 0..<2000 { harness.clientConnection.sendRequest(client, type: "x", wantsReply: true) }
        let answering = Answering(harness.peer, server)
        harness.peer.delegate = answering
        harness.setWritable(false)
        try harness.run()
        #expect(answering.ended == "Too many requests came at once.")
    }
}

/// Answers every request at once.
private final class Answering: SSHPeerDelegate {
    private let channel: PeerChannel
    private(set) var answers = 0
    private(set) var ended: String?

    init(_ peer: SSHPeer, _ id: ChannelID) { channel = PeerChannel(id: id, peer: peer) }

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) {}
    func peer(_ peer: SSHPeer, received message: ByteBuffer) {}
    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) {
        guard case .request = event else { return }
        answers += 1
        channel.answer(success: false)
    }
    func peerBecameWritable(_ peer: SSHPeer) {}
    func peer(_ peer: SSHPeer, ended reason: String) { ended = reason }
}
