/// `host:port` as entries have it, with brackets around an IPv6 address.
struct NetworkAddress {
    let host: String
    let port: Int?

    init(_ text: String) {
        if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
            host = String(text[text.index(after: text.startIndex)..<end])
            port = Int(text[text.index(after: end)...].dropFirst())
        } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon,
            let number = Int(text[text.index(after: colon)...])
        {
            host = String(text[..<colon])
            port = number
        } else {
            host = text
            port = nil
        }
    }

    var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }
    var isIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
