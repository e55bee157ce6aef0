/// A line of a known_hosts file that cannot be read. OpenSSH goes on without such a line; the gateway does not, for it
/// may be the one that revokes a key.
struct KnownHostsError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Reason: Error, Sendable, Equatable {
        case unknownMarker(String)
        case tooFewWords
        case hashedName
        case key
        /// As in the file, and within the key.
        case typeMismatch(named: String, actual: String)
    }

    let file: String
    let line: Int
    let reason: Reason

    var description: String {
        let text =
            switch reason {
            case .unknownMarker(let word): "\(word.debugDescription) is no marker; @revoked and @cert-authority are"
            case .tooFewWords: "a line has host names, the type of the key, and the key"
            case .hashedName: "the hashed host name cannot be read: it is `|1|salt|hash`, each 20 bytes in base64"
            case .key: "the key is not base64 of a public key"
            case .typeMismatch(let named, let actual):
                "the line says \(named.debugDescription), but the key is of the type \(actual.debugDescription)"
            }
        return "\(file):\(line): \(text)"
    }
}
