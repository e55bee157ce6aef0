import Foundation
import SSHCredentials

/// Whether the key that a host shows is that of the host that is meant.
enum HostKeyVerification {
    /// Whether a signature blob is a key's over some bytes, by the algorithm that was agreed on (RFC 8332, section 3).
    static func isSigned(_ blob: [UInt8], _ algorithm: String, _ signature: [UInt8], _ bytes: [UInt8]) -> Bool {
        guard let key = try? SSHVerificationKey(blob: blob),
            let named = SSHVerificationKey.signatureAlgorithm(of: signature), named.utf8.elementsEqual(algorithm.utf8)
        else { return false }
        return key.isValid(signature: signature, over: bytes)
    }

    /// The algorithms to ask a host for: first those of the keys that are known of it, so that it does not show another.
    static func algorithms(_ target: SSHTarget) -> TransportAlgorithms {
        var algorithms = TransportAlgorithms.client
        let known = Set(
            keyTypes(target).flatMap { $0 == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [$0] })
        if !known.isEmpty, !known.isDisjoint(with: algorithms.hostKeys) {
            algorithms.hostKeys = algorithms.hostKeys.filter(known.contains)
        }
        return algorithms
    }

    private static func keyTypes(_ target: SSHTarget) -> [String] {
        switch target.hostKeys {
        case .pinned(let keys):
            // A fingerprint does not tell its key's type: then all are asked for.
            let types = keys.map(\.keyType)
            return types.contains { $0 == nil } ? [] : types.compactMap { $0 }
        case .knownHosts(let path):
            return (try? knownHosts(path))?.keyTypes(host: target.address.host, port: target.address.port) ?? []
        }
    }

    private static func knownHosts(_ path: String) throws -> KnownHosts {
        try KnownHosts(parsing: String(contentsOfFile: path, encoding: .utf8), file: path)
    }

    static func verify(_ key: OfferedHostKey, of target: SSHTarget) throws(HostError) {
        let name = target.target.name
        switch target.hostKeys {
        case .pinned(let keys):
            guard !keys.contains(where: { $0.matches(key.blob) }) else { return }
            throw HostError(
                .notTrusted,
                "the host \(name) shows the key \(SSHVerificationKey.fingerprint(of: key.blob)), and "
                    + "\(keys.map(\.fingerprint).joined(separator: " or ")) is expected: it may be another machine")
        case .knownHosts(let path):
            let file: KnownHosts
            do {
                file = try knownHosts(path)
            } catch {
                throw HostError(.gatewaysOwn, "the gateway's known_hosts file cannot be read: \(error)")
            }
            let verdict = file.verdict(host: target.address.host, port: target.address.port, key: key.blob)
            if case .known = verdict { return }
            throw HostError(.notTrusted, "the host \(name) is not trusted: \(verdict)")
        }
    }
}
