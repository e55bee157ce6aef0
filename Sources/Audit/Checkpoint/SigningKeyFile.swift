import Crypto
import Foundation

/// The Ed25519 key of a log or a witness in a file, in the text form of Go's note package:
/// `PRIVATE+KEY+<name>+<8 hex digits>+<base64(type || seed)>`. The public half stands beside it as `log.vkey` or
/// `witness.vkey`.
struct SigningKeyFile {
    enum Holder: UInt8 {
        case log = 1
        case witness = 4
    }

    let holder: Holder
    let path: String
    let files: FileOperations

    private static let prefix = "PRIVATE+KEY+"

    /// Where the public half stands, in the key's folder.
    var verifierKeyPath: String {
        guard let slash = path.lastIndex(of: "/") else { return "\(holder).vkey" }
        return path[...slash] + "\(holder).vkey"
    }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The key, or `nil` when there is no file.
    func load(name: String) throws(AuditError) -> Curve25519.Signing.PrivateKey? {
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
            data.first == holder.rawValue,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: data.dropFirst())
        else { throw .keyMalformed(path: path, reason: "it is not the Ed25519 signing key of a \(holder)") }
        guard parts[0] == name else {
            throw .keyMalformed(path: path, reason: "it is the key of \(parts[0]), the \(holder)'s name is \(name)")
        }
        guard UInt32(parts[1], radix: 16) == keyID(of: key, name: name) else {
            throw .keyMalformed(path: path, reason: "its key id does not fit its bytes")
        }
        return key
    }

    private func keyID(of key: Curve25519.Signing.PrivateKey, name: String) -> UInt32 {
        NoteKeyName.keyID(name: name, type: holder.rawValue, publicKey: Array(key.publicKey.rawRepresentation))
    }

    /// Makes a new key. A crash leaves no file or a whole one.
    func create(name: String) throws(AuditError) -> Curve25519.Signing.PrivateKey {
        let key = Curve25519.Signing.PrivateKey()
        let secret = (Data([holder.rawValue]) + key.rawRepresentation).base64EncodedString()
        let text = "\(Self.prefix)\(name)+\(NoteKeyName.hex(keyID(of: key, name: name)))+\(secret)\n"
        try files.replace(path, with: Array(text.utf8), temporary: path + ".new")
        try files.synchronizeDirectory(folder)
        return key
    }

    /// Puts the public half beside the key unless it is there already.
    func publish(_ key: some CustomStringConvertible) throws(AuditError) {
        let text = Array("\(key)\n".utf8)
        if try files.contents(of: verifierKeyPath) == text { return }
        try files.replace(verifierKeyPath, with: text, temporary: verifierKeyPath + ".new", permissions: 0o644)
    }
}
