import StrictJSON

/// A JSON Web Token in compact form (RFC 7515 section 7.1), taken apart and not yet believed.
struct SignedToken {
    let header: JSONValue
    let claims: JSONValue
    /// What the signature covers: the first two parts as they were sent.
    let signedBytes: [UInt8]
    let signature: [UInt8]

    /// - Throws: `SignInError` when `text` is no such token. A duplicate member name anywhere refuses it: two readers
    ///   could take different values.
    init(_ text: String) throws(SignInError) {
        guard !text.isEmpty else { throw .missing }
        guard text.utf8.count <= Authenticator.largestToken else { throw .tooLarge(bytes: text.utf8.count) }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw .malformed(
                parts.count == 5 ? "encrypted tokens are not read" : "it has not three parts separated by dots")
        }
        header = try Self.object(parts[0], "header")
        claims = try Self.object(parts[1], "payload")
        guard let signature = Base64URL.decode(parts[2]) else { throw .malformed("its signature is not base64url") }
        self.signature = signature
        signedBytes = Array(text.utf8[..<parts[1].endIndex])
    }

    private static func object(_ part: Substring.UTF8View, _ name: String) throws(SignInError) -> JSONValue {
        guard let bytes = Base64URL.decode(part) else { throw .malformed("its \(name) is not base64url") }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, maximumDepth: 16)
        } catch {
            throw .malformed("its \(name) is not one JSON object: \(error)")
        }
        guard value.object != nil else { throw .malformed("its \(name) is not a JSON object") }
        return value
    }
}
