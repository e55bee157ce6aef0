/// How an answer's bytes are read for masking.
public enum MaskedFormat: String, Sendable, Hashable, CaseIterable {
    /// One JSON document (RFC 8259).
    case json
    /// Any text that ASCII can be read in: plain, HTML, XML, CSV. Only detectors apply.
    case text
    /// `text/event-stream`: each event's data is JSON or text.
    case serverSentEvents
    /// JSON documents, one a line.
    case ndjson

    /// The format that a `Content-Type` asks for.
    ///
    /// - Throws: `.notInspectable` where the type is unknown, or its character set could hide what detectors look for.
    public init(contentType: String?) throws(MaskingError) {
        let parts = (contentType ?? "").split(separator: ";", omittingEmptySubsequences: false).map {
            $0.drop { $0 == " " || $0 == "\t" }.lowercased()
        }
        let type = parts.first.map { $0.prefix { $0 != " " && $0 != "\t" } } ?? ""
        guard !type.isEmpty else { throw .notInspectable(reason: "the answer has no content type") }
        switch type {
        case "application/json", "text/json": self = .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
            "application/jsonlines":
            self = .ndjson
        case "text/event-stream": self = .serverSentEvents
        case "application/xml", "application/javascript", "application/x-javascript", "application/yaml",
            "application/x-yaml":
            self = .text
        case _ where type.hasSuffix("+json"): self = .json
        case _ where type.hasSuffix("+xml") || type.hasPrefix("text/"): self = .text
        default: throw .notInspectable(reason: "content of type \(Self.printable(type)) is not understood")
        }
        try checkCharacterSet(parts.dropFirst())
    }

    /// JSON and event streams are UTF-8 by definition; of text's sets those pass in which ASCII means ASCII.
    private func checkCharacterSet(_ parameters: ArraySlice<String>) throws(MaskingError) {
        for parameter in parameters where parameter.hasPrefix("charset=") {
            let value = parameter.dropFirst("charset=".count).filter { $0 != "\"" && $0 != " " }
            let readable: Bool =
                switch value {
                case "utf-8", "utf8", "us-ascii", "ascii": true
                case _ where value.hasPrefix("iso-8859-") || value.hasPrefix("windows-125"): self == .text
                default: false
                }
            guard readable else {
                throw .notInspectable(reason: "the character set \(Self.printable(value)) is not understood")
            }
        }
    }

    private static func printable(_ text: some StringProtocol) -> String {
        String(text.prefix(60).filter { $0.isASCII && ($0.isLetter || $0.isNumber || "/+-.*_".contains($0)) })
    }
}
