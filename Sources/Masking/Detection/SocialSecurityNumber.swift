/// United States social security numbers, by the rules of 20 CFR 422.103 and what is known to be never issued.
enum SocialSecurityNumber {
    /// Whether a number starts at `start`: with hyphens anywhere, with spaces or bare only in context.
    static func verdict(
        _ text: ScannedText, start: Int, runLength: Int, context: ScanContext
    ) -> ScannedText.Verdict {
        let bytes = text.bytes
        guard runLength == 3 || runLength == 9, !text.hasDigit(beforeSeparator: UInt8(ascii: "-"), before: start),
            !text.hasDigit(beforeSeparator: UInt8(ascii: "."), before: start)
        else { return .none }
        var value = 0
        var index = start
        var isHyphenated = false
        if runLength == 9 {
            while index < start + 9 {
                value = value * 10 + Int(bytes[index] & 15)
                index += 1
            }
        } else {
            var separator: UInt8?
            for (group, length) in [3, 2, 4].enumerated() {
                if group > 0 {
                    switch text.separator(at: index) {
                    case .unknown: return .undecided
                    case .found(let length, let kind) where separator == nil || separator == kind:
                        index += length
                        separator = kind
                    default: return .none
                    }
                }
                for _ in 0..<length {
                    switch text.next(index) {
                    case .unknown: return .undecided
                    case .byte(let byte) where byte.isDigit: value = value * 10 + Int(byte & 15)
                    default: return .none
                    }
                    index += 1
                }
            }
            guard separator != UInt8(ascii: ".") else { return .none }
            isHyphenated = separator == UInt8(ascii: "-")
        }
        switch text.next(index) {
        case .unknown: return .undecided
        case .byte(let byte) where byte.isLetterOrDigit: return .none
        case .byte(UInt8(ascii: "-")), .byte(UInt8(ascii: ".")):
            switch text.next(index + 1) {
            case .unknown: return .undecided
            case .byte(let byte) where byte.isDigit: return .none
            default: break
            }
        default: break
        }
        guard isIssued(value) else { return .none }
        guard
            isHyphenated || context.contains(.socialSecurity)
                || ScanContext.before(start, in: text).contains(.socialSecurity)
        else { return .none }
        return .match(start: start, end: index)
    }

    /// No area 000, 666 or 9xx, no group 00, no serial 0000, and none of the numbers that advertising wore out.
    static func isIssued(_ value: Int) -> Bool {
        let (area, group, serial) = (value / 1_000_000, value / 10_000 % 100, value % 10_000)
        guard area != 0, area != 666, area < 900, group != 0, serial != 0 else { return false }
        return value != 078_05_1120 && value != 219_09_9999 && value % 111_111_111 != 0
    }
}
