import Crypto
import Foundation

/// How both sides come to a secret that nobody between them knows.
enum KeyExchangeMethod: CaseIterable, Sendable {
    /// X25519 together with ML-KEM-768, which quantum computers do not break (draft-ietf-sshm-mlkem-hybrid-kex).
    case mlkem768X25519
    /// RFC 8731.
    case curve25519
    /// RFC 5656.
    case nistp256, nistp384, nistp521

    var names: [String] {
        switch self {
        case .mlkem768X25519: ["mlkem768x25519-sha256"]
        case .curve25519: ["curve25519-sha256", "curve25519-sha256@libssh.org"]
        case .nistp256: ["ecdh-sha2-nistp256"]
        case .nistp384: ["ecdh-sha2-nistp384"]
        case .nistp521: ["ecdh-sha2-nistp521"]
        }
    }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.names.contains(name) }) else { return nil }
        self = found
    }

    /// The hash of the exchange and of the keys.
    func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let data = Data(bytes)
        return switch self {
        case .mlkem768X25519, .curve25519, .nistp256: Array(SHA256.hash(data: data))
        case .nistp384: Array(SHA384.hash(data: data))
        case .nistp521: Array(SHA512.hash(data: data))
        }
    }
}

/// The secret that both sides share, in the form in which it is hashed: with its length before it.
struct SharedKey {
    enum Encoding { case mpint, string }

    let bytes: [UInt8]
    let encoding: Encoding
}

/// The client's part in a key exchange: it makes a key, and learns the secret from the server's.
struct KeyExchangeInitiator {
    private enum Secret {
        case curve25519(Curve25519.KeyAgreement.PrivateKey)
        case nistp256(P256.KeyAgreement.PrivateKey)
        case nistp384(P384.KeyAgreement.PrivateKey)
        case nistp521(P521.KeyAgreement.PrivateKey)
        case hybrid(MLKEM768.PrivateKey, Curve25519.KeyAgreement.PrivateKey)
    }

    private let secret: Secret
    /// What the server gets.
    let publicValue: [UInt8]

    init(_ method: KeyExchangeMethod) throws {
        switch method {
        case .curve25519:
            let key = Curve25519.KeyAgreement.PrivateKey()
            secret = .curve25519(key)
            publicValue = Array(key.publicKey.rawRepresentation)
        case .nistp256:
            let key = P256.KeyAgreement.PrivateKey()
            secret = .nistp256(key)
            publicValue = Array(key.publicKey.x963Representation)
        case .nistp384:
            let key = P384.KeyAgreement.PrivateKey()
            secret = .nistp384(key)
            publicValue = Array(key.publicKey.x963Representation)
        case .nistp521:
            let key = P521.KeyAgreement.PrivateKey()
            secret = .nistp521(key)
            publicValue = Array(key.publicKey.x963Representation)
        case .mlkem768X25519:
            let quantumSafe = try MLKEM768.PrivateKey()
            let classical = Curve25519.KeyAgreement.PrivateKey()
            secret = .hybrid(quantumSafe, classical)
            publicValue =
                Array(quantumSafe.publicKey.rawRepresentation) + Array(classical.publicKey.rawRepresentation)
        }
    }

    /// - Parameter answer: The server's public value.
    func sharedKey(_ answer: [UInt8]) throws(TransportError) -> SharedKey {
        do {
            switch secret {
            case .curve25519(let key):
                let other = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: answer)
                return SharedKey(try key.secret(sharedWith: other))
            case .nistp256(let key):
                let other = try P256.KeyAgreement.PublicKey(x963Representation: answer)
                return try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .nistp384(let key):
                let other = try P384.KeyAgreement.PublicKey(x963Representation: answer)
                return try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .nistp521(let key):
                let other = try P521.KeyAgreement.PublicKey(x963Representation: answer)
                return try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .hybrid(let quantumSafe, let classical):
                guard answer.count == Hybrid.answerLength else { throw Hybrid.wrongLength }
                let first = try quantumSafe.decapsulate(answer.prefix(Hybrid.ciphertextLength))
                let other = try Curve25519.KeyAgreement.PublicKey(
                    rawRepresentation: answer.dropFirst(Hybrid.ciphertextLength))
                return Hybrid.combine(first, try classical.secret(sharedWith: other))
            }
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.keyExchangeFailed, "The server's part of the key exchange is not a valid key.")
        }
    }
}

/// The server's part in a key exchange.
struct KeyExchangeResponder {
    let publicValue: [UInt8]
    let sharedKey: SharedKey

    /// - Parameter offer: The client's public value.
    init(_ method: KeyExchangeMethod, offer: [UInt8]) throws(TransportError) {
        do {
            switch method {
            case .curve25519:
                let key = Curve25519.KeyAgreement.PrivateKey()
                let other = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: offer)
                publicValue = Array(key.publicKey.rawRepresentation)
                sharedKey = SharedKey(try key.secret(sharedWith: other))
            case .nistp256:
                let key = P256.KeyAgreement.PrivateKey()
                let other = try P256.KeyAgreement.PublicKey(x963Representation: offer)
                publicValue = Array(key.publicKey.x963Representation)
                sharedKey = try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .nistp384:
                let key = P384.KeyAgreement.PrivateKey()
                let other = try P384.KeyAgreement.PublicKey(x963Representation: offer)
                publicValue = Array(key.publicKey.x963Representation)
                sharedKey = try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .nistp521:
                let key = P521.KeyAgreement.PrivateKey()
                let other = try P521.KeyAgreement.PublicKey(x963Representation: offer)
                publicValue = Array(key.publicKey.x963Representation)
                sharedKey = try SharedKey(key.sharedSecretFromKeyAgreement(with: other))
            case .mlkem768X25519:
                guard offer.count == Hybrid.offerLength else { throw Hybrid.wrongLength }
                let quantumSafe = try MLKEM768.PublicKey(rawRepresentation: offer.prefix(Hybrid.publicKeyLength))
                    .encapsulate()
                let classical = Curve25519.KeyAgreement.PrivateKey()
                let other = try Curve25519.KeyAgreement.PublicKey(
                    rawRepresentation: offer.dropFirst(Hybrid.publicKeyLength))
                publicValue = Array(quantumSafe.encapsulated) + Array(classical.publicKey.rawRepresentation)
                sharedKey = Hybrid.combine(
                    quantumSafe.sharedSecret, try classical.secret(sharedWith: other))
            }
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.keyExchangeFailed, "The client's part of the key exchange is not a valid key.")
        }
    }
}

extension Curve25519.KeyAgreement.PrivateKey {
    /// Some public values give a secret of zeros whatever the private key is: who sends one knows the secret of an
    /// exchange in which it has no part. RFC 8731, section 3, and the hybrid method with it, wants such a one refused;
    /// swift-crypto does not do it.
    fileprivate func secret(
        sharedWith other: Curve25519.KeyAgreement.PublicKey
    ) throws -> SharedSecret {
        let secret = try sharedSecretFromKeyAgreement(with: other)
        guard secret.withUnsafeBytes({ bytes in bytes.reduce(0, |) }) != 0 else {
            throw TransportError(.keyExchangeFailed, "The other side's part of the key exchange gives no secret.")
        }
        return secret
    }
}

extension SharedKey {
    fileprivate init(_ secret: SharedSecret) {
        self.init(bytes: secret.withUnsafeBytes { Array($0) }, encoding: .mpint)
    }
}

/// The lengths of mlkem768x25519-sha256, and how its two secrets become one.
private enum Hybrid {
    static let publicKeyLength = 1184
    static let ciphertextLength = 1088
    static let offerLength = publicKeyLength + 32
    static let answerLength = ciphertextLength + 32

    static let wrongLength = TransportError(
        .keyExchangeFailed, "The other side's part of the key exchange has the wrong length.")

    static func combine(_ quantumSafe: SymmetricKey, _ classical: SharedSecret) -> SharedKey {
        var hash = SHA256()
        quantumSafe.withUnsafeBytes { hash.update(bufferPointer: $0) }
        classical.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return SharedKey(bytes: Array(hash.finalize()), encoding: .string)
    }
}
