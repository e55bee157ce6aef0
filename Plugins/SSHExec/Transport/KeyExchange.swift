import NIOCore

/// One key exchange, from the two `SSH_MSG_KEXINIT` to the new keys (RFC 4253, section 7 and 8; RFC 5656, section 4).
struct KeyExchange {
    enum Role {
        case server([ServerHostKey])
        /// - Parameter verify: Whether a signature blob is that of a key over some bytes, by the algorithm named.
        case client(
            verify: @Sendable (_ blob: [UInt8], _ algorithm: String, _ signature: [UInt8], _ bytes: [UInt8]) -> Bool)
    }

    struct Result {
        let keys: SessionKeys
        let sessionIdentifier: [UInt8]
        /// What a client has to look at; `nil` for a server.
        let hostKey: OfferedHostKey?
        let algorithms: NegotiatedAlgorithms
    }

    /// Both identification lines and both first messages, which the exchange's hash covers.
    private let clientIdentification: String
    private let serverIdentification: String
    private let clientInit: ByteBuffer
    private let serverInit: ByteBuffer
    private let role: Role
    let algorithms: NegotiatedAlgorithms
    private var initiator: KeyExchangeInitiator?
    private var mustSkipGuess: Bool

    init(
        _ role: Role, identifications: (client: String, server: String), inits: (client: ByteBuffer, server: ByteBuffer)
    ) throws(TransportError) {
        self.role = role
        (clientIdentification, serverIdentification) = identifications
        (clientInit, serverInit) = inits
        let client = try KeyExchangeInit(inits.client)
        let server = try KeyExchangeInit(inits.server)
        let other = if case .server = role { client } else { server }
        algorithms = try NegotiatedAlgorithms(client: client, server: server, guessOf: other)
        mustSkipGuess = algorithms.isGuessWrong
    }

    /// The client's first message; `nil` for a server.
    mutating func begin() throws(TransportError) -> ByteBuffer? {
        guard case .client = role else { return nil }
        do {
            let initiator = try KeyExchangeInitiator(algorithms.keyExchange)
            self.initiator = initiator
            var message = ByteBuffer()
            message.writeInteger(MessageNumber.keyExchangeECDHInit)
            message.writeSSHString(initiator.publicValue)
            return message
        } catch {
            throw TransportError(.keyExchangeFailed, "No key could be made for the key exchange.")
        }
    }

    /// Takes a message of the exchange.
    ///
    /// - Parameter sessionIdentifier: That of the connection; `nil` in its first exchange, whose hash becomes it.
    /// - Returns: What the exchange came to and, for a server, its answer; `nil` where the message is to be skipped.
    mutating func receive(
        _ message: ByteBuffer, sessionIdentifier: [UInt8]?
    ) throws(TransportError) -> (result: Result, answer: ByteBuffer?)? {
        if mustSkipGuess {
            mustSkipGuess = false
            return nil
        }
        switch role {
        case .server(let keys): return try answer(message, keys, sessionIdentifier)
        case .client(let verify): return (try conclude(message, verify, sessionIdentifier), nil)
        }
    }

    private func answer(
        _ message: ByteBuffer, _ keys: [ServerHostKey], _ sessionIdentifier: [UInt8]?
    ) throws(TransportError) -> (Result, ByteBuffer?) {
        var message = message
        guard message.readInteger(as: UInt8.self) == MessageNumber.keyExchangeECDHInit,
            let offer = message.readSSHString(), message.readableBytes == 0
        else { throw .violation("A message of the key exchange cannot be read.") }
        guard let key = keys.first(where: { $0.algorithm == algorithms.hostKey }) else {
            throw TransportError(.keyExchangeFailed, "There is no host key of the algorithm agreed on.")
        }
        let offered = Array(buffer: offer)
        let responder = try KeyExchangeResponder(algorithms.keyExchange, offer: offered)
        let hash = exchangeHash(
            hostKey: key.blob, offer: offered, answer: responder.publicValue, shared: responder.sharedKey)
        var answer = ByteBuffer()
        answer.writeInteger(MessageNumber.keyExchangeECDHReply)
        answer.writeSSHString(key.blob)
        answer.writeSSHString(responder.publicValue)
        do {
            answer.writeSSHString(try key.sign(hash))
        } catch {
            throw TransportError(.keyExchangeFailed, "The host key could not sign.")
        }
        let identifier = sessionIdentifier ?? hash
        let sessionKeys = SessionKeys(
            algorithms.keyExchange, responder.sharedKey, exchangeHash: hash, sessionIdentifier: identifier)
        return (
            Result(keys: sessionKeys, sessionIdentifier: identifier, hostKey: nil, algorithms: algorithms), answer
        )
    }

    private func conclude(
        _ message: ByteBuffer, _ verify: ([UInt8], String, [UInt8], [UInt8]) -> Bool, _ sessionIdentifier: [UInt8]?
    ) throws(TransportError) -> Result {
        var message = message
        guard message.readInteger(as: UInt8.self) == MessageNumber.keyExchangeECDHReply,
            let hostKey = message.readSSHString(), let answer = message.readSSHString(),
            let signature = message.readSSHString(), message.readableBytes == 0, let initiator
        else { throw .violation("A message of the key exchange cannot be read.") }
        let answered = Array(buffer: answer)
        let blob = Array(buffer: hostKey)
        let shared = try initiator.sharedKey(answered)
        let hash = exchangeHash(hostKey: blob, offer: initiator.publicValue, answer: answered, shared: shared)
        guard verify(blob, algorithms.hostKey, Array(buffer: signature), hash) else {
            throw TransportError(.hostKeyNotVerifiable, "The host does not have the key that it shows.")
        }
        let identifier = sessionIdentifier ?? hash
        return Result(
            keys: SessionKeys(algorithms.keyExchange, shared, exchangeHash: hash, sessionIdentifier: identifier),
            sessionIdentifier: identifier, hostKey: OfferedHostKey(algorithm: algorithms.hostKey, blob: blob),
            algorithms: algorithms)
    }

    private func exchangeHash(hostKey: [UInt8], offer: [UInt8], answer: [UInt8], shared: SharedKey) -> [UInt8] {
        var hashed = ByteBuffer()
        hashed.writeSSHText(clientIdentification)
        hashed.writeSSHText(serverIdentification)
        hashed.writeSSHString(clientInit)
        hashed.writeSSHString(serverInit)
        hashed.writeSSHString(hostKey)
        hashed.writeSSHString(offer)
        hashed.writeSSHString(answer)
        hashed.writeSharedKey(shared)
        return algorithms.keyExchange.hash(hashed.readableBytesView)
    }
}
