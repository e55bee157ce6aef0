/// Why an SSH public key cannot be registered.
public enum SSHKeyError: Error, Sendable, Hashable {
    /// Not a public key in the form that OpenSSH writes.
    case malformed(String)
    /// A private key was sent.
    case privateKey
    case tooLarge(bytes: Int)
    case algorithmRefused(String)
    case rsaLength(bits: Int)
    /// Nobody has shown to hold the private key; what is wrong with what was shown.
    case notProven(fingerprint: String, String)
    /// Somebody else has registered it.
    case registeredByAnother(fingerprint: String)

    /// A short name for logs and programs.
    public var code: String {
        switch self {
        case .malformed: "ssh-key-malformed"
        case .privateKey: "ssh-key-private"
        case .tooLarge: "ssh-key-too-large"
        case .algorithmRefused: "ssh-key-algorithm"
        case .rsaLength: "ssh-key-length"
        case .notProven: "ssh-key-not-proven"
        case .registeredByAnother: "ssh-key-taken"
        }
    }

    /// One sentence.
    public var reason: String {
        switch self {
        case .malformed(let what): "This is not an SSH public key: \(what)."
        case .privateKey: "This is a private key, which nobody but its holder may see."
        case .tooLarge(let bytes): "The key has \(bytes) bytes; at most \(SSHPublicKey.largestBlob) are read."
        case .algorithmRefused(let name) where name.contains("-cert-v0"):
            "This is a certificate (\(name.prefix(64))) and no plain key."
        case .algorithmRefused(let name): "Keys for \"\(name.prefix(64))\" are not accepted."
        case .rsaLength(let bits):
            "The RSA key has \(bits) bits; \(SSHKeyAlgorithm.rsaBits.lowerBound) to \(SSHKeyAlgorithm.rsaBits.upperBound) are accepted."
        case .notProven(let fingerprint, let why): "Nothing shows that you hold the key \(fingerprint): \(why)."
        case .registeredByAnother(let fingerprint): "Somebody else has registered the key \(fingerprint)."
        }
    }

    /// One sentence that says what the caller can do.
    public var nextStep: String {
        switch self {
        case .malformed: "Send the one line of the .pub file, unchanged."
        case .privateKey: "Replace that key, and send the one line of the .pub file of the new one."
        case .algorithmRefused(let name) where name.contains("-cert-v0"):
            "Register the key that it certifies: the .pub file without -cert in its name."
        case .tooLarge, .algorithmRefused, .rsaLength: "Make a key with `ssh-keygen -t ed25519`."
        case .notProven:
            "Sign your token with it: `printf %s \"$TOKEN\" | ssh-keygen -Y sign -f KEY -n \(ProvenSSHKey.namespace)`, or use `sallyport login --ssh`."
        case .registeredByAnother: "Make a key of your own, e.g. with `sallyport login --ssh`."
        }
    }
}

extension SSHKeyError: CustomStringConvertible {
    public var description: String { "\(reason) \(nextStep)" }
}
