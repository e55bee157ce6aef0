import ConfigFile
import Crypto
import Foundation

/// The deployment's key for pseudonyms and keyed digests, and where it is from.
struct PseudonymKey {
    let key: SymmetricKey
    /// As the configuration refers to it.
    let origin: SecretReference
    /// Whether this start made it.
    let isNew: Bool

    /// The configured one, or one made in the state folder on first start.
    ///
    /// - Throws: `PseudonymKeyError`
    static func load(
        _ reference: SecretReference?, baseDirectory: String, stateDirectory: String
    ) throws -> PseudonymKey {
        guard let reference else { return try made(in: stateDirectory) }
        let secret = try reference.resolve(relativeTo: baseDirectory).reveal()
        guard secret.utf8.count >= 32 else { throw PseudonymKeyError.tooShort("\(reference)") }
        return PseudonymKey(
            key: SymmetricKey(data: SHA256.hash(data: Data(secret.utf8))), origin: reference, isNew: false)
    }

    private static func made(in folder: String) throws -> PseudonymKey {
        let path = "\(folder)/pseudonym.key"
        if let data = FileManager.default.contents(atPath: path) {
            guard data.count == 32 else { throw PseudonymKeyError.damaged(path) }
            return PseudonymKey(key: SymmetricKey(data: data), origin: .file(path), isNew: false)
        }
        let key = SymmetricKey(size: .bits256)
        guard
            FileManager.default.createFile(
                atPath: path, contents: key.withUnsafeBytes { Data($0) }, attributes: [.posixPermissions: 0o600])
        else { throw PseudonymKeyError.notWritten(path) }
        return PseudonymKey(key: key, origin: .file(path), isNew: true)
    }
}

enum PseudonymKeyError: Error, CustomStringConvertible {
    case tooShort(String)
    case damaged(String)
    case notWritten(String)

    var description: String {
        switch self {
        case .tooShort(let reference): "the pseudonym key \(reference) has fewer than 32 bytes"
        case .damaged(let path):
            "\(path) does not hold the 32 bytes that were written; restore it, or pseudonyms change"
        case .notWritten(let path): "\(path) cannot be written"
        }
    }
}
