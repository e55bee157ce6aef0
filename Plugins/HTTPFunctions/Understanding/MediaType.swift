/// The essence of a `Content-Type` (RFC 9110 section 8.3).
struct MediaType: Sendable, Hashable {
    /// `type/subtype` in lower case.
    let essence: String
    let charset: String?

    init?(_ text: String?) {
        guard let text else { return nil }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        essence = first.trimmed.lowercased()
        guard essence.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1 else { return nil }
        charset =
            parts.dropFirst().compactMap { part -> String? in
                let pair = part.split(separator: "=", maxSplits: 1)
                guard pair.count == 2, pair[0].trimmed.lowercased() == "charset" else { return nil }
                return pair[1].trimmed.lowercased().filter { $0 != "\"" }
            }.first
    }

    var isJSON: Bool { essence == "application/json" || essence.hasSuffix("+json") }
    var isForm: Bool { essence == "application/x-www-form-urlencoded" }
    var isText: Bool { essence.hasPrefix("text/") }
    /// UTF-8, or nothing said, which is UTF-8 for all that is read here.
    var isUTF8: Bool { charset == nil || charset == "utf-8" || charset == "utf8" || charset == "us-ascii" }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
