import Crypto
import Foundation

/// The log's Ed25519 key in a file, in the text form of Go's note package:
/// `PRIVATE+KEY+<name>+<8 hex digits>+<base64(1 || seed)>`. The public half stands beside it as `log.vkey`.
struct SigningKeyFile {
    let path: String
    let files: FileOperations

    private static let prefix = "PRIVATE+KEY+"

    /// Where the public half stands: `log.vkey` in the key's folder.
    var verifierKeyPath: String {
        guard let slash = path.lastIndex(of: "/") else { return "log.vkey" }
        return path[...slash] + "log.vkey"
    }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The key, or `nil` when there is no file.
    func load(origin: String) throws(AuditError) -> NoteSigner? {
        guard let status = try files.statusIfPresent(path) else { return nil }
        guard status.permissions & 0o077 == 0 else {
            throw .keyPermissions(path: path, permissions: status.permissions)
        }
        guard let bytes = try files.contents(of: path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.hasPrefix(Self.prefix) else {
            throw .keyMalformed(path: path, reason: "it does not start with \(Self.prefix)")
        }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "+", maxSplits: 2)
        guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])), data.count == 33,
            data.first == NoteVerifierKey.ed25519,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: data.dropFirst())
        else { throw .keyMalformed(path: path, reason: "it is not an Ed25519 signing key") }
        guard parts[0] == origin else {
            throw .keyMalformed(path: path, reason: "it is the key of \(parts[0]), the log's origin is \(origin)")
        }
        let signer = NoteSigner(name: origin, key: key)
        guard UInt32(parts[1], radix: 16) == signer.verifierKey.keyID else {
            throw .keyMalformed(path: path, reason: "its key id does not fit its bytes")
        }
        return signer
    }

    /// Makes a new key. A crash leaves no file or a whole one.
    func create(origin: String) throws(AuditError) -> NoteSigner {
        let key = Curve25519.Signing.PrivateKey()
        let signer = NoteSigner(name: origin, key: key)
        let secret = (Data([NoteVerifierKey.ed25519]) + key.rawRepresentation).base64EncodedString()
        let text = "\(Self.prefix)\(origin)+\(NoteKeyName.hex(signer.verifierKey.keyID))+\(secret)\n"
        try files.replace(path, with: Array(text.utf8), temporary: path + ".new")
        try files.synchronizeDirectory(folder)
        return signer
    }

    /// Puts the public half beside the key unless it is there already.
    func publish(_ key: NoteVerifierKey) throws(AuditError) {
        let text = Array("\(key)\n".utf8)
        if try files.contents(of: verifierKeyPath) == text { return }
        try files.replace(verifierKeyPath, with: text, temporary: verifierKeyPath + ".new", permissions: 0o644)
    }
}
