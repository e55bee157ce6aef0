import NIOCore
import Testing

@testable import SSHExec

/// What may come while keys are exchanged (RFC 4253, section 7.1; OpenSSH's PROTOCOL, section 1.10).
@Suite("Messages during a key exchange")
struct KeyExchangeAdmissionTests {
    /// A server that has the client's first message, whose packets come in clear.
    private struct Opening {
        var server: SSHTransport
        private var sender = PacketSender()

        init(isStrict: Bool) throws {
            var pair = TransportPair()
            _ = pair.taken(from: \.server)
            server = pair.server
            server.append(ByteBuffer(string: "SSH-2.0-test\r\n"))
            let message = KeyExchangeInit(
                .client, cookie: [UInt8](repeating: 7, count: 16),
                indicators: isStrict ? [KeyExchangeInit.Indicator.strictClient] : []
            ).message
            try receive(message)
        }

        mutating func receive(_ message: ByteBuffer) throws {
            var packet = ByteBuffer()
            try sender.send(message, into: &packet)
            server.append(packet)
            while let event = try server.next() {
                if case .message = event { Issue.record("a message before the keys") }
            }
        }
    }

    private static func message(_ number: UInt8) -> ByteBuffer { ByteBuffer(bytes: [number, 0, 0, 0, 0]) }

    @Test("before the first keys a strict exchange takes nothing but itself", arguments: [true, false])
    func first(isStrict: Bool) throws {
        for number in UInt8.min...UInt8.max where number != MessageNumber.disconnect {
            var opening = try Opening(isStrict: isStrict)
            let isTaken: Bool
            do {
                try opening.receive(Self.message(number))
                isTaken = true
            } catch {
                isTaken = false
            }
            #expect(isTaken == (!isStrict && (2...4).contains(number)), "\(number)")
        }
    }

    @Test("nobody who has not signed in can have answers piled up", arguments: [UInt8(8), 19, 22, 29])
    func pile(number: UInt8) throws {
        for isStrict in [true, false] {
            var opening = try Opening(isStrict: isStrict)
            _ = opening.server.takeOutbound()
            #expect(throws: TransportError.self) {
                for _ in 0..<2 { try opening.receive(Self.message(number)) }
            }
            #expect(opening.server.isEnded)
        }
    }

    @Test("without strictness what says nothing may come, as often as it likes")
    func ignored() throws {
        var opening = try Opening(isStrict: false)
        for _ in 0..<10_000 { try opening.receive(Self.message(MessageNumber.ignore)) }
        #expect(!opening.server.isEnded)
    }

    /// A server with keys, whose client has begun to exchange new ones.
    private static func rekeying() throws -> TransportPair {
        var pair = TransportPair()
        try pair.run()
        // The client's machine does not know what it says.
        let message = KeyExchangeInit(.client, cookie: [UInt8](repeating: 7, count: 16), indicators: []).message
        try pair.client.send(message)
        pair.serverEvents = []
        pair.server.append(pair.taken(from: \.client))
        while try pair.server.next() != nil {}
        #expect(pair.server.isExchangingKeys)
        return pair
    }

    @Test("in a later exchange neither signing in, nor channels, nor what is unknown may come")
    func later() throws {
        for number in UInt8.min...UInt8.max where number != MessageNumber.disconnect {
            var pair = try Self.rekeying()
            try pair.client.send(Self.message(number))
            pair.server.append(pair.taken(from: \.client))
            var isTaken = true
            do {
                while let event = try pair.server.next() {
                    if case .message = event { Issue.record("\(number) came in the middle of an exchange") }
                }
            } catch {
                isTaken = false
            }
            #expect(isTaken == (2...4).contains(number), "\(number)")
        }
    }

    @Test("until the other side begins its part it may send what it likes, and answers wait within a bound")
    func ownExchange() throws {
        var pair = TransportPair()
        try pair.run()
        try pair.server.beginExchange()
        #expect(pair.server.exchangesBegun == 2)
        var sent = 0
        #expect(throws: TransportError.violation("Too much waits for a key exchange to end.")) {
            for _ in 0..<100_000 {
                try pair.client.send(Self.message(22))
                pair.server.append(pair.taken(from: \.client))
                while try pair.server.next() != nil {}
                sent += 1
            }
        }
        #expect(sent == HeldMessages.mostMessages)
        #expect(pair.server.isEnded)
    }

    @Test("what was said during a later exchange comes after it, in order, from both sides")
    func rekeying() throws {
        for side in [\TransportPair.client, \TransportPair.server] {
            var pair = TransportPair()
            try pair.run()
            for round in UInt8(0)..<3 {
                pair.clientEvents = []
                pair.serverEvents = []
                try pair[keyPath: side].beginExchange()
                let messages = (0..<5).map { [UInt8(50), round, UInt8($0)] }
                for message in messages {
                    try pair.client.send(ByteBuffer(bytes: message))
                    try pair.server.send(ByteBuffer(bytes: message))
                }
                try pair.run(chunk: 100)
                #expect(!pair.client.isExchangingKeys && !pair.server.isExchangingKeys)
                #expect(TransportPair.messages(pair.clientEvents) == messages)
                #expect(TransportPair.messages(pair.serverEvents) == messages)
            }
        }
    }

    @Test("few large messages are too much to hold as well as many small ones")
    func heldBytes() throws {
        var held = HeldMessages()
        let message = ByteBuffer(repeating: 1, count: 256 * 1024)
        for _ in 0..<4 { try held.append(message) }
        #expect(throws: TransportError.self) { try held.append(ByteBuffer(repeating: 1, count: 1)) }
        #expect(held.takeAll().count == 4)
        try held.append(message)
    }
}
