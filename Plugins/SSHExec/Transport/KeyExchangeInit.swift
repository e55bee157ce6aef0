import NIOCore

/// `SSH_MSG_KEXINIT` (RFC 4253, section 7.1).
struct KeyExchangeInit {
    var cookie: [UInt8]
    var keyExchanges: [String]
    var hostKeys: [String]
    var ciphersToServer: [String]
    var ciphersToClient: [String]
    var macsToServer: [String]
    var macsToClient: [String]
    var firstPacketFollows = false

    /// What stands among the key exchange methods and is none.
    enum Indicator {
        /// RFC 8308, section 2.1.
        static let extensionInfoClient = "ext-info-c"
        /// Against prefix truncation (CVE-2023-48795; OpenSSH's PROTOCOL, section 1.10).
        static let strictClient = "kex-strict-c-v00@openssh.com"
        static let strictServer = "kex-strict-s-v00@openssh.com"
    }

    init(_ algorithms: TransportAlgorithms, cookie: [UInt8], indicators: [String]) {
        self.cookie = cookie
        keyExchanges = algorithms.keyExchanges + indicators
        hostKeys = algorithms.hostKeys
        ciphersToServer = algorithms.ciphers
        ciphersToClient = algorithms.ciphers
        macsToServer = algorithms.macs
        macsToClient = algorithms.macs
    }

    /// - Parameter message: With its number.
    init(_ message: ByteBuffer) throws(TransportError) {
        var message = message
        guard message.readInteger(as: UInt8.self) == MessageNumber.keyExchangeInit,
            let cookie = message.readBytes(length: 16), let keyExchanges = message.readSSHNameList(),
            let hostKeys = message.readSSHNameList(), let ciphersToServer = message.readSSHNameList(),
            let ciphersToClient = message.readSSHNameList(), let macsToServer = message.readSSHNameList(),
            let macsToClient = message.readSSHNameList(), let compressionToServer = message.readSSHNameList(),
            let compressionToClient = message.readSSHNameList(), message.readSSHString() != nil,
            message.readSSHString() != nil, let follows = message.readSSHBool(),
            message.readInteger(as: UInt32.self) != nil, message.readableBytes == 0
        else { throw .violation("A key exchange begins with a message that cannot be read.") }
        guard compressionToServer.contains("none"), compressionToClient.contains("none") else {
            throw TransportError(.keyExchangeFailed, "This side does not compress, and the other insists on it.")
        }
        self.cookie = cookie
        self.keyExchanges = keyExchanges
        self.hostKeys = hostKeys
        self.ciphersToServer = ciphersToServer
        self.ciphersToClient = ciphersToClient
        self.macsToServer = macsToServer
        self.macsToClient = macsToClient
        self.firstPacketFollows = follows
    }

    var message: ByteBuffer {
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.keyExchangeInit)
        message.writeBytes(cookie)
        for names in [
            keyExchanges, hostKeys, ciphersToServer, ciphersToClient, macsToServer, macsToClient, ["none"], ["none"],
            [], [],
        ] { message.writeSSHNameList(names) }
        message.writeSSHBool(firstPacketFollows)
        message.writeInteger(UInt32(0))
        return message
    }
}

/// What both sides have agreed on.
struct NegotiatedAlgorithms: Equatable {
    struct Direction: Equatable {
        let cipher: CipherAlgorithm
        /// `nil` where the cipher authenticates.
        let mac: MACAlgorithm?
    }

    let keyExchange: KeyExchangeMethod
    let hostKey: String
    let toServer: Direction
    let toClient: Direction
    /// Whether the packet that the other side sent on a guess is for another method than the one agreed on.
    let isGuessWrong: Bool

    /// The first of the client's that the server has too, in each list.
    init(client: KeyExchangeInit, server: KeyExchangeInit, guessOf other: KeyExchangeInit) throws(TransportError) {
        let keyExchange = try Self.first(client.keyExchanges, server.keyExchanges, "key exchange method")
        hostKey = try Self.first(client.hostKeys, server.hostKeys, "host key algorithm")
        guard let method = KeyExchangeMethod(name: keyExchange) else {
            throw TransportError(.keyExchangeFailed, "No key exchange method is common to both sides.")
        }
        self.keyExchange = method
        toServer = try Self.direction(
            client.ciphersToServer, server.ciphersToServer, client.macsToServer, server.macsToServer)
        toClient = try Self.direction(
            client.ciphersToClient, server.ciphersToClient, client.macsToClient, server.macsToClient)
        isGuessWrong =
            other.firstPacketFollows
            && (client.keyExchanges.first != server.keyExchanges.first
                || client.hostKeys.first != server.hostKeys.first)
    }

    private static func direction(
        _ clientCiphers: [String], _ serverCiphers: [String], _ clientMACs: [String], _ serverMACs: [String]
    ) throws(TransportError) -> Direction {
        let name = try first(clientCiphers, serverCiphers, "cipher")
        guard let cipher = CipherAlgorithm(name: name) else {
            throw TransportError(.keyExchangeFailed, "No cipher is common to both sides.")
        }
        if cipher.isAuthenticated { return Direction(cipher: cipher, mac: nil) }
        let mac = try first(clientMACs, serverMACs, "MAC algorithm")
        return Direction(cipher: cipher, mac: MACAlgorithm(name: mac))
    }

    private static func first(_ client: [String], _ server: [String], _ what: String) throws(TransportError) -> String {
        if let common = client.first(where: server.contains) { return common }
        throw TransportError(
            .keyExchangeFailed,
            "No \(what) is common to both sides. The client offers \(client.joined(separator: ",")); "
                + "the server offers \(server.joined(separator: ",")).")
    }
}
