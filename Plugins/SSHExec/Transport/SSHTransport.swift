import NIOCore

/// The transport protocol of SSH, either side's (RFC 4253), with strict key exchange (CVE-2023-48795).
///
/// Pure: bytes go in with `append`, messages and what happened come out of `next`, messages go in with `send`, and what
/// has to be written is taken with `takeOutbound`. It answers what belongs to the transport by itself.
struct SSHTransport {
    enum Event {
        /// A message above the transport: the service request, signing in, channels.
        case message(ByteBuffer)
        /// The first keys are in use. A client looks at the key that the host has shown before it sends anything.
        case keysExchanged(OfferedHostKey?, NegotiatedAlgorithms)
        /// The other side has said goodbye.
        case disconnected(reason: UInt32, message: String)
    }

    private enum Phase {
        /// Nothing but the other side's identification may come.
        case identifying
        /// Between the identification and the first keys.
        case firstExchange
        case running
        case ended
    }

    private struct Exchange {
        let ownInit: ByteBuffer
        var otherInit: ByteBuffer?
        var exchange: KeyExchange?
        /// Once it is done, until the other side uses its new keys.
        var result: KeyExchange.Result?
    }

    private let role: KeyExchange.Role
    private let algorithms: TransportAlgorithms
    private let ownIdentification: String
    private var otherIdentification = ""
    private var phase = Phase.identifying
    private var identifying: IdentificationExchange
    private var sender = PacketSender()
    private var receiver = PacketReceiver()
    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()
    private var exchange: Exchange?
    private var held = HeldMessages()
    private var isStrict = false
    private var otherTakesExtensionInfo = false
    private var cookies = SystemRandomNumberGenerator()
    /// The hash of the first exchange (RFC 4253, section 7.2).
    private(set) var sessionIdentifier: [UInt8] = []
    /// What the server says it verifies (`server-sig-algs`, RFC 8308, section 3.1); `nil` where it says nothing.
    private(set) var serverSignatureAlgorithms: [String]?
    /// Of the last message that `next` gave: an answer that it is not understood names it.
    private var lastSequence: UInt32 = 0

    init(_ role: KeyExchange.Role, _ algorithms: TransportAlgorithms, softwareVersion: String) {
        self.role = role
        self.algorithms = algorithms
        ownIdentification = "SSH-2.0-\(softwareVersion)"
        let isClient = if case .client = role { true } else { false }
        identifying = IdentificationExchange(mayHavePreface: isClient)
        outbound.writeString("\(ownIdentification)\r\n")
    }

    private var isServer: Bool {
        if case .server = role { true } else { false }
    }

    /// What the other side calls itself, e.g. `SSH-2.0-OpenSSH_9.2`.
    var peerIdentification: String { otherIdentification }

    var isEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    /// Whether messages are held back by a key exchange; who sends much has to wait.
    var isExchangingKeys: Bool { exchange != nil }

    /// How many exchanges have begun: whoever gives one its time can tell it from the next.
    private(set) var exchangesBegun = 0

    /// How much has to be written to the other side.
    var outboundBytes: Int { outbound.readableBytes }

    /// What has to be written to the other side.
    mutating func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        let bytes = outbound
        outbound = ByteBuffer()
        return bytes
    }

    mutating func append(_ bytes: ByteBuffer) {
        guard !isEnded else { return }
        var bytes = bytes
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    }

    // MARK: Sending

    mutating func send(_ message: ByteBuffer) throws(TransportError) {
        guard !isEnded else { return }
        if exchange != nil || sessionIdentifier.isEmpty {
            try held.append(message)
        } else {
            try sender.send(message, into: &outbound)
            if sender.volume.isSpent { try beginExchange() }
        }
    }

    /// Says that the last message that `next` gave is not understood (RFC 4253, section 11.4).
    mutating func sendUnimplemented() throws(TransportError) {
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.unimplemented)
        message.writeInteger(lastSequence)
        try send(message)
    }

    /// Says goodbye; nothing is sent or received after it.
    mutating func disconnect(_ reason: DisconnectReason, _ text: String) {
        guard !isEnded else { return }
        if case .identifying = phase {
            // There are no packets yet: whoever speaks another protocol can read a line.
            outbound.writeString("\(text)\r\n")
        } else {
            var message = ByteBuffer()
            message.writeInteger(MessageNumber.disconnect)
            message.writeInteger(reason.rawValue)
            message.writeSSHText(text)
            message.writeSSHText("")
            try? sender.send(message, into: &outbound)
        }
        phase = .ended
        held = HeldMessages()
    }

    /// Begins to exchange keys, if that is not under way.
    mutating func beginExchange() throws(TransportError) {
        guard exchange == nil else { return }
        let isFirst = sessionIdentifier.isEmpty
        let cookie = (0..<16).map { _ in UInt8.random(in: 0...255, using: &cookies) }
        var indicators: [String] = []
        if isFirst {
            indicators =
                isServer
                ? [KeyExchangeInit.Indicator.strictServer]
                : [KeyExchangeInit.Indicator.extensionInfoClient, KeyExchangeInit.Indicator.strictClient]
        }
        let message = KeyExchangeInit(algorithms, cookie: cookie, indicators: indicators).message
        exchange = Exchange(ownInit: message)
        exchangesBegun += 1
        try sender.send(message, into: &outbound)
    }

    // MARK: Receiving

    /// What comes next of what has been appended; `nil` when more bytes are needed.
    ///
    /// - Throws: What the connection has to end for; the other side has been told.
    mutating func next() throws(TransportError) -> Event? {
        do throws(TransportError) {
            return try step()
        } catch {
            disconnect(error.reason, error.message)
            throw error
        }
    }

    private mutating func step() throws(TransportError) -> Event? {
        while !isEnded {
            if case .identifying = phase {
                guard let line = try identifying.read(from: &inbound) else { return nil }
                otherIdentification = line
                phase = .firstExchange
                try beginExchange()
                continue
            }
            let sequence = receiver.sequence
            guard let message = try receiver.receive(from: &inbound) else { return nil }
            if inbound.readableBytes == 0 {
                inbound = ByteBuffer()
            } else if inbound.readerIndex > 1 << 20 {
                inbound.discardReadBytes()
            }
            lastSequence = sequence
            if receiver.volume.isSpent { try beginExchange() }
            if let event = try handle(message, sequence: sequence) { return event }
        }
        return nil
    }

    private mutating func handle(_ message: ByteBuffer, sequence: UInt32) throws(TransportError) -> Event? {
        guard let number = message.getInteger(at: message.readerIndex, as: UInt8.self) else { return nil }
        if number == MessageNumber.disconnect { return disconnected(message) }
        try admit(number)
        switch number {
        case MessageNumber.ignore, MessageNumber.debug, MessageNumber.unimplemented: return nil
        case MessageNumber.keyExchangeInit: try receiveInit(message, sequence: sequence)
        case MessageNumber.newKeys: return try takeNewKeys(message)
        case 30...49: try receiveExchange(message)
        case MessageNumber.extensionInfo: readExtensionInfo(message)
        case 8...29: try sendUnimplemented()
        default: return .message(message)
        }
        return nil
    }

    /// Before the first keys, and between its own two messages of a later exchange, the other side may send little else
    /// (RFC 4253, section 7.1). It is not told that something is unknown either: those answers would wait here for an
    /// exchange that it alone can end.
    private func admit(_ number: UInt8) throws(TransportError) {
        let isFirst = if case .firstExchange = phase { true } else { false }
        guard isFirst || exchange?.otherInit != nil else { return }
        switch number {
        case MessageNumber.keyExchangeInit, MessageNumber.newKeys, 30...49: return
        // A strict first exchange has no room for these: an attacker could shift the sequence numbers with them.
        case MessageNumber.ignore, MessageNumber.debug, MessageNumber.unimplemented:
            if !isFirst || !isStrict { return }
        default: break
        }
        throw .violation(
            isFirst
                ? "A message came before the keys were exchanged." : "A message came in the middle of a key exchange.")
    }

    private mutating func disconnected(_ message: ByteBuffer) -> Event {
        var message = message
        message.moveReaderIndex(forwardBy: 1)
        phase = .ended
        let reason = message.readInteger(as: UInt32.self) ?? 0
        return .disconnected(reason: reason, message: String((message.readSSHText() ?? "").prefix(1024)))
    }

    private mutating func receiveInit(_ message: ByteBuffer, sequence: UInt32) throws(TransportError) {
        try beginExchange()
        guard var current = exchange, current.otherInit == nil else {
            throw .violation("A key exchange began within another.")
        }
        current.otherInit = message
        let isFirst = sessionIdentifier.isEmpty
        if isFirst {
            let offered = try KeyExchangeInit(message).keyExchanges
            let strict = isServer ? KeyExchangeInit.Indicator.strictClient : KeyExchangeInit.Indicator.strictServer
            isStrict = offered.contains(strict)
            guard !isStrict || sequence == 0 else {
                throw .violation("The first packet does not begin the key exchange.")
            }
            otherTakesExtensionInfo = isServer && offered.contains(KeyExchangeInit.Indicator.extensionInfoClient)
        }
        var new = try KeyExchange(
            role,
            identifications: isServer
                ? (client: otherIdentification, server: ownIdentification)
                : (client: ownIdentification, server: otherIdentification),
            inits: isServer
                ? (client: message, server: current.ownInit) : (client: current.ownInit, server: message))
        if let first = try new.begin() { try sender.send(first, into: &outbound) }
        current.exchange = new
        exchange = current
    }

    private mutating func receiveExchange(_ message: ByteBuffer) throws(TransportError) {
        guard var current = exchange, var running = current.exchange, current.result == nil else {
            throw .violation("A message of a key exchange came where none was.")
        }
        let identifier = sessionIdentifier.isEmpty ? nil : sessionIdentifier
        guard let (result, answer) = try running.receive(message, sessionIdentifier: identifier) else {
            current.exchange = running
            exchange = current
            return
        }
        if let answer { try sender.send(answer, into: &outbound) }
        var newKeys = ByteBuffer()
        newKeys.writeInteger(MessageNumber.newKeys)
        try sender.send(newKeys, into: &outbound)
        let own = isServer ? result.algorithms.toClient : result.algorithms.toServer
        sender.take(result.keys.protection(own, isToServer: !isServer), resettingSequence: isStrict)
        current.result = result
        exchange = current
        if sessionIdentifier.isEmpty, otherTakesExtensionInfo { try sender.send(Self.extensionInfo, into: &outbound) }
    }

    private mutating func takeNewKeys(_ message: ByteBuffer) throws(TransportError) -> Event? {
        guard let result = exchange?.result, message.readableBytes == 1 else {
            throw .violation("New keys were announced without an exchange.")
        }
        let other = isServer ? result.algorithms.toServer : result.algorithms.toClient
        receiver.take(result.keys.protection(other, isToServer: isServer), resettingSequence: isStrict)
        let isFirst = sessionIdentifier.isEmpty
        sessionIdentifier = result.sessionIdentifier
        exchange = nil
        phase = .running
        for message in held.takeAll() { try send(message) }
        if isFirst { return .keysExchanged(result.hostKey, result.algorithms) }
        return nil
    }

    // MARK: Extensions (RFC 8308)

    /// What this side verifies, of all that a client may sign with.
    private static let extensionInfo: ByteBuffer = {
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.extensionInfo)
        message.writeInteger(UInt32(1))
        message.writeSSHText("server-sig-algs")
        message.writeSSHText(
            "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
                + "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256")
        return message
    }()

    private mutating func readExtensionInfo(_ message: ByteBuffer) {
        var message = message
        message.moveReaderIndex(forwardBy: 1)
        guard !isServer, let count = message.readInteger(as: UInt32.self) else { return }
        for _ in 0..<min(count, 64) {
            guard let name = message.readSSHText(), var value = message.readSSHString() else { return }
            if name == "server-sig-algs" {
                serverSignatureAlgorithms = value.readString(length: value.readableBytes)?.split(separator: ",")
                    .map(String.init)
            }
        }
    }
}
