import Foundation
import SSHCredentials

/// Why a text does not pin a host's key.
enum PinnedHostKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    case fingerprint
    case otherDigest
    case key(SSHVerificationKeyError)

    var description: String {
        switch self {
        case .fingerprint: "a fingerprint is `SHA256:` and 43 characters, as `ssh-keygen -l` prints it"
        case .otherDigest: "fingerprints by MD5 are not taken: MD5 does not tell keys apart any more"
        case .key(let error):
            "\(error) (a host's key is `ssh-ed25519 AAAA…` without the host's name, or `SHA256:…`)"
        }
    }
}

/// A host's key as configured: itself, or its fingerprint.
struct PinnedHostKey: Sendable, Equatable, CustomStringConvertible {
    private enum Form: Sendable, Equatable {
        case key(SSHVerificationKey)
        case fingerprint(String)
    }

    private let form: Form

    init(_ line: String) throws(PinnedHostKeyError) {
        let text = line.trimmingCharacters(in: .whitespaces)
        guard text.utf8.starts(with: "SHA256:".utf8) else {
            guard !text.utf8.starts(with: "MD5:".utf8) else { throw .otherDigest }
            do {
                form = .key(try SSHVerificationKey(line: text))
            } catch {
                throw .key(error)
            }
            return
        }
        let digits = text.utf8.dropFirst("SHA256:".utf8.count)
        guard digits.count == 43, let digest = Data(base64Encoded: Data(digits + [UInt8(ascii: "=")])),
            digest.base64EncodedString().utf8.dropLast().elementsEqual(digits)
        else { throw .fingerprint }
        form = .fingerprint(text)
    }

    /// Whether the host's key blob is the one meant.
    func matches(_ blob: [UInt8]) -> Bool {
        switch form {
        case .key(let key): key.blob == blob
        case .fingerprint(let fingerprint):
            SSHVerificationKey.fingerprint(of: blob).utf8.elementsEqual(fingerprint.utf8)
        }
    }

    /// The type of the key, where it is known: what to ask the host for.
    var keyType: String? {
        switch form {
        case .key(let key): key.algorithm.rawValue
        case .fingerprint: nil
        }
    }

    var fingerprint: String {
        switch form {
        case .key(let key): key.fingerprint
        case .fingerprint(let fingerprint): fingerprint
        }
    }

    var description: String {
        switch form {
        case .key(let key): key.description
        case .fingerprint(let fingerprint): fingerprint
        }
    }
}
