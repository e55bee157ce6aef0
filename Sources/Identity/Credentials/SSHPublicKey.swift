import Crypto
import Foundation

/// An SSH public key that a caller may sign in with, read strictly: one key has one form (RFC 4253 section 6.6).
public struct SSHPublicKey: Sendable, Hashable {
    /// The wire form.
    public let blob: [UInt8]
    /// E.g. `ssh-ed25519`.
    public let algorithm: SSHKeyAlgorithm

    /// Longer blobs are refused before anything in them is read. The longest RSA key that OpenSSH takes has 16,384 bits.
    public static let largestBlob = 4096

    /// - Parameter blob: The wire form, as a client of the SSH protocol sends it.
    public init(blob: [UInt8]) throws(SSHKeyError) {
        guard blob.count <= Self.largestBlob else { throw .tooLarge(bytes: blob.count) }
        var fields = SSHFieldReader(blob)
        let name = String(decoding: try fields.string("the name of its algorithm"), as: UTF8.self)
        guard let algorithm = SSHKeyAlgorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) })
        else { throw .algorithmRefused(name) }
        try algorithm.check(&fields)
        guard fields.isAtEnd else { throw .malformed("bytes follow the key") }
        self.blob = blob
        self.algorithm = algorithm
    }

    /// - Parameter line: The one line of a `.pub` file: algorithm, base64, and perhaps a comment.
    public init(line: String) throws(SSHKeyError) {
        let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.contains("PRIVATE KEY") else { throw .privateKey }
        guard !text.isEmpty else { throw .malformed("it is empty") }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" }) else {
            throw .malformed("it is more than one line")
        }
        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 2 else { throw .malformed("after the name of the algorithm its base64 is missing") }
        // Foundation passes over bits that the encoding leaves unused (RFC 4648 section 3.5).
        guard words[1].utf8.count <= Self.largestBlob * 2, let data = Data(base64Encoded: String(words[1])),
            data.base64EncodedString().utf8.elementsEqual(words[1].utf8)
        else { throw .malformed("its second word is not base64") }
        try self.init(blob: [UInt8](data))
        guard algorithm.rawValue.utf8.elementsEqual(words[0].utf8) else {
            throw .malformed("it says \"\(words[0].prefix(64))\" and holds a key for \(algorithm.rawValue)")
        }
    }

    /// As OpenSSH shows it: `SHA256:` and base64 without padding.
    public var fingerprint: String { Self.fingerprint(of: blob) }

    /// The fingerprint of whatever a client offers, key or not.
    public static func fingerprint(of blob: [UInt8]) -> String {
        let text = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:\(text.prefix { $0 != "=" })"
    }

    /// The line of a `.pub` file, without a comment.
    public var line: String { "\(algorithm.rawValue) \(Data(blob).base64EncodedString())" }
}

/// The algorithms of which keys may be registered: OpenSSH's own list without DSA.
public enum SSHKeyAlgorithm: String, Sendable, Hashable, CaseIterable {
    case ed25519 = "ssh-ed25519"
    case ecdsaP256 = "ecdsa-sha2-nistp256"
    case ecdsaP384 = "ecdsa-sha2-nistp384"
    case ecdsaP521 = "ecdsa-sha2-nistp521"
    case rsa = "ssh-rsa"
    case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
    case securityKeyECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"

    static let rsaBits = 2048...16_384

    fileprivate func check(_ fields: inout SSHFieldReader) throws(SSHKeyError) {
        switch self {
        case .ed25519: try Self.checkEd25519(&fields)
        case .ecdsaP256: try Self.checkPoint(&fields, curve: "nistp256") { _ = try P256.Signing.PublicKey($0) }
        case .ecdsaP384: try Self.checkPoint(&fields, curve: "nistp384") { _ = try P384.Signing.PublicKey($0) }
        case .ecdsaP521: try Self.checkPoint(&fields, curve: "nistp521") { _ = try P521.Signing.PublicKey($0) }
        case .rsa: try Self.checkRSA(&fields)
        case .securityKeyEd25519:
            try Self.checkEd25519(&fields)
            try Self.checkApplication(&fields)
        case .securityKeyECDSA:
            try Self.checkPoint(&fields, curve: "nistp256") { _ = try P256.Signing.PublicKey($0) }
            try Self.checkApplication(&fields)
        }
    }

    /// RFC 8709 section 4.
    private static func checkEd25519(_ fields: inout SSHFieldReader) throws(SSHKeyError) {
        let point = try fields.string("the point")
        guard point.count == 32 else { throw .malformed("its point has \(point.count) bytes and not 32") }
    }

    /// RFC 5656 section 3.1; the point stands uncompressed, so that it has one form, and lies on its curve.
    private static func checkPoint(
        _ fields: inout SSHFieldReader, curve: String, parse: (UncompressedPoint) throws -> Void
    ) throws(SSHKeyError) {
        guard try fields.string("the name of its curve").elementsEqual(curve.utf8) else {
            throw .malformed("its curve is not \(curve), as its algorithm says")
        }
        let point = try fields.string("the point")
        guard point.first == 4 else { throw .malformed("its point is not in uncompressed form") }
        do { try parse(UncompressedPoint(bytes: point)) } catch {
            throw .malformed("its point does not lie on \(curve)")
        }
    }

    /// RFC 4253 section 6.6: exponent and modulus.
    private static func checkRSA(_ fields: inout SSHFieldReader) throws(SSHKeyError) {
        let exponent = try fields.positiveInteger("the exponent")
        let modulus = try fields.positiveInteger("the modulus")
        // One has no inverse worth keeping secret: every message would be its own signature.
        guard exponent.isOdd, exponent.bitWidth > 1, exponent.bitWidth <= 64 else {
            throw .malformed("its exponent is none that RSA works with")
        }
        guard rsaBits.contains(modulus.bitWidth) else { throw .rsaLength(bits: modulus.bitWidth) }
        guard modulus.isOdd else { throw .malformed("its modulus is even") }
    }

    /// The relying party that a security key signs for (OpenSSH, PROTOCOL.u2f).
    private static func checkApplication(_ fields: inout SSHFieldReader) throws(SSHKeyError) {
        let application = try fields.string("the application")
        guard !application.isEmpty, application.count <= 256 else {
            throw .malformed("its application has \(application.count) bytes")
        }
    }
}

/// SEC 1 section 2.3.3, beginning with 4.
private struct UncompressedPoint {
    let bytes: ArraySlice<UInt8>
}

extension P256.Signing.PublicKey {
    fileprivate init(_ point: UncompressedPoint) throws { try self.init(x963Representation: point.bytes) }
}
extension P384.Signing.PublicKey {
    fileprivate init(_ point: UncompressedPoint) throws { try self.init(x963Representation: point.bytes) }
}
extension P521.Signing.PublicKey {
    fileprivate init(_ point: UncompressedPoint) throws { try self.init(x963Representation: point.bytes) }
}
