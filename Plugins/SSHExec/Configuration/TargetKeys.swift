import ConfigFile
import Foundation
import GatewayCore
import NIOCore

/// A host as configured.
struct SSHTarget: Sendable {
    /// How the gateway signs in to it.
    enum Credential: Sendable {
        case key(SecretReference)
        case password(SecretReference)
    }

    let target: Target
    let address: ConfigAddress
    /// The login of callers who name none.
    let login: String
    /// Further logins that callers may name, as `login+target`; `*` for any.
    let logins: [String]
    let credential: Credential
    let hostKeys: HostKeyPolicy
    let baseDirectory: String
    let connectTimeout: TimeAmount
    /// Names of environment variables that are passed on; a `*` at the end stands for any rest.
    let environment: [String]
    /// Whether what is typed is recorded too.
    let recordsInput: Bool

    func takes(login: String) -> Bool {
        login.utf8.elementsEqual(self.login.utf8) || logins.contains { $0 == "*" || $0.utf8.elementsEqual(login.utf8) }
    }

    func passes(variable name: String) -> Bool {
        environment.contains { pattern in
            pattern.hasSuffix("*")
                ? name.utf8.starts(with: pattern.dropLast().utf8) : name.utf8.elementsEqual(pattern.utf8)
        }
    }
}

/// How the host proves that it is the one meant.
enum HostKeyPolicy: Sendable {
    /// One of these keys.
    case pinned([PinnedHostKey])
    /// What the file says about its address.
    case knownHosts(path: String)
}

/// The keys of a target, and how they are read.
enum TargetKeys {
    static let keys: [ConfigKey] = [
        ConfigKey("address", .address, required: true, summary: "Address and port of the host's SSH server."),
        ConfigKey("login", .string, required: true, disclosure: .shown, summary: "The login on the host."),
        ConfigKey(
            "logins", .list(.string),
            disclosure: .shown,
            summary:
                "Further logins that callers may choose, as `login+target`; `*` allows any. Policy sees `ssh.login`."),
        ConfigKey(
            "key", .secret,
            summary: "The private key for the login, an OpenSSH or PEM file without a passphrase."),
        ConfigKey("password", .secret, summary: "The login's password, where there is no key."),
        ConfigKey(
            "host_keys", .list(.string),
            disclosure: .shown,
            summary: "The host's public keys, as `ssh-ed25519 AAAA…`, or their fingerprints, as `SHA256:…`."),
        ConfigKey(
            "known_hosts", .string, disclosure: .shown, summary: "A known_hosts file that has the host's key, instead."),
        ConfigKey("connect_timeout", .duration, default: "10s", summary: "How long connecting may take."),
        ConfigKey(
            "environment", .list(.string),
            disclosure: .shown,
            summary:
                "Environment variables that callers may set; `LC_*` means all that begin so. LANG and LC_* without it."),
        ConfigKey(
            "record_input", .boolean, default: "false",
            summary: "Whether recordings of terminals have what was typed; never while the terminal does not echo."),
    ]

    static func read(_ target: Target, baseDirectory: String) throws(ConfigError) -> SSHTarget {
        let section = target.section
        guard let address = section.address("address"), let login = section.string("login") else {
            throw section.error("address", "an address and a login are needed")
        }
        let credential: SSHTarget.Credential
        switch (section.secret("key"), section.secret("password")) {
        case (let key?, nil): credential = .key(key)
        case (nil, let password?): credential = .password(password)
        case (nil, nil): throw section.error("key", "the gateway needs a `key` or a `password` to sign in to the host")
        case (_?, _?): throw section.error("password", "either a `key` or a `password` is used, not both")
        }
        return SSHTarget(
            target: target, address: address, login: login, logins: section.strings("logins"), credential: credential,
            hostKeys: try hostKeys(section, baseDirectory: baseDirectory), baseDirectory: baseDirectory,
            connectTimeout: section.duration("connect_timeout").map(TimeAmount.init) ?? .seconds(10),
            environment: section.has("environment") ? section.strings("environment") : ["LANG", "LC_*"],
            recordsInput: section.boolean("record_input") ?? false)
    }

    private static func hostKeys(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> HostKeyPolicy {
        switch (section.has("host_keys"), section.string("known_hosts")) {
        case (true, nil):
            var keys: [PinnedHostKey] = []
            for line in section.strings("host_keys") {
                do {
                    keys.append(try PinnedHostKey(line))
                } catch {
                    throw section.error("host_keys", "\(error)")
                }
            }
            guard !keys.isEmpty else { throw section.error("host_keys", "at least one key is needed") }
            return .pinned(keys)
        case (false, let path?):
            let whole = path.hasPrefix("/") ? path : "\(baseDirectory)/\(path)"
            guard FileManager.default.isReadableFile(atPath: whole) else {
                throw section.error("known_hosts", "there is no file \(whole) that can be read")
            }
            return .knownHosts(path: whole)
        case (true, _?): throw section.error("known_hosts", "either `host_keys` or `known_hosts` is used, not both")
        case (false, nil):
            throw section.error(
                "host_keys",
                "the host's key is needed, as `host_keys` or in a `known_hosts` file: "
                    + "without it anybody between could pose as the host (`ssh-keyscan` shows it)")
        }
    }
}
