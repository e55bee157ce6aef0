import Crypto
import CryptoExtras

/// What a FIDO authenticator must have seen before it signed (OpenSSH's PROTOCOL.u2f). Other keys know nothing of it.
public struct SecurityKeyDemands: Sendable, Equatable {
    /// Somebody touched it.
    public var touch = true
    /// It knew who: by PIN or fingerprint.
    public var userVerification = false

    public init(touch: Bool = true, userVerification: Bool = false) {
        self.touch = touch
        self.userVerification = userVerification
    }
}

extension SSHVerificationKey {
    /// The algorithm that a signature blob names, for the check that it is the one which was announced (RFC 8332,
    /// section 3.2).
    public static func signatureAlgorithm(of blob: [UInt8]) -> String? {
        var reader = SSHWireReader(blob)
        return try? reader.text(limit: 64)
    }

    /// Whether the signature blob (RFC 4253, section 6.6) is this key's over the message.
    ///
    /// The algorithm that the blob names must be one of this key's type. RSA signs with SHA-2 only (RFC 8332): anybody
    /// can make collisions of SHA-1, so `ssh-rsa` proves nothing.
    public func isValid(
        signature blob: [UInt8], over message: [UInt8], demands: SecurityKeyDemands = SecurityKeyDemands()
    ) -> Bool {
        do {
            var reader = SSHWireReader(blob)
            let name = try reader.string(limit: 64)
            let signature = try reader.string()
            if algorithm.isSecurityKey {
                guard name.elementsEqual(algorithm.rawValue.utf8) else { return false }
                return try securityKeySigned(signature, &reader, message, demands)
            }
            try reader.end()
            if case .rsa(let key, let length) = material {
                return Self.rsaSigned(signature, algorithm: name, key, length, message)
            }
            guard name.elementsEqual(algorithm.rawValue.utf8) else { return false }
            return try curveSigned(signature, message)
        } catch {
            return false
        }
    }

    private func curveSigned(_ signature: [UInt8], _ message: [UInt8]) throws -> Bool {
        switch material {
        case .ed25519(let key), .securityKeyEd25519(let key, _):
            return signature.count == 64 && key.isValidSignature(signature, for: message)
        case .p256(let key), .securityKeyP256(let key, _):
            let raw = try Self.rawSignature(signature, width: 32)
            return key.isValidSignature(try P256.Signing.ECDSASignature(rawRepresentation: raw), for: message)
        case .p384(let key):
            let raw = try Self.rawSignature(signature, width: 48)
            return key.isValidSignature(try P384.Signing.ECDSASignature(rawRepresentation: raw), for: message)
        case .p521(let key):
            let raw = try Self.rawSignature(signature, width: 66)
            return key.isValidSignature(try P521.Signing.ECDSASignature(rawRepresentation: raw), for: message)
        case .rsa:
            return false
        }
    }

    /// RFC 5656, section 3.1.2: the numbers r and s as `mpint`s; swift-crypto wants both in the width of the curve.
    private static func rawSignature(_ signature: [UInt8], width: Int) throws(SSHWireError) -> [UInt8] {
        var reader = SSHWireReader(signature)
        let r = try reader.unsignedInteger(limit: width + 1)
        let s = try reader.unsignedInteger(limit: width + 1)
        try reader.end()
        guard r.count <= width, s.count <= width else {
            throw .tooLong(length: max(r.count, s.count), limit: width)
        }
        return padded(r, to: width) + padded(s, to: width)
    }

    private static func rsaSigned(
        _ signature: [UInt8], algorithm: [UInt8], _ key: _RSA.Signing.PublicKey, _ length: Int, _ message: [UInt8]
    ) -> Bool {
        guard !signature.isEmpty, signature.count <= length else { return false }
        // RFC 8332, section 3 wants the modulus' length; some signers leave out leading zeros, and OpenSSH takes that.
        let whole = _RSA.Signing.RSASignature(rawRepresentation: padded(signature, to: length))
        if algorithm.elementsEqual("rsa-sha2-256".utf8) {
            return key.isValidSignature(whole, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        }
        if algorithm.elementsEqual("rsa-sha2-512".utf8) {
            return key.isValidSignature(whole, for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
        }
        return false
    }

    /// PROTOCOL.u2f, "SSH U2F Signatures": the authenticator signs the application's and the message's digests with
    /// its flags and counter between; these two follow the signature.
    private func securityKeySigned(
        _ signature: [UInt8], _ reader: inout SSHWireReader, _ message: [UInt8], _ demands: SecurityKeyDemands
    ) throws -> Bool {
        let application: [UInt8]
        switch material {
        case .securityKeyEd25519(_, let name), .securityKeyP256(_, let name): application = name
        default: return false
        }
        let flags = try reader.byte()
        let counter = try reader.uint32()
        try reader.end()
        guard !demands.touch || flags & 0x01 != 0, !demands.userVerification || flags & 0x04 != 0 else { return false }
        var signed = SSHWireWriter()
        signed.append(Array(SHA256.hash(data: application)))
        signed.byte(flags)
        signed.uint32(counter)
        signed.append(Array(SHA256.hash(data: message)))
        return try curveSigned(signature, signed.bytes)
    }

    private static func padded(_ number: [UInt8], to width: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: max(0, width - number.count)) + number
    }
}
