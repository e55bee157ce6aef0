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

    /// Where the public half of a key that was rotated stays published.
    func verifierKeyPath(ofRotated key: NoteVerifierKey) -> String {
        "\(verifierKeyPath.dropLast(".vkey".count)).\(NoteKeyName.hex(key.keyID)).vkey"
    }

    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The key, or `nil` when there is no file.
    func load(name: String) throws(AuditError) -> Curve25519.Signing.PrivateKey? {
        guard let bytes = try contents() else { return nil }
        return try parse(String(decoding: bytes, as: UTF8.self), name: name)
    }

    /// The file's bytes, which nobody but its owner may be able to read.
    func contents() throws(AuditError) -> [UInt8]? {
        guard let status = try files.statusIfPresent(path) else { return nil }
        guard status.permissions & 0o077 == 0 else {
            throw .keyPermissions(path: path, permissions: status.permissions)
        }
        return try files.contents(of: path)
    }

    func parse(_ text: String, name: String) throws(AuditError) -> Curve25519.Signing.PrivateKey {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.hasPrefix(Self.prefix) else {
            throw .keyMalformed(path: path, reason: "it does not start with \(Self.prefix)")
        }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "+", maxSplits: 2)
        guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])), data.count == 33,
            data.first == holder.rawValue,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: data.dropFirst())
        else { throw .keyMalformed(path: path, reason: "it is not the Ed25519 signing key of a \(holder)") }
        guard String(parts[0]).isExactly(name) else {
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
        let key = Self.generate()
        try store(key, name: name)
        return key
    }

    static func generate() -> Curve25519.Signing.PrivateKey { Curve25519.Signing.PrivateKey() }

    /// Puts `key` in the place of whatever is there. A crash leaves the one or the other.
    func store(_ key: Curve25519.Signing.PrivateKey, name: String) throws(AuditError) {
        try files.replace(path, with: Array((text(key, name: name) + "\n").utf8), temporary: path + ".new")
        try files.synchronizeDirectory(folder)
    }

    func text(_ key: Curve25519.Signing.PrivateKey, name: String) -> String {
        let secret = (Data([holder.rawValue]) + key.rawRepresentation).base64EncodedString()
        return "\(Self.prefix)\(name)+\(NoteKeyName.hex(keyID(of: key, name: name)))+\(secret)"
    }

    /// Puts the public half beside the key unless it is there already.
    func publish(_ key: some CustomStringConvertible) throws(AuditError) { try publish(key, at: verifierKeyPath) }

    /// Keeps the public half of a rotated key where auditors find it.
    func publish(rotated key: NoteVerifierKey) throws(AuditError) {
        try publish(key, at: verifierKeyPath(ofRotated: key))
    }

    private func publish(_ key: some CustomStringConvertible, at path: String) throws(AuditError) {
        let text = Array("\(key)\n".utf8)
        if try files.contents(of: path) == text { return }
        try files.replace(path, with: text, temporary: path + ".new", permissions: 0o644)
    }
}
