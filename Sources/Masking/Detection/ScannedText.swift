/// The text that detectors look at, with what they may conclude from its end.
///
/// The bytes are UTF-8 content, or the inside of a JSON string whose escapes have two characters: for detectors both
/// come to the same, because no match contains an escape, and a letter that ends one (`\n`) is not taken for a word.
struct ScannedText {
    let bytes: UnsafeRawBufferPointer
    /// Nothing follows the bytes. Else what touches the end cannot be decided yet.
    let isFinal: Bool

    enum Verdict {
        case none
        /// More text may make it a match.
        case undecided
        case match(start: Int, end: Int)
    }

    /// What stands at an index that may lie behind the end.
    enum Next {
        case byte(UInt8)
        case end, unknown
    }

    var count: Int { bytes.count }

    func next(_ index: Int) -> Next {
        if index < bytes.count { return .byte(bytes[index]) }
        return isFinal ? .end : .unknown
    }

    /// A letter or digit stands directly before `index`, other than the letter of an escape such as `\n`.
    func hasWord(before index: Int) -> Bool {
        guard index > 0, bytes[index - 1].isLetterOrDigit else { return false }
        return !(index > 1 && bytes[index - 2] == UInt8(ascii: "\\") && bytes[index - 1].isEscapeLetter)
    }

    /// A digit, then `separator`, stand directly before `index`, as in the middle of a longer number.
    func hasDigit(beforeSeparator separator: UInt8, before index: Int) -> Bool {
        index > 1 && bytes[index - 1] == separator && bytes[index - 2].isDigit
    }

    /// A separator between groups of digits: its bytes, and the ASCII character that it counts as.
    enum Separator {
        case none, unknown
        case found(length: Int, kind: UInt8)
    }

    /// Space, hyphen and full stop, with the no-break and typographic forms of the first two.
    func separator(at index: Int) -> Separator {
        guard index < bytes.count else { return isFinal ? .none : .unknown }
        switch bytes[index] {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."): return .found(length: 1, kind: bytes[index])
        case 0xc2:  // U+00A0
            guard index + 1 < bytes.count else { return isFinal ? .none : .unknown }
            return bytes[index + 1] == 0xa0 ? .found(length: 2, kind: UInt8(ascii: " ")) : .none
        case 0xe2:  // U+2010 to U+2013, U+202F
            guard index + 2 < bytes.count else { return isFinal ? .none : .unknown }
            guard bytes[index + 1] == 0x80 else { return .none }
            switch bytes[index + 2] {
            case 0x90...0x93: return .found(length: 3, kind: UInt8(ascii: "-"))
            case 0xaf: return .found(length: 3, kind: UInt8(ascii: " "))
            default: return .none
            }
        default: return .none
        }
    }
}

extension UInt8 {
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isLetterOrDigit: Bool { isDigit || isLetter }
    /// The letter of a two-character JSON escape.
    var isEscapeLetter: Bool {
        switch self {
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): true
        default: false
        }
    }
}
