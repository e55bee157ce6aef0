import NIOCore

/// The keys of both directions, from the secret and the hash of a key exchange (RFC 4253, section 7.2).
struct SessionKeys {
    private let method: KeyExchangeMethod
    private let secret: [UInt8]
    private let exchangeHash: [UInt8]
    private let sessionIdentifier: [UInt8]

    init(_ method: KeyExchangeMethod, _ shared: SharedKey, exchangeHash: [UInt8], sessionIdentifier: [UInt8]) {
        self.method = method
        self.exchangeHash = exchangeHash
        self.sessionIdentifier = sessionIdentifier
        var encoded = ByteBuffer()
        encoded.writeSharedKey(shared)
        secret = Array(buffer: encoded)
    }

    func protection(_ algorithms: NegotiatedAlgorithms.Direction, isToServer: Bool) -> PacketProtection {
        let iv = key(isToServer ? "A" : "B", length: 16)
        let encryption = key(isToServer ? "C" : "D", length: algorithms.cipher.keyLength)
        guard let mac = algorithms.mac, !algorithms.cipher.isAuthenticated else {
            return .gcm(GCMProtection(key: encryption, iv: Array(iv.prefix(12))))
        }
        let integrity = key(isToServer ? "E" : "F", length: mac.length)
        return .ctr(CTRProtection(key: encryption, iv: iv, mac: mac, macKey: integrity))
    }

    private func key(_ letter: Unicode.Scalar, length: Int) -> [UInt8] {
        var key = method.hash(secret + exchangeHash + [UInt8(ascii: letter)] + sessionIdentifier)
        while key.count < length { key += method.hash(secret + exchangeHash + key) }
        return Array(key.prefix(length))
    }
}

extension ByteBuffer {
    mutating func writeSharedKey(_ key: SharedKey) {
        switch key.encoding {
        case .mpint: writeSSHMPInt(key.bytes)
        case .string: writeSSHString(key.bytes)
        }
    }
}
