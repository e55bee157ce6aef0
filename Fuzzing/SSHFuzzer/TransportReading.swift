import NIOCore

@testable import SSHExec

/// The transport, before it has keys and after.
enum TransportReading {
    private static func machine(isServer: Bool) -> SSHTransport {
        guard isServer else {
            return SSHTransport(
                .client { _, _, signature, _ in signature == [7] }, TransportAlgorithms(hostKeys: ["ssh-ed25519"]),
                softwareVersion: "Fuzz")
        }
        let key = ServerHostKey(algorithm: "ssh-ed25519", blob: [1, 2, 3]) { _ in [7] }
        return SSHTransport(
            .server([key]), TransportAlgorithms(hostKeys: ["ssh-ed25519"]), softwareVersion: "Fuzz")
    }

    /// What the first byte of an input says: with an identification and the first message of an exchange before the
    /// rest, so that it gets further, and with the rest as messages of packets that have the right form.
    private static func start(_ bytes: [UInt8]) -> [UInt8] {
        var input = InputBytes(bytes)
        let decision = input.next() ?? 0
        var stream = ByteBuffer()
        if decision & 1 == 1 { stream.writeString("SSH-2.0-fuzz\r\n") }
        var sender = PacketSender()
        if decision & 2 == 2 {
            let strict = [KeyExchangeInit.Indicator.strictClient, KeyExchangeInit.Indicator.strictServer]
            var algorithms = TransportAlgorithms(hostKeys: ["ssh-ed25519"])
            algorithms.keyExchanges = [algorithms.keyExchanges[Int(decision >> 4) % algorithms.keyExchanges.count]]
            let message = KeyExchangeInit(
                algorithms, cookie: [UInt8](repeating: 7, count: 16), indicators: decision & 4 == 4 ? strict : []
            ).message
            try? sender.send(message, into: &stream)
        }
        guard decision & 8 == 8 else { return Array(buffer: stream) + bytes.dropFirst() }
        while let piece = input.piece() {
            if !piece.isEmpty { try? sender.send(ByteBuffer(bytes: piece), into: &stream) }
        }
        return Array(buffer: stream)
    }

    /// Whatever comes in clear leads to the same end wherever it is cut, and to no message.
    static func plain(_ input: [UInt8], isServer: Bool) {
        let bytes = start(input)
        func read(inPiecesOf size: Int) -> (events: Int, error: TransportError?) {
            var transport = machine(isServer: isServer)
            var (rest, events) = (bytes[...], 0)
            while !rest.isEmpty {
                transport.append(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
                do throws(TransportError) {
                    while let event = try transport.next() {
                        if case .message = event { preconditionFailure("a message before the keys") }
                        events += 1
                    }
                } catch {
                    precondition(transport.isEnded, "a side that goes on after an error")
                    return (events, error)
                }
            }
            return (events, nil)
        }
        let whole = read(inPiecesOf: max(1, bytes.count))
        for size in [1, 61] { precondition(read(inPiecesOf: size) == whole, "read otherwise in pieces of \(size)") }
    }

    /// Both sides, once they have keys.
    private static let keyed: (client: SSHTransport, server: SSHTransport) = {
        var (client, server) = (machine(isServer: false), machine(isServer: true))
        pass(&client, &server)
        precondition(!client.sessionIdentifier.isEmpty && !server.isExchangingKeys, "a handshake that does not end")
        return (client, server)
    }()

    private static func pass(_ client: inout SSHTransport, _ server: inout SSHTransport) {
        while true {
            let (toServer, toClient) = (client.takeOutbound(), server.takeOutbound())
            if toServer == nil, toClient == nil { return }
            toServer.map { server.append($0) }
            toClient.map { client.append($0) }
            while (try? client.next()) != nil {}
            while (try? server.next()) != nil {}
        }
    }

    /// A client that has keys says anything at any time, and the server exchanges keys as it likes.
    static func keyed(_ bytes: [UInt8]) {
        var input = InputBytes(bytes)
        var (client, server) = keyed
        var connection = SSHConnection()
        do throws(TransportError) {
            while let decision = input.next(), !server.isEnded {
                switch decision % 8 {
                case 0: try server.beginExchange()
                case 1: try client.beginExchange()
                case 2: server.takeOutbound().map { client.append($0) }
                case 3:
                    // What a hostile client makes of the server's words is not of interest.
                    while (try? client.next()) != nil {}
                default:
                    guard let message = input.piece(), !message.isEmpty else { continue }
                    try? client.send(ByteBuffer(bytes: message))
                }
                guard let sent = client.takeOutbound() else { continue }
                server.append(sent)
                while let event = try server.next() {
                    guard case .message(let message) = event else { continue }
                    let number = message.getInteger(at: message.readerIndex, as: UInt8.self) ?? 0
                    guard number >= MessageNumber.firstOfConnectionProtocol else { continue }
                    if try !connection.receive(message) { try server.sendUnimplemented() }
                    ConnectionReading.answer(&connection)
                    while !server.isExchangingKeys, let message = connection.nextOutbound() { try server.send(message) }
                }
            }
        } catch {}
    }
}
