/// Payment card numbers: ISO/IEC 7812-1 length and Luhn digit, and the ranges that card schemes issue from.
enum CardNumber {
    static let fewestDigits = 12
    static let mostDigits = 19

    /// Whether a card number starts with the digit at `start`, whole or in groups of four and more with one kind of
    /// separator.
    static func verdict(_ text: ScannedText, start: Int, context: ScanContext) -> ScannedText.Verdict {
        let bytes = text.bytes
        // The fraction of a decimal number, or the middle of a UUID.
        if text.hasDigit(beforeSeparator: UInt8(ascii: "."), before: start) { return .none }
        let followsHyphen = start > 0 && bytes[start - 1] == UInt8(ascii: "-") && text.hasWord(before: start - 1)
        var digits: UInt128 = 0
        var count = 0
        var index = start
        var separator: UInt8?
        var end: Int?
        while true {
            let groupStart = index
            while index < bytes.count, bytes[index].isDigit, count <= mostDigits {
                digits = digits << 4 | UInt128(bytes[index] & 15)
                count += 1
                index += 1
            }
            if count > mostDigits { break }
            if index == bytes.count, !text.isFinal { return .undecided }
            if count >= fewestDigits, separator != nil || !context.contains(.machine),
                isIssued(digits, count, isGrouped: separator != nil, start: start, text, context),
                passesLuhn(digits, count)
            {
                switch endsNumber(text, at: index, separator: separator) {
                case .none: return .undecided
                case .some(true): end = index
                case .some(false): break
                }
            }
            if index - groupStart < 4 { break }
            var length = 0
            switch text.separator(at: index) {
            case .none: break
            case .unknown: return .undecided
            case .found(let found, let kind):
                if separator ?? kind == kind, !(followsHyphen && kind == UInt8(ascii: "-")) {
                    length = found
                    separator = kind
                }
            }
            guard length > 0 else { break }
            switch text.next(index + length) {
            case .unknown: return .undecided
            case .byte(let byte) where byte.isDigit: index += length
            default: length = 0
            }
            if length == 0 { break }
        }
        return end.map { .match(start: start, end: $0) } ?? .none
    }

    /// Whether the digits are a card number as they stand, as in a JSON number.
    static func matches(_ text: ScannedText, context: ScanContext) -> Bool {
        if case .match(0, text.count) = verdict(text, start: 0, context: context) { return true }
        return false
    }

    /// Whether the number can end at `index`; `nil` if what follows is not there yet.
    private static func endsNumber(_ text: ScannedText, at index: Int, separator: UInt8?) -> Bool? {
        switch text.next(index) {
        case .unknown: return nil
        case .end: return true
        case .byte(let byte) where byte.isLetterOrDigit: return false
        case .byte(UInt8(ascii: "-")) where separator == UInt8(ascii: "-"):
            switch text.next(index + 1) {
            case .unknown: return nil
            case .byte(let byte) where byte.isLetterOrDigit: return false
            default: return true
            }
        case .byte(UInt8(ascii: ".")): return endsBeforeFraction(text, at: index + 1)
        default: return true
        }
    }

    /// After a full stop no digits may follow, other than the `.0` with which some programs write whole numbers.
    private static func endsBeforeFraction(_ text: ScannedText, at index: Int) -> Bool? {
        switch text.next(index) {
        case .unknown: return nil
        case .byte(UInt8(ascii: "0")):
            switch text.next(index + 1) {
            case .unknown: return nil
            case .byte(let byte): return !byte.isLetterOrDigit
            case .end: return true
            }
        case .byte(let byte): return !byte.isDigit
        case .end: return true
        }
    }

    /// Whether numbers of this length are issued from the range. Lengths that are rare among cards and common among
    /// other numbers need grouping or a word that speaks of cards.
    private static func isIssued(
        _ digits: UInt128, _ count: Int, isGrouped: Bool, start: Int, _ text: ScannedText, _ context: ScanContext
    ) -> Bool {
        // Packed decimals compare as the digits do.
        let prefix = UInt16(truncatingIfNeeded: digits >> UInt128(4 * (count - 4)))
        switch count {
        case 15: if prefix >> 8 == 0x34 || prefix >> 8 == 0x37 { return true }
        case 14: if isDiners(prefix) { return true }
        case 16: return isScheme(prefix)
        default: break
        }
        guard isScheme(prefix) || isDiners(prefix) else { return false }
        if isGrouped { return count != 15 }
        return context.contains(.card) || ScanContext.before(start, in: text).contains(.card)
    }

    private static func isDiners(_ prefix: UInt16) -> Bool {
        switch prefix {
        case 0x3000...0x3059, 0x3095, 0x3600...0x3699, 0x3800...0x3999: true
        default: false
        }
    }

    private static func isScheme(_ prefix: UInt16) -> Bool {
        switch prefix {
        case 0x4000...0x4999,  // Visa
            0x5100...0x5599, 0x2221...0x2720,  // Mastercard
            0x5000...0x5099, 0x5600...0x5899,  // Maestro, Elo, RuPay, Verve
            0x6000...0x6999,  // Discover, UnionPay, Maestro, RuPay
            0x3528...0x3589,  // JCB
            0x2200...0x2204,  // Mir
            0x8100...0x8299, 0x8600, 0x9792, 0x9860:  // UnionPay, RuPay, Uzcard, Troy, Humo
            true
        default: isDiners(prefix)
        }
    }

    /// ISO/IEC 7812-1 annex B.
    static func passesLuhn(_ digits: UInt128, _ count: Int) -> Bool {
        var rest = digits
        var sum = 0
        for place in 0..<count {
            let digit = Int(truncatingIfNeeded: rest) & 15
            rest >>= 4
            if place & 1 == 0 {
                sum &+= digit
            } else {
                sum &+= digit < 5 ? digit &* 2 : digit &* 2 &- 9
            }
        }
        return sum % 10 == 0
    }
}
