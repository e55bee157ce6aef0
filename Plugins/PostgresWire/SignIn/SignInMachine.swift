import NIOCore

/// The conversation before a caller is signed in: bytes in, events out, no I/O (PostgreSQL documentation, section
/// 55.2.1).
struct SignInMachine {
    enum Event: Equatable {
        /// The client wants TLS: `answer` goes out, and if it is `S`, TLS begins.
        case tlsRequested(answer: UInt8)
        /// The client has begun TLS without asking (PostgreSQL 17); the bytes so far belong to it.
        case tlsBegan(ByteBuffer)
        /// GSSAPI encryption is not to be had: `answer` goes out.
        case encryptionRequested(answer: UInt8)
        /// Another connection's statement is to be given up. The connection closes without an answer.
        case cancel(BackendKeyData)
        case startup(StartupParameters)
        /// A token, as the password or by OAUTHBEARER.
        case token(String)
        /// SCRAM's first message from the client, then its final one.
        case scramFirst(SCRAMClientFirst)
        case scramFinal(ByteBuffer)
        /// A client that asks where to get a token, and no attempt to sign in.
        case discovery
        /// The client has taken note that its token was refused.
        case refusalAcknowledged
    }

    private enum State: Equatable {
        case first
        case awaitingTLS
        case authenticating
        case password
        case bearerInitial
        case bearerRefused
        case scramInitial
        case scramFinal
        case done
    }

    /// PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`.
    static let longestStartupPacket = 10_000
    /// Tokens are long, and passwords are short.
    static let longestPassword = 65_536

    private var state = State.first
    private var buffer = ByteBuffer()
    private let offersTLS: Bool
    private(set) var isEncrypted = false
    private var hasAskedForTLS = false
    private var hasAskedForGSS = false

    init(offersTLS: Bool) { self.offersTLS = offersTLS }

    mutating func append(_ bytes: ByteBuffer) { buffer.writeImmutableBuffer(bytes) }

    /// What came after the last message that was understood; the relay's from then on.
    mutating func takeRest() -> ByteBuffer {
        defer { buffer = ByteBuffer() }
        return buffer
    }

    /// TLS is up: everything starts anew within it.
    mutating func tlsEstablished() {
        isEncrypted = true
        state = .first
        buffer = ByteBuffer()
    }

    /// The next event, or `nil` until more arrives.
    mutating func next() throws(ProtocolViolation) -> Event? {
        switch state {
        case .first: return try startupPacket()
        case .awaitingTLS:
            // What came in clear before TLS would be believed after it (CVE-2021-23214).
            guard buffer.readableBytes == 0 else {
                throw ProtocolViolation("received unencrypted data after SSL request")
            }
            return nil
        case .authenticating, .done: return nil
        case .password:
            guard var payload = try passwordMessage() else { return nil }
            guard let token = payload.readString(length: payload.readableBytes - 1), payload.readInteger() == UInt8(0),
                !token.utf8.contains(0)
            else { throw ProtocolViolation("PasswordMessage: a string without its end") }
            state = .done
            return .token(token)
        case .bearerInitial:
            guard let payload = try passwordMessage() else { return nil }
            switch try OAuthBearer.token(inInitialResponse: payload) {
            case .token(let token):
                state = .done
                return .token(token)
            case .none:
                state = .bearerRefused
                return .discovery
            }
        case .scramInitial:
            guard let payload = try passwordMessage() else { return nil }
            var reader = MessageReader(payload, of: "SASLInitialResponse")
            guard try reader.string() == Self.scramMechanism, let message = try reader.value() else {
                throw ProtocolViolation("client selected an invalid SASL authentication mechanism")
            }
            try reader.end()
            state = .authenticating
            return .scramFirst(try SCRAMClientFirst(message))
        case .scramFinal:
            guard let payload = try passwordMessage() else { return nil }
            state = .done
            return .scramFinal(payload)
        case .bearerRefused:
            guard let payload = try passwordMessage() else { return nil }
            // RFC 7628, section 3.2.3: the client answers with one byte.
            guard Array(payload.readableBytesView) == [1] else {
                throw ProtocolViolation("OAUTHBEARER: a refusal that is not acknowledged")
            }
            state = .done
            return .refusalAcknowledged
        }
    }

    // MARK: What is asked of the client

    /// AuthenticationCleartextPassword: the password is a token.
    mutating func requestPassword() -> ByteBuffer {
        state = .password
        return Authentication.message(3)
    }

    /// AuthenticationSASL with OAUTHBEARER alone.
    mutating func requestBearer() -> ByteBuffer {
        state = .bearerInitial
        return Authentication.message(10) {
            $0.writeProtocolString(OAuthBearer.mechanism)
            $0.writeInteger(UInt8(0))
        }
    }

    static let scramMechanism = "SCRAM-SHA-256"

    /// AuthenticationSASL with SCRAM-SHA-256 alone.
    mutating func requestSCRAM() -> ByteBuffer {
        state = .scramInitial
        return Authentication.message(10) {
            $0.writeProtocolString(Self.scramMechanism)
            $0.writeInteger(UInt8(0))
        }
    }

    /// AuthenticationSASLContinue with the server's first message.
    mutating func continueSCRAM(_ serverFirst: ByteBuffer) -> ByteBuffer {
        state = .scramFinal
        return Authentication.message(11) { $0.writeImmutableBuffer(serverFirst) }
    }

    /// Tells a client that used OAUTHBEARER why, and where tokens come from; it acknowledges that.
    mutating func refuseBearer(_ metadata: OAuthBearer.Metadata) -> ByteBuffer {
        state = .bearerRefused
        return Authentication.message(11) { $0.writeBytes(metadata.json) }
    }

    // MARK: Reading

    private mutating func startupPacket() throws(ProtocolViolation) -> Event? {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        if first == 0x16, !isEncrypted, !hasAskedForTLS, !hasAskedForGSS {
            guard offersTLS else { throw ProtocolViolation("this listener has no TLS") }
            state = .awaitingTLS
            return .tlsBegan(takeRest())
        }
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard length >= 8, length <= Self.longestStartupPacket else {
            throw ProtocolViolation("invalid length of startup packet")
        }
        guard var packet = buffer.readSlice(length: Int(length)) else { return nil }
        packet.moveReaderIndex(forwardBy: 4)
        let code = packet.readInteger(as: UInt32.self) ?? 0
        switch code {
        case 80_877_103:
            guard !isEncrypted, !hasAskedForTLS, length == 8 else {
                throw ProtocolViolation("a second request for TLS")
            }
            hasAskedForTLS = true
            guard buffer.readableBytes == 0 else {
                throw ProtocolViolation("received unencrypted data after SSL request")
            }
            if offersTLS { state = .awaitingTLS }
            return .tlsRequested(answer: UInt8(ascii: offersTLS ? "S" : "N"))
        case 80_877_104:
            guard !isEncrypted, !hasAskedForGSS, length == 8 else {
                throw ProtocolViolation("a second request for GSSAPI encryption")
            }
            hasAskedForGSS = true
            guard buffer.readableBytes == 0 else {
                throw ProtocolViolation("received unencrypted data after GSSAPI encryption request")
            }
            return .encryptionRequested(answer: UInt8(ascii: "N"))
        case 80_877_102:
            guard let process = packet.readInteger(as: Int32.self), 4...256 ~= packet.readableBytes else {
                throw ProtocolViolation("invalid length of query cancel packet")
            }
            state = .done
            return .cancel(BackendKeyData(processID: process, secret: Array(packet.readableBytesView)))
        case _ where code >> 16 == 3:
            let parameters = try readParameters(packet, minor: Int(code & 0xffff))
            state = .authenticating
            return .startup(parameters)
        default:
            throw ProtocolViolation(
                "unsupported frontend protocol \(code >> 16).\(code & 0xffff): server supports 3.0 to 3.2")
        }
    }

    private func readParameters(_ packet: ByteBuffer, minor: Int) throws(ProtocolViolation) -> StartupParameters {
        var reader = MessageReader(packet, of: "StartupMessage")
        var values: [String: String] = [:]
        while true {
            let name = try reader.string()
            if name.isEmpty { break }
            values[name] = try reader.string()
        }
        try reader.end()
        guard values["user"]?.isEmpty == false else {
            throw ProtocolViolation("no PostgreSQL user name specified in startup packet")
        }
        return StartupParameters(minorVersion: minor, values: values)
    }

    private mutating func passwordMessage() throws(ProtocolViolation) -> ByteBuffer? {
        guard let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard type == MessageCode.password else {
            throw ProtocolViolation("expected password response, got message type \(type)")
        }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self) else { return nil }
        guard length >= 5, length <= Self.longestPassword else {
            throw ProtocolViolation("invalid password packet size")
        }
        guard var message = buffer.readSlice(length: Int(length) + 1) else { return nil }
        message.moveReaderIndex(forwardBy: Frame.headerLength)
        return message
    }
}

/// AuthenticationXXX messages.
enum Authentication {
    static let ok = message(0)

    static func message(_ code: Int32, _ body: (inout ByteBuffer) -> Void = { _ in }) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.authentication) {
            $0.writeInteger(code)
            body(&$0)
        }
        return bytes
    }
}

/// NegotiateProtocolVersion: a newer minor version, or options that are not known, were asked for.
enum NegotiateProtocolVersion {
    static let newestMinor = 2

    /// `nil` when there is nothing to negotiate.
    static func message(_ parameters: StartupParameters) -> ByteBuffer? {
        let unknown = parameters.values.keys.filter { $0.hasPrefix("_pq_.") }.sorted()
        guard parameters.minorVersion > newestMinor || !unknown.isEmpty else { return nil }
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.negotiateProtocolVersion) {
            $0.writeInteger(Int32(3 << 16 | min(parameters.minorVersion, newestMinor)))
            $0.writeInteger(Int32(unknown.count))
            for name in unknown { $0.writeProtocolString(name) }
        }
        return bytes
    }
}
