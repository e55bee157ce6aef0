/// Email addresses as people write them: RFC 5321 lengths, the usual characters, and letters of UTF-8's two-byte forms
/// (accented Latin, Greek, Cyrillic) so that no part of an internationalized name stays.
enum EmailAddress {
    static let longestLocalPart = 64
    static let longestDomain = 255

    /// Whether the `@` at `index` is an address's.
    static func verdict(_ text: ScannedText, at index: Int, floor: Int) -> ScannedText.Verdict {
        let bytes = text.bytes
        var start = localPartStart(text, end: index, floor: floor)
        while start < index, !bytes[start].isLetterOrDigit, bytes[start] != UInt8(ascii: "_"), bytes[start] < 0x80 {
            start += 1
        }
        // The letter of an escape is not the name's.
        if start < index, start > 0, bytes[start - 1] == UInt8(ascii: "\\"), bytes[start].isEscapeLetter { start += 1 }
        guard start < index else { return .none }
        var end = index + 1
        while end < bytes.count, end - index <= longestDomain, isDomainByte(bytes, end) { end += 1 }
        if end == bytes.count, !text.isFinal, end - index <= longestDomain { return .undecided }
        guard let trimmed = domainEnd(bytes, index + 1, end) else { return .none }
        return .match(start: start, end: trimmed)
    }

    /// The first byte of what could be a local part that ends at `end`.
    static func localPartStart(_ text: ScannedText, end: Int, floor: Int) -> Int {
        let lowest = max(floor, end - longestLocalPart)
        var start = end
        while start > lowest, isLocalByte(text.bytes, start - 1) { start -= 1 }
        while start < end, text.bytes[start] & 0xc0 == 0x80 { start += 1 }
        return start
    }

    /// The end of the longest domain name with a top-level domain of letters; `nil` if there is none.
    private static func domainEnd(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ limit: Int) -> Int? {
        var end = start
        // Two full stops in a row end the name.
        while end < limit, !(bytes[end] == UInt8(ascii: ".") && (end == start || bytes[end - 1] == UInt8(ascii: "."))) {
            end += 1
        }
        while end > start {
            guard let dot = bytes[start..<end].lastIndex(of: UInt8(ascii: ".")) else { return nil }
            var labelEnd = end
            while labelEnd > dot + 1, bytes[labelEnd - 1] == UInt8(ascii: "-") { labelEnd -= 1 }
            let label = UnsafeRawBufferPointer(rebasing: bytes[dot + 1..<labelEnd])
            let isPunycode = label.count > 4 && label[0] | 0x20 == UInt8(ascii: "x") && label[3] == UInt8(ascii: "-")
            let isTopLevel = label.count >= 2 && (isPunycode || label.allSatisfy { $0.isLetter || $0 >= 0x80 })
            if isTopLevel, bytes[start] != UInt8(ascii: "-") {
                return isImageScale(bytes[start..<dot], label) ? nil : labelEnd
            }
            end = dot
        }
        return nil
    }

    /// `icon@2x.png`
    private static func isImageScale(_ name: Slice<UnsafeRawBufferPointer>, _ topLevel: UnsafeRawBufferPointer) -> Bool
    {
        guard name.last == UInt8(ascii: "x"), name.dropLast().allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") })
        else {
            return false
        }
        return ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif"].contains(String(decoding: topLevel, as: UTF8.self))
    }

    private static func isLocalByte(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "'"), UInt8(ascii: "&"):
            return true
        default: return byte.isLetterOrDigit || isTwoByteForm(bytes, index)
        }
    }

    private static func isDomainByte(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        let byte = bytes[index]
        return byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || isTwoByteForm(bytes, index)
    }

    /// Part of U+00C0 to U+07FF in UTF-8.
    private static func isTwoByteForm(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        switch bytes[index] {
        case 0xc3...0xdf: true
        case 0x80...0xbf: index > 0 && 0xc3...0xdf ~= bytes[index - 1]
        default: false
        }
    }
}
