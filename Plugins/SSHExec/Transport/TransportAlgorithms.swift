/// The algorithms that a side offers, the best first (RFC 4253, section 7.1).
struct TransportAlgorithms: Sendable, Equatable {
    var keyExchanges = KeyExchangeMethod.allCases.flatMap(\.names)
    var hostKeys: [String]
    var ciphers = CipherAlgorithm.allCases.map(\.name)
    var macs = MACAlgorithm.allCases.map(\.name)

    /// What a client takes from a host whose key it does not know yet.
    static let client = TransportAlgorithms(hostKeys: [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
        "rsa-sha2-256",
    ])
}

/// How packets are encrypted.
enum CipherAlgorithm: CaseIterable, Sendable {
    case aes256GCM, aes128GCM, aes256CTR, aes192CTR, aes128CTR

    var name: String {
        switch self {
        case .aes256GCM: "aes256-gcm@openssh.com"
        case .aes128GCM: "aes128-gcm@openssh.com"
        case .aes256CTR: "aes256-ctr"
        case .aes192CTR: "aes192-ctr"
        case .aes128CTR: "aes128-ctr"
        }
    }

    /// In bytes.
    var keyLength: Int {
        switch self {
        case .aes256GCM, .aes256CTR: 32
        case .aes192CTR: 24
        case .aes128GCM, .aes128CTR: 16
        }
    }

    /// Whether it authenticates what it encrypts, so that no MAC is chosen (RFC 5647, and how OpenSSH names it).
    var isAuthenticated: Bool { self == .aes256GCM || self == .aes128GCM }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

/// How packets are authenticated where their cipher does not.
enum MACAlgorithm: CaseIterable, Sendable {
    case sha256ETM, sha512ETM, sha256, sha512

    var name: String {
        switch self {
        case .sha256ETM: "hmac-sha2-256-etm@openssh.com"
        case .sha512ETM: "hmac-sha2-512-etm@openssh.com"
        case .sha256: "hmac-sha2-256"
        case .sha512: "hmac-sha2-512"
        }
    }

    /// Of the key and of the tag, in bytes.
    var length: Int {
        switch self {
        case .sha256ETM, .sha256: 32
        case .sha512ETM, .sha512: 64
        }
    }

    /// Whether the tag covers what was encrypted, and the length stands in clear (OpenSSH's PROTOCOL, section 1.5).
    var isEncryptThenMAC: Bool { self == .sha256ETM || self == .sha512ETM }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
