/// One of a server's own keys, and how it proves to have it.
struct ServerHostKey: Sendable {
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`.
    let algorithm: String
    /// The public key (RFC 4253, section 6.6).
    let blob: [UInt8]
    /// Signs; the result is a signature blob (RFC 4253, section 6.6).
    let sign: @Sendable ([UInt8]) throws -> [UInt8]
}

/// The key that a host has shown, whose signature over this very exchange is right. Whether it is the key of the host
/// that is meant, only the client can say.
struct OfferedHostKey: Sendable, Equatable {
    let algorithm: String
    let blob: [UInt8]
}
