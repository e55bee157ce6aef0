/// Telephone numbers: E.164 with its `+`, the North American plan with separators, and bare digits in context.
enum TelephoneNumber {
    static let mostDigits = 15

    static func verdict(
        _ text: ScannedText, start: Int, runLength: Int, context: ScanContext, floor: Int
    ) -> ScannedText.Verdict {
        guard !context.contains(.machine) else { return .none }
        let bytes = text.bytes
        let before = start > floor ? bytes[start - 1] : 0
        if before == UInt8(ascii: "+"), !text.hasWord(before: start - 1) {
            return international(text, start: start)
        }
        if text.hasDigit(beforeSeparator: UInt8(ascii: "."), before: start)
            || (before == UInt8(ascii: "-") && text.hasWord(before: start - 1))
        {
            return .none
        }
        if runLength == 3 || (runLength == 1 && bytes[start] == UInt8(ascii: "1")) {
            let verdict = northAmerican(text, start: start, floor: floor)
            if case .none = verdict {} else { return verdict }
        }
        if context.contains(.phone) { return national(text, start: start) }
        guard runLength == 10 || runLength == 11, isNorthAmerican(text, start, runLength) else { return .none }
        return finish(text, start: start, end: start + runLength) {
            ScanContext.before(start, in: text).contains(.phone)
        }
    }

    /// ITU-T E.164: country code without leading zero, 8 to 15 digits in all.
    private static func international(_ text: ScannedText, start: Int) -> ScannedText.Verdict {
        guard text.bytes[start] != UInt8(ascii: "0") else { return .none }
        switch digits(text, start: start) {
        case .undecided: return .undecided
        case .none: return .none
        case .match(_, let end):
            let count = countDigits(text, start, end)
            if text.bytes[start] == UInt8(ascii: "1") {
                guard count == 11, isPlanNumber(text, start, end) else { return .none }
            }
            guard count >= 8 else { return .none }
            return finish(text, start: start - 1, end: end) { true }
        }
    }

    /// What stands in a field for telephone numbers: 7 to 15 digits in any grouping.
    private static func national(_ text: ScannedText, start: Int) -> ScannedText.Verdict {
        switch digits(text, start: start) {
        case .undecided: return .undecided
        case .none: return .none
        case .match(_, let end):
            guard countDigits(text, start, end) >= 7 else { return .none }
            let opens = start > 0 && text.bytes[start - 1] == UInt8(ascii: "(")
            return finish(text, start: opens ? start - 1 : start, end: end) { true }
        }
    }

    /// `(NXX) NXX-XXXX`, `NXX-NXX-XXXX`, with full stops or spaces too, each with a `1` before it or without.
    private static func northAmerican(_ text: ScannedText, start: Int, floor: Int) -> ScannedText.Verdict {
        var index = start
        var first = start
        if text.bytes[start] == UInt8(ascii: "1"), start + 1 < text.count, !text.bytes[start + 1].isDigit {
            guard case .found(let length, _) = text.separator(at: start + 1) else { return unfinished(text, start + 1) }
            index += 1 + length
            switch text.next(index) {
            case .byte(UInt8(ascii: "(")): index += 1
            case .unknown: return .undecided
            default: break
            }
        } else if start > floor, text.bytes[start - 1] == UInt8(ascii: "(") {
            first = start - 1
        }
        // Also where the bracket is behind the floor: digits that were no number with it are none without it.
        let isBracketed = index > 0 && text.bytes[index - 1] == UInt8(ascii: "(")
        for (group, length) in [3, 3, 4].enumerated() {
            if group > 0 {
                if group == 1, isBracketed {
                    switch text.next(index) {
                    case .unknown: return .undecided
                    case .byte(UInt8(ascii: ")")): index += 1
                    default: return .none
                    }
                    if case .unknown = text.next(index) { return .undecided }
                }
                switch text.separator(at: index) {
                case .unknown: return .undecided
                case .found(let length, _): index += length
                case .none: guard group == 1, isBracketed else { return .none }
                }
            }
            for place in 0..<length {
                switch text.next(index) {
                case .unknown: return .undecided
                case .byte(let byte) where byte.isDigit && !(place == 0 && group < 2 && byte < UInt8(ascii: "2")): break
                default: return .none
                }
                index += 1
            }
            if group < 2, isServiceCode(text.bytes, index - 3) { return .none }
        }
        return finish(text, start: first, end: index) { true }
    }

    private static func unfinished(_ text: ScannedText, _ index: Int) -> ScannedText.Verdict {
        if case .unknown = text.separator(at: index) { return .undecided }
        return .none
    }

    /// 211, 311 … 911 are neither areas nor exchanges.
    private static func isServiceCode(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        bytes[index + 1] == UInt8(ascii: "1") && bytes[index + 2] == UInt8(ascii: "1")
    }

    private static func isNorthAmerican(_ text: ScannedText, _ start: Int, _ length: Int) -> Bool {
        if length == 11, text.bytes[start] != UInt8(ascii: "1") { return false }
        return isPlanNumber(text, start + length - 10, start + length)
    }

    /// The last ten digits of the range have a valid area and exchange.
    private static func isPlanNumber(_ text: ScannedText, _ start: Int, _ end: Int) -> Bool {
        var value = 0
        for index in start..<end where text.bytes[index].isDigit { value = value * 10 + Int(text.bytes[index] & 15) }
        let (area, exchange) = (value / 10_000_000 % 1000, value / 10_000 % 1000)
        return area >= 200 && exchange >= 200 && area % 100 != 11 && exchange % 100 != 11
    }

    private static func countDigits(_ text: ScannedText, _ start: Int, _ end: Int) -> Int {
        var count = 0
        for index in start..<end where text.bytes[index].isDigit { count += 1 }
        return count
    }

    /// Up to 15 digits with single separators and brackets between them, to the end of the last group that fits.
    private static func digits(_ text: ScannedText, start: Int) -> ScannedText.Verdict {
        var index = start
        var count = 0
        var end = start
        while true {
            while index < text.count, text.bytes[index].isDigit, count <= mostDigits {
                count += 1
                index += 1
            }
            if count > mostDigits { return end > start ? .match(start: start, end: end) : .none }
            if index == text.count, !text.isFinal { return .undecided }
            end = index
            var next = index
            var marks = 0
            between: while marks < 3 {
                switch text.separator(at: next) {
                case .unknown: return .undecided
                case .found(let length, _): next += length
                case .none:
                    guard next < text.count,
                        text.bytes[next] == UInt8(ascii: "(") || text.bytes[next] == UInt8(ascii: ")")
                    else { break between }
                    next += 1
                }
                marks += 1
            }
            switch text.next(next) {
            case .unknown: return .undecided
            case .byte(let byte) where byte.isDigit && marks > 0: index = next
            default: return .match(start: start, end: end)
            }
        }
    }

    private static func finish(
        _ text: ScannedText, start: Int, end: Int, if condition: () -> Bool
    ) -> ScannedText.Verdict {
        switch text.next(end) {
        case .unknown: return .undecided
        case .byte(let byte) where byte.isLetterOrDigit || byte == UInt8(ascii: "@"): return .none
        case .byte(UInt8(ascii: "-")), .byte(UInt8(ascii: ".")):
            switch text.next(end + 1) {
            case .unknown: return .undecided
            case .byte(let byte) where byte.isDigit: return .none
            default: break
            }
        default: break
        }
        return condition() ? .match(start: start, end: end) : .none
    }
}
