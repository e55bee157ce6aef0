import Crypto
import Foundation

/// The host field of a known_hosts line (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): patterns with commas between, or one
/// hashed name.
///
/// Names are compared with ASCII letters in lower case. A name on another port than 22 stands as `[name]:port`, and a
/// pattern is compared with the whole of that.
enum KnownHostNames: Sendable {
    case patterns([Pattern])
    case hashed(salt: [UInt8], digest: [UInt8])

    struct Pattern: Sendable {
        let bytes: [UInt8]
        let isNegated: Bool
    }

    /// - Returns: `nil` for a hashed name that cannot be read.
    init?(_ field: some Collection<UInt8>) {
        guard field.first == UInt8(ascii: "|") else {
            self = .patterns(
                field.split(separator: UInt8(ascii: ",")).map { pattern in
                    let isNegated = pattern.first == UInt8(ascii: "!")
                    return Pattern(
                        bytes: Self.lowercased(isNegated ? pattern.dropFirst() : pattern), isNegated: isNegated)
                })
            return
        }
        let parts = field.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[1].elementsEqual("1".utf8), let salt = Data(base64Encoded: Data(parts[2])),
            let digest = Data(base64Encoded: Data(parts[3])), salt.count == Insecure.SHA1.byteCount,
            digest.count == Insecure.SHA1.byteCount
        else { return nil }
        self = .hashed(salt: Array(salt), digest: Array(digest))
    }

    /// How a host stands in the file.
    static func name(host: String, port: Int) -> [UInt8] {
        let host = lowercased(host.utf8)
        guard port != 22 else { return host }
        return [UInt8(ascii: "[")] + host + Array("]:\(port)".utf8)
    }

    /// Whether the name, as `name(host:port:)` gives it, is meant. A negated pattern that matches overrules all others.
    func match(_ name: [UInt8]) -> Bool {
        switch self {
        case .patterns(let patterns):
            let matching = patterns.filter { Self.matches($0.bytes, name) }
            return !matching.isEmpty && !matching.contains { $0.isNegated }
        case .hashed(let salt, let digest):
            // SHA-1 hides the name here, no more: what the key is does not depend on it.
            let code = HMAC<Insecure.SHA1>.authenticationCode(for: name, using: SymmetricKey(data: salt))
            return code.elementsEqual(digest)
        }
    }

    /// `*` stands for any bytes, `?` for one. It goes back to the last `*` only, so that no pattern takes more steps
    /// than its length times the name's.
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (inPattern, inName) = (0, 0)
        var lastStar: (pattern: Int, name: Int)?
        while inName < name.count {
            if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
                lastStar = (inPattern, inName)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == UInt8(ascii: "?") || pattern[inPattern] == name[inName]
            {
                inPattern += 1
                inName += 1
            } else if let star = lastStar {
                lastStar = (star.pattern, star.name + 1)
                inPattern = star.pattern + 1
                inName = star.name + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
    }
}
