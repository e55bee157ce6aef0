import Foundation
import SSHCredentials

/// A key that a known_hosts file has, and where.
struct KnownHostKey: Sendable, Equatable, CustomStringConvertible {
    let type: String
    let fingerprint: String
    let file: String
    let line: Int

    var description: String { "\(type) \(fingerprint) (\(file):\(line))" }
}

/// What a known_hosts file says about the key that a host has shown.
enum KnownHostVerdict: Sendable, Equatable, CustomStringConvertible {
    /// It is the host's.
    case known(KnownHostKey)
    /// The file has no key of the host.
    case unknown(shown: String)
    /// The file has others.
    case changed(shown: String, expected: [KnownHostKey])
    /// The file says that nobody may use this key.
    case revoked(KnownHostKey)

    var description: String {
        switch self {
        case .known(let key): "the host's key is \(key)"
        case .unknown(let shown): "the known_hosts file has no key of the host, which shows \(shown)"
        case .changed(let shown, let expected):
            "the host shows \(shown), and the known_hosts file expects "
                + expected.map(\.description).joined(separator: " or ")
        case .revoked(let key): "the host shows a key that is revoked: \(key)"
        }
    }
}

/// An OpenSSH known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
///
/// Keys are compared as bytes, so lines with types of keys that the gateway cannot use do no harm and need not be
/// taken out. Certificates of hosts are not supported: lines with `@cert-authority` count for nothing.
struct KnownHosts: Sendable {
    private struct Entry: Sendable {
        let names: KnownHostNames
        let blob: [UInt8]
        let isRevoked: Bool
        let key: KnownHostKey
    }

    private let entries: [Entry]
    /// The lines with `@cert-authority`, which are passed over.
    let certificateAuthorityLines: [Int]

    init(parsing text: String, file: String) throws(KnownHostsError) {
        var entries: [Entry] = []
        var authorities: [Int] = []
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let number = index + 1
            var words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            var isRevoked = false
            if first.first == UInt8(ascii: "@") {
                if first.elementsEqual("@cert-authority".utf8) {
                    authorities.append(number)
                    continue
                }
                guard first.elementsEqual("@revoked".utf8) else {
                    throw KnownHostsError(
                        file: file, line: number, reason: .unknownMarker(String(Substring(first))))
                }
                isRevoked = true
                words.removeFirst()
            }
            do {
                entries.append(try Self.entry(words, isRevoked: isRevoked, file: file, line: number))
            } catch {
                throw KnownHostsError(file: file, line: number, reason: error)
            }
        }
        self.entries = entries
        certificateAuthorityLines = authorities
    }

    private static func entry(
        _ words: [Substring.UTF8View], isRevoked: Bool, file: String, line: Int
    ) throws(KnownHostsError.Reason) -> Entry {
        guard words.count >= 3 else { throw .tooFewWords }
        guard let names = KnownHostNames(words[0]) else { throw .hashedName }
        guard let data = Data(base64Encoded: Data(words[2])) else { throw .key }
        let blob = Array(data)
        var reader = SSHWireReader(blob)
        guard let actual = try? reader.text(limit: 256), !reader.isAtEnd else { throw .key }
        guard actual.utf8.elementsEqual(words[1]) else {
            throw .typeMismatch(named: String(Substring(words[1])), actual: actual)
        }
        return Entry(
            names: names, blob: blob, isRevoked: isRevoked,
            key: KnownHostKey(
                type: actual, fingerprint: SSHVerificationKey.fingerprint(of: blob), file: file, line: line))
    }

    /// What the file says about `blob`, the key that the host has shown and proven.
    ///
    /// A revocation overrules a line that knows the key, wherever they stand. A host that shows a key of another type
    /// than the file has counts as changed, where OpenSSH would ask: who stands between could always choose a type that
    /// the file does not have.
    func verdict(host: String, port: Int, key blob: [UInt8]) -> KnownHostVerdict {
        let name = KnownHostNames.name(host: host, port: port)
        let matching = entries.filter { $0.names.match(name) }
        if let revoked = matching.first(where: { $0.isRevoked && $0.blob == blob }) { return .revoked(revoked.key) }
        let valid = matching.filter { !$0.isRevoked }
        if let known = valid.first(where: { $0.blob == blob }) { return .known(known.key) }
        let shown = SSHVerificationKey.fingerprint(of: blob)
        return valid.isEmpty ? .unknown(shown: shown) : .changed(shown: shown, expected: valid.map(\.key))
    }

    /// The types of the keys that the file has of the host, in its order, each once: what to ask the host for, so that
    /// it does not show a key that nobody knows.
    func keyTypes(host: String, port: Int) -> [String] {
        let name = KnownHostNames.name(host: host, port: port)
        var types: [String] = []
        for entry in entries where !entry.isRevoked && entry.names.match(name) && !types.contains(entry.key.type) {
            types.append(entry.key.type)
        }
        return types
    }
}
