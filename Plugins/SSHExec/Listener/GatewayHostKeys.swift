import Crypto
import Foundation
import GatewayCore
import SSHCredentials

/// The gateway's own host keys: made on the first start, and the same ever after.
struct GatewayHostKeys {
    let key: ServerHostKey
    /// As OpenSSH shows it.
    let fingerprint: String

    /// Reads the keys in `folder`, and makes those that are missing (mode 0600, in a folder of mode 0700).
    ///
    /// - Throws: `PrivateKeyError`, or what the file system says.
    static func load(from folder: String) throws -> [GatewayHostKeys] {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return [
            try load("\(folder)/\(files[0])") { .ed25519(Curve25519.Signing.PrivateKey()) },
            try load("\(folder)/\(files[1])") { .p256(P256.Signing.PrivateKey()) },
        ]
    }

    private static let files = ["ssh_host_ed25519_key", "ssh_host_ecdsa_key"]

    /// What `sallyport doctor` says of them.
    static func examine(_ folder: String) -> [AdapterFinding] {
        files.map { name in
            let path = "\(folder)/\(name)"
            guard FileManager.default.fileExists(atPath: path) else {
                return AdapterFinding("\(path) will be made at the first start")
            }
            do {
                let found = try load(path) { throw PrivateKeyError("\(path) has gone") }
                return AdapterFinding("callers are shown \(found.key.algorithm) \(found.fingerprint) (\(path))")
            } catch {
                return AdapterFinding("\(error)", advice: "the gateway does not start like this; correct the file")
            }
        }
    }

    private static func load(_ path: String, _ make: () throws -> SSHPrivateKey.Material) throws -> GatewayHostKeys {
        let key: SSHPrivateKey
        if FileManager.default.fileExists(atPath: path) {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            guard (mode?.intValue ?? 0) & 0o077 == 0 else {
                throw PrivateKeyError(
                    "\(path) can be read by others; `chmod 600` it, or make a new one if they may have")
            }
            do {
                key = try SSHPrivateKey(file: String(contentsOfFile: path, encoding: .utf8))
            } catch let error as PrivateKeyError {
                throw PrivateKeyError("\(path): \(error)")
            }
        } else {
            key = try SSHPrivateKey(try make())
            try write(key, to: path)
        }
        guard let algorithm = key.algorithms.first else { throw PrivateKeyError("\(path): it cannot sign") }
        let host = ServerHostKey(algorithm: algorithm, blob: key.publicBlob) { bytes in
            try key.sign(bytes, algorithm: algorithm)
        }
        return GatewayHostKeys(key: host, fingerprint: SSHVerificationKey.fingerprint(of: key.publicBlob))
    }

    private static func write(_ key: SSHPrivateKey, to path: String) throws {
        // Under another name first: half a key would hinder every later start.
        let temporary = "\(path).\(UUID().uuidString)"
        let made = FileManager.default.createFile(
            atPath: temporary, contents: Data(try key.openSSHFile(comment: "sallyport").utf8),
            attributes: [.posixPermissions: 0o600])
        guard made else { throw PrivateKeyError("\(path) cannot be written") }
        try FileManager.default.moveItem(atPath: temporary, toPath: path)
        let line = "\(key.type) \(Data(key.publicBlob).base64EncodedString()) sallyport\n"
        try line.write(toFile: "\(path).pub", atomically: true, encoding: .utf8)
    }
}
