extension Transform {
    /// Appends what stands for `content`: a detector's match, or the whole of a value when `detector` is `nil`.
    func apply(
        to content: UnsafeRawBufferPointer, detector: Detector?, pseudonyms: Pseudonymizer,
        appendingTo output: inout [UInt8]
    ) {
        switch self {
        case .redact, .null:
            output.append(UInt8(ascii: "["))
            output.append(contentsOf: (detector?.rawValue ?? "REDACTED").utf8)
            output.append(UInt8(ascii: "]"))
        case .replace(let text): output.append(contentsOf: text.utf8)
        case .keepFirst(let count): Self.keep(first: count, last: 0, content, detector, &output)
        case .keepLast(let count): Self.keep(first: 0, last: count, content, detector, &output)
        case .pseudonym:
            // A value that is a card number has the same pseudonym in its own field and amid a text.
            let type = detector ?? DetectorScanner(detectors: .all).detector(ofWhole: content)
            let name = type?.rawValue ?? Pseudonymizer.plainType
            output.append(contentsOf: name.utf8)
            output.append(UInt8(ascii: ":"))
            let normalized = type.map { $0.normalize(content) } ?? Array(content)
            output.append(contentsOf: pseudonyms.digest(type: name, normalized: normalized))
        }
    }

    /// Of a match only letters and digits count, and separators stay; of any other value every character counts.
    private static func keep(
        first: Int, last: Int, _ content: UnsafeRawBufferPointer, _ detector: Detector?, _ output: inout [UInt8]
    ) {
        func isCounted(_ byte: UInt8) -> Bool {
            detector == nil ? byte & 0xc0 != 0x80 : byte.isLetterOrDigit || byte >= 0xc0
        }
        let count = content.reduce(0) { $0 + (isCounted($1) ? 1 : 0) }
        let kept = count >= 2 * (first + last) ? (first: first, last: last) : (first: 0, last: 0)
        var place = 0
        var isKept = false
        for byte in content {
            if isCounted(byte) {
                isKept = place < kept.first || place >= count - kept.last
                place += 1
                output.append(isKept ? byte : UInt8(ascii: "*"))
            } else if byte & 0xc0 == 0x80 {
                if isKept { output.append(byte) }
            } else {
                output.append(byte)
            }
        }
    }
}

extension Detector {
    /// The form in which equal values are equal bytes.
    func normalize(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .pan, .ssn: return content.filter(\.isDigit)
        case .iban: return content.filter(\.isLetterOrDigit).map { $0.isLetter ? $0 & ~0x20 : $0 }
        case .email: return content.map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
        case .phone:
            // A North American number without its country code gets it.
            let digits = content.filter(\.isDigit)
            return digits.count == 10 && content.first != UInt8(ascii: "+") ? [UInt8(ascii: "1")] + digits : digits
        }
    }
}
