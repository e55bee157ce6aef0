import ConfigFile
import Foundation
import Identity
import SSHCredentials

/// The keys of an authority of users, and how they are read.
enum UserAuthorityKeys {
    static let keys: [ConfigKey] = [
        ConfigKey(
            "keys", .list(.string), disclosure: .shown, summary: "The authority's public keys, as `ssh-ed25519 AAAA…`."),
        ConfigKey(
            "keys_file", .file, summary: "A file with them instead, one a line, as sshd's TrustedUserCAKeys has them."),
        ConfigKey(
            "issuer", .string, required: true,
            disclosure: .shown,
            summary:
                "The issuer of its callers in policies and records: any name, or the URL of an OpenID Connect issuer whose subjects its certificates name. Without the latter its callers get no approvals."
        ),
        ConfigKey(
            "subject", .choice(UserCertificateAuthority.SubjectSource.allCases.map(\.rawValue)), default: "key-id",
            summary: "What names the caller: the certificate's key id, or its only principal."),
        ConfigKey(
            "groups", .string, default: "none",
            disclosure: .shown,
            summary:
                "The caller's groups: `none`, `principals`, or `extension:NAME` for the names in that extension, with commas between."
        ),
        ConfigKey(
            "principals", .list(.string),
            disclosure: .shown,
            summary: "Of which a certificate must name one; any will do when absent, but it must name one."),
        ConfigKey(
            "longest", .duration, default: "24h",
            summary: "How long certificates may be valid: none can be taken back before its time."),
    ]

    static func read(
        _ listener: ConfigSection, baseDirectory: String
    ) throws(ConfigError) -> [UserCertificateAuthority] {
        var all: [UserCertificateAuthority] = []
        for section in listener.sections("user_ca") {
            let authority = try authority(section, baseDirectory: baseDirectory)
            // The first one would judge, and nobody could tell from the file which that is.
            if all.contains(where: { known in
                authority.authorities.keys.contains { known.authorities.keys.contains($0) }
            }) {
                throw section.error("keys", "one of the keys is that of another authority of this listener too")
            }
            all.append(authority)
        }
        return all
    }

    private static func authority(
        _ section: ConfigSection, baseDirectory: String
    ) throws(ConfigError) -> UserCertificateAuthority {
        guard let issuer = section.string("issuer"), !issuer.isEmpty else {
            throw section.error("issuer", "the issuer of its callers is needed")
        }
        return UserCertificateAuthority(
            authorities: try authorities(section, baseDirectory: baseDirectory), issuer: issuer,
            subject: section.string("subject").flatMap(UserCertificateAuthority.SubjectSource.init) ?? .keyID,
            groups: try groups(section), principals: section.strings("principals"),
            longest: section.duration("longest") ?? .seconds(24 * 3600))
    }

    private static func authorities(
        _ section: ConfigSection, baseDirectory: String
    ) throws(ConfigError) -> CertificateAuthorities {
        let key: String
        let name: String
        let text: String
        switch (section.has("keys"), section.string("keys_file")) {
        case (true, nil): (key, name, text) = ("keys", "keys", section.strings("keys").joined(separator: "\n"))
        case (false, let path?):
            name = path.hasPrefix("/") ? path : "\(baseDirectory)/\(path)"
            key = "keys_file"
            do {
                text = try String(contentsOfFile: name, encoding: .utf8)
            } catch {
                throw section.error(key, "there is no file \(name) that can be read")
            }
        case (true, _?): throw section.error("keys_file", "either `keys` or `keys_file` is used, not both")
        case (false, nil): throw section.error("keys", "the authority's public key is needed, or a file with it")
        }
        let authorities: CertificateAuthorities
        do {
            authorities = try CertificateAuthorities(parsing: text, file: name)
        } catch {
            throw section.error(key, "\(error)")
        }
        guard !authorities.keys.isEmpty else { throw section.error(key, "there is no key") }
        return authorities
    }

    private static func groups(_ section: ConfigSection) throws(ConfigError) -> UserCertificateAuthority.GroupsSource {
        let text = section.string("groups") ?? "none"
        if text == "none" { return .none }
        if text == "principals" { return .principals }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0] == "extension" else {
            throw section.error("groups", "`none`, `principals` or `extension:NAME`")
        }
        return .extension(String(parts[1]))
    }
}
