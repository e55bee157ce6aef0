import Crypto
import Foundation

/// A key that signs a log's checkpoints, wherever it is kept: in a file here, in a PKCS#11 token or a key service in
/// implementations to come.
public protocol CheckpointSigner: Sendable {
    /// The public half, under the log's name.
    var verifierKey: NoteVerifierKey { get }

    /// The Ed25519 signature (RFC 8032, 64 bytes) over exactly these bytes. May block; is never called on an event loop.
    ///
    /// - Throws: Whatever says why the key cannot sign; the log then keeps its last checkpoint and tries again.
    func sign(_ message: [UInt8]) throws -> [UInt8]
}

/// An Ed25519 key in this process's memory, read from a file.
struct Ed25519Signer: CheckpointSigner {
    let verifierKey: NoteVerifierKey
    private let signature: @Sendable ([UInt8]) throws -> [UInt8]

    init(name: String, key: Curve25519.Signing.PrivateKey) {
        verifierKey = NoteVerifierKey(name: name, key: key.publicKey)
        signature = { Array(try key.signature(for: Data($0))) }
    }

    func sign(_ message: [UInt8]) throws -> [UInt8] { try signature(message) }
}

/// Signs notes under one name: with the newest key, and for a while after a rotation with the one before it too.
public struct NoteSigner: Sendable {
    let current: any CheckpointSigner
    let retiring: (any CheckpointSigner)?

    public init(_ current: any CheckpointSigner, retiring: (any CheckpointSigner)? = nil) {
        self.current = current
        self.retiring = retiring
    }

    init(name: String, key: Curve25519.Signing.PrivateKey) { self.init(Ed25519Signer(name: name, key: key)) }

    public var verifierKey: NoteVerifierKey { current.verifierKey }

    /// A note of `text`, which must end with a newline.
    public func sign(_ text: String) throws -> SignedNote {
        let signers = [current] + (retiring.map { [$0] } ?? [])
        return SignedNote(
            text: text,
            signatures: try signers.map { signer in
                let key = signer.verifierKey
                return .init(name: key.name, keyID: key.keyID, signature: try signer.sign(Array(text.utf8)))
            })
    }
}

/// Where a log's signing key is kept, as a configuration names it: `file:PATH`.
public enum SigningKeyReference: Sendable, Equatable {
    case file(String)

    /// - Throws: `AuditError.signingKeyUnknown` for all that this version cannot sign with.
    public init(_ text: String) throws(AuditError) {
        guard text.hasPrefix("file:"), text.utf8.count > 5 else { throw .signingKeyUnknown(text) }
        self = .file(String(text.dropFirst(5)))
    }
}
