/// Why a public key is not taken.
public enum SSHVerificationKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes of the key cannot be read.
    case malformed(SSHWireError)
    case unsupportedType(String)
    /// A text that is no `type base64 comment`.
    case notAKeyLine
    /// The text names one type and the key has another.
    case typeMismatch(named: String, actual: String)
    case rsaLength(bits: Int)
    /// A point off the curve, another curve's name, an exponent that no key has.
    case invalid(type: String)

    public var description: String {
        switch self {
        case .malformed(let error): "the public key cannot be read: \(error)"
        case .unsupportedType(let type):
            "keys of the type \(type.debugDescription) are not taken; use ssh-ed25519, ecdsa-sha2-nistp256, "
                + "ecdsa-sha2-nistp384, ecdsa-sha2-nistp521 or ssh-rsa"
        case .notAKeyLine: "this is not a public key as in a .pub file: `ssh-ed25519 AAAA… comment`"
        case .typeMismatch(let named, let actual):
            "the text says \(named.debugDescription), but the key is a key of the type \(actual.debugDescription)"
        case .rsaLength(let bits): "the RSA key has \(bits) bits; it must have between 2048 and 16384"
        case .invalid(let type): "the key of the type \(type) is not valid"
        }
    }
}
