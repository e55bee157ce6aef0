/// A target's URL, taken apart: scheme, host, port and path (RFC 3986), without what has no meaning here.
struct UpstreamURL: Sendable, Hashable {
    let isSecure: Bool
    /// Without brackets.
    let host: String
    let port: Int
    /// What `Host` says.
    let authority: String
    /// Without a slash at its end.
    let path: String

    init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst(8)
        } else if text.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst(7)
        } else {
            return nil
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        var path = String(rest[slash...])
        guard !authority.isEmpty, !authority.contains("@"), path.utf8.allSatisfy(\.isPathCharacter) else { return nil }
        while path.hasSuffix("/") { path.removeLast() }
        var host = authority
        var port = isSecure ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            host = authority[..<colon]
        }
        let isDefault = port == (isSecure ? 443 : 80)
        self.authority = isDefault ? String(host) : "\(host):\(port)"
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
        self.path = path
    }

    /// Certificates and SNI take names; an address is checked against the certificate's addresses.
    var isAddress: Bool { Self.isAddress(host) }

    static func isAddress(_ host: String) -> Bool {
        host.contains(":") || host.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
    }
}
