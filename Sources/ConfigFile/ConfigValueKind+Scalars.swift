import Foundation

extension ConfigValueKind {
    /// What the kind looks like, after "takes".
    var phrase: String {
        switch self {
        case .string: "a text"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .duration: "a duration such as 500ms, 30s, 15m, 1h, 7d or 7y"
        case .byteSize: "a size such as 4096, 64KiB or 1MiB"
        case .address: "an address with port, such as 127.0.0.1:7480 or [::1]:7480"
        case .url: "an http or https URL with a host"
        case .path, .file: "a path"
        case .secret: "a reference to a secret: env:NAME or file:PATH"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .list, .mapping, .dictionary, .variants: "a list or mapping"
        }
    }

    /// What to do when something else stands there.
    var advice: String {
        if case .secret = self { return "; a secret never stands in the file itself" }
        return ""
    }

    /// Reads the text of a scalar; `nil` when it is not of this kind.
    func read(_ text: String) -> ConfigValue? {
        switch self {
        case .string: return .string(text)
        case .path, .file: return text.isEmpty || text.contains("\0") ? nil : .string(text)
        case .integer(let range):
            guard let value = Int(text), range.contains(value) else { return nil }
            return .integer(value)
        case .boolean:
            switch text {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return nil
            }
        case .duration:
            // A year never ends before the calendar's.
            let units: [(String, Int64)] = [
                ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("y", 366 * 86_400_000),
            ]
            return Self.number(text, units: units).map { .duration(.milliseconds($0)) }
        case .byteSize:
            let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)]
            return Self.number(text, units: units).map { .integer(Int($0)) }
        case .address: return ConfigAddress(text).map { .address($0) }
        case .url:
            guard let url = URL(string: text), let scheme = url.scheme, scheme == "http" || scheme == "https",
                let host = url.host, !host.isEmpty
            else { return nil }
            return .string(text)
        case .secret: return SecretReference(text).map { .secret($0) }
        case .choice(let words): return words.contains(text) ? .string(text) : nil
        case .list, .mapping, .dictionary, .variants: return nil
        }
    }

    private static func number(_ text: String, units: [(String, Int64)]) -> Int64? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(digits)
            else { continue }
            let (product, overflow) = value.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }
}

/// A host (name or IP address) and a port.
public struct ConfigAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets.
    public let host: String
    public let port: Int

    /// Reads `host:port`; `nil` when the port is missing or above 65535, or an IPv6 address stands without brackets.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can connect to it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
