import Crypto
import Foundation
import Identifiers

/// The key before the newest one, while both sign: in `<key file>.retiring`, with the rotation's entry.
///
/// It is also what makes a rotation whole. The file is written first, then the new key takes the place of the old one,
/// then the entry is appended: whoever opens the log next sees how far that got.
struct RetiringKey {
    let key: Curve25519.Signing.PrivateKey
    /// When it stops signing.
    let until: Timestamp
    /// The rotation's entry, whether it is in the log yet or not.
    let entry: [UInt8]
    let rotation: KeyRotation

    private static let untilPrefix = "until "

    static func file(beside keyFile: SigningKeyFile) -> SigningKeyFile {
        SigningKeyFile(holder: keyFile.holder, path: keyFile.path + ".retiring", files: keyFile.files)
    }

    /// The key that retires beside `current`, or `nil` when there is none. What a rotation left that was cut off before
    /// the new key was in its place is removed: nobody has seen that key.
    static func load(
        beside keyFile: SigningKeyFile, current: Curve25519.Signing.PrivateKey, name: String
    ) throws(AuditError) -> RetiringKey? {
        let file = file(beside: keyFile)
        guard let bytes = try file.contents() else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[1].hasPrefix(untilPrefix),
            let until = Timestamp(String(lines[1].dropFirst(untilPrefix.count)))
        else { throw .keyMalformed(path: file.path, reason: "it is not a retiring key with its rotation") }
        let key = try file.parse(String(lines[0]), name: name)
        if key.publicKey.rawRepresentation == current.publicKey.rawRepresentation {
            try remove(beside: keyFile)
            return nil
        }
        let entry = Array(lines[2].utf8)
        let rotation: KeyRotation
        do { rotation = try KeyRotation(entry: entry) } catch {
            throw .keyMalformed(path: file.path, reason: "its rotation cannot be read: \(error)")
        }
        guard rotation.new == NoteVerifierKey(name: name, key: current.publicKey),
            rotation.old == NoteVerifierKey(name: name, key: key.publicKey)
        else { throw .keyMalformed(path: file.path, reason: "it is not the key before the one in \(keyFile.path)") }
        return RetiringKey(key: key, until: until, entry: entry, rotation: rotation)
    }

    func store(beside keyFile: SigningKeyFile, name: String) throws(AuditError) {
        let file = Self.file(beside: keyFile)
        let text = "\(file.text(key, name: name))\n\(Self.untilPrefix)\(until)\n"
        try file.files.replace(
            file.path, with: Array(text.utf8) + entry + [0x0a], temporary: file.path + ".new")
        try file.files.synchronizeDirectory(file.folder)
    }

    static func remove(beside keyFile: SigningKeyFile) throws(AuditError) {
        let file = file(beside: keyFile)
        try file.files.removeIfPresent(file.path)
        try file.files.synchronizeDirectory(file.folder)
    }
}
