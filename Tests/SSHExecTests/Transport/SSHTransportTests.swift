import NIOCore
import Testing

@testable import SSHExec

@Suite("SSH transport")
struct SSHTransportTests {
    @Test(
        "every combination of algorithms exchanges keys and carries messages both ways, however the bytes are cut",
        arguments: KeyExchangeMethod.allCases.flatMap { method in method.names.map { (method, $0) } })
    func algorithms(method: KeyExchangeMethod, name: String) throws {
        for cipher in CipherAlgorithm.allCases {
            for mac in cipher.isAuthenticated ? [MACAlgorithm.sha256] : MACAlgorithm.allCases {
                for chunk in [Int.max, 1, 7] {
                    var offered = TransportAlgorithms.client
                    offered.keyExchanges = [name]
                    offered.ciphers = [cipher.name]
                    offered.macs = [mac.name]
                    var pair = TransportPair(client: offered)
                    try pair.run(chunk: chunk)
                    guard case .keysExchanged(let hostKey?, let agreed)? = pair.clientEvents.first else {
                        Issue.record("\(name) \(cipher) \(mac): \(pair.clientEvents)")
                        return
                    }
                    #expect(hostKey.algorithm == "ssh-ed25519")
                    #expect(agreed.keyExchange == method && agreed.toServer.cipher == cipher)
                    #expect(agreed.toClient.mac == (cipher.isAuthenticated ? nil : mac))
                    #expect(pair.client.sessionIdentifier == pair.server.sessionIdentifier)
                    let messages = (0..<40).map { [UInt8(50)] + [UInt8](repeating: UInt8($0), count: $0 * 5) }
                    for message in messages {
                        try pair.client.send(ByteBuffer(bytes: message))
                        try pair.server.send(ByteBuffer(bytes: message))
                    }
                    try pair.run(chunk: chunk)
                    #expect(TransportPair.messages(pair.serverEvents) == messages)
                    #expect(TransportPair.messages(pair.clientEvents) == messages)
                }
            }
        }
    }

    @Test("the client learns what the server verifies")
    func extensions() throws {
        var pair = TransportPair()
        try pair.run()
        #expect(pair.client.serverSignatureAlgorithms?.contains("rsa-sha2-512") == true)
        #expect(pair.client.serverSignatureAlgorithms?.contains("ssh-rsa") == false)
    }

    @Test("a server without the key that it shows is not believed")
    func wrongSignature() throws {
        var pair = TransportPair(signsWith: true)
        #expect(throws: TransportError(.hostKeyNotVerifiable, "The host does not have the key that it shows.")) {
            try pair.run()
        }
    }

    @Test("without a common algorithm both sides learn what the other offers")
    func nothingInCommon() throws {
        var offered = TransportAlgorithms.client
        offered.ciphers = ["3des-cbc"]
        var pair = TransportPair(client: offered)
        #expect {
            try pair.run()
        } throws: { error in
            "\(error)".contains("No cipher is common") && "\(error)".contains("3des-cbc")
        }
    }

    @Test("a changed bit anywhere in a packet ends the connection", arguments: CipherAlgorithm.allCases)
    func tampering(cipher: CipherAlgorithm) throws {
        var offered = TransportAlgorithms.client
        offered.ciphers = [cipher.name]
        var pair = TransportPair(client: offered)
        try pair.run()
        try pair.client.send(ByteBuffer(bytes: [50] + Array("some message".utf8)))
        let packet = Array(buffer: pair.taken(from: \.client))
        for index in packet.indices {
            var (server, changed) = (pair.server, packet)
            changed[index] ^= 0x10
            server.append(ByteBuffer(bytes: changed + [UInt8](repeating: 0, count: 300_000)))
            var refused = false
            do throws(TransportError) {
                while let event = try server.next() {
                    if case .message = event { Issue.record("a changed packet was taken, at \(index)") }
                }
            } catch {
                refused = true
            }
            #expect(refused, "at \(index)")
        }
    }

    @Test("a first packet that does not begin the key exchange ends a strict one: no packet can be slipped in")
    func prefixTruncation() throws {
        for slipped in [
            MessageNumber.ignore, MessageNumber.debug, MessageNumber.unimplemented, MessageNumber.extensionInfo,
        ] {
            var pair = TransportPair()
            var toServer = pair.taken(from: \.client)
            var sender = PacketSender()
            var packet = ByteBuffer()
            try sender.send(ByteBuffer(bytes: [slipped, 0, 0, 0, 0]), into: &packet)
            var first = ByteBuffer()
            _ = pair.server.takeOutbound().map { pair.client.append($0) }
            while try pair.client.next() != nil {}
            var rest = pair.taken(from: \.client)
            first.writeBuffer(&toServer)
            first.writeBuffer(&packet)
            first.writeBuffer(&rest)
            pair.server.append(first)
            #expect(throws: TransportError.self) { while try pair.server.next() != nil {} }
        }
    }

    @Test("what is no SSH is answered with a line, and a megabyte of it is not collected")
    func garbage() throws {
        for text in ["GET / HTTP/1.1\r\n\r\n", "SSH-1.5-old\r\n", String(repeating: "S", count: 1 << 20), "\u{0}\u{1}"]
        {
            var pair = TransportPair()
            _ = pair.server.takeOutbound()
            pair.server.append(ByteBuffer(string: text))
            #expect(throws: TransportError.self) { _ = try pair.server.next() }
            let said = String(buffer: pair.taken(from: \.server))
            #expect(said.hasSuffix("\r\n"), "\(said)")
        }
    }

    @Test("a server may say something before its identification, within reason")
    func preface() throws {
        var reading = IdentificationExchange(mayHavePreface: true)
        var buffer = ByteBuffer(string: "Welcome.\r\nTo us.\nSSH-2.0-x y\r\nrest")
        #expect(try reading.read(from: &buffer) == "SSH-2.0-x y")
        #expect(String(buffer: buffer) == "rest")
        var endless = ByteBuffer(string: String(repeating: "hello\n", count: 4000))
        #expect(throws: TransportError.self) { _ = try reading.read(from: &endless) }
    }

    @Test("no cut and no random change of a first flight makes the server do anything but wait or refuse")
    func hostileFlights() throws {
        var pair = TransportPair()
        let hello = Array(buffer: pair.taken(from: \.server))
        pair.client.append(ByteBuffer(bytes: hello))
        while try pair.client.next() != nil {}
        let flight = Array(buffer: pair.taken(from: \.client))
        for length in 0..<flight.count {
            var server = pair.server
            server.append(ByteBuffer(bytes: flight[..<length]))
            while let event = try? server.next() {
                if case .message = event { Issue.record("a message from \(length) bytes") }
            }
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var (server, changed) = (pair.server, flight)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            server.append(ByteBuffer(bytes: changed))
            while let event = try? server.next() {
                if case .message = event { Issue.record("a message before the keys") }
            }
        }
    }

    @Test("a goodbye is read, and nothing after it")
    func goodbye() throws {
        var pair = TransportPair()
        try pair.run()
        pair.client.disconnect(.byApplication, "enough")
        try pair.run()
        guard case .disconnected(11, "enough")? = pair.serverEvents.last else {
            Issue.record("\(pair.serverEvents)")
            return
        }
        #expect(pair.server.isEnded && pair.client.isEnded)
    }
}
