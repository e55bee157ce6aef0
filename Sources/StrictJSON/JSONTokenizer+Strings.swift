/// Strings of the tokenizer: RFC 8259 section 7, UTF-8 as RFC 3629 section 4 has it.
extension JSONTokenizer {
    /// What a string that a chunk's end cuts has to remember.
    struct StringState: Sendable {
        enum Phase: UInt8 { case plain, escape, hex, lowSurrogateBackslash, lowSurrogateU }

        var phase = Phase.plain
        /// Continuation bytes that the UTF-8 sequence still wants, and the range of the next one.
        var continuationBytes: UInt8 = 0
        var continuationLow: UInt8 = 0x80
        var continuationHigh: UInt8 = 0xbf
        var hexDigits: UInt8 = 0
        var codeUnit: UInt16 = 0
        /// The code unit in work must be the second half of a pair.
        var wantsLowSurrogate = false
    }

    /// Scans from `position` to the closing quote or the chunk's end.
    mutating func scanString(
        _ kind: State, _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        while true {
            if string.phase == .plain, string.continuationBytes == 0 {
                skipPlainBytes(chunk, &position)
            }
            guard position < chunk.count else {
                state = kind
                endPart(chunk)
                return kind == .inName ? .namePart : .stringPart
            }
            let byte = chunk[position]
            if string.phase == .plain {
                if string.continuationBytes != 0 {
                    guard byte >= string.continuationLow, byte <= string.continuationHigh else {
                        throw JSONParseError(offset: base + position, reason: .invalidUTF8)
                    }
                    string.continuationBytes -= 1
                    string.continuationLow = 0x80
                    string.continuationHigh = 0xbf
                } else if byte == UInt8(ascii: "\"") {
                    position += 1
                    if kind == .inName { state = .colon } else { endValue() }
                    return kind == .inName ? .name : .string
                } else if byte == UInt8(ascii: "\\") {
                    hasEscape = true
                    string.phase = .escape
                } else if byte < 0x20 {
                    throw JSONParseError(offset: base + position, reason: .controlCharacter)
                } else {
                    try beginSequence(byte, at: position)
                }
            } else {
                try stepEscape(byte, at: position)
            }
            position += 1
        }
    }

    /// Skips ASCII that stands for itself, eight bytes a step, and counts what detectors ask for.
    @inline(__always)
    private mutating func skipPlainBytes(_ chunk: UnsafeRawBufferPointer, _ position: inout Int) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var at: UInt64 = 0
        var digits = 0
        var index = position
        while index &+ 8 <= chunk.count {
            let word = UInt64(littleEndian: chunk.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            // Each test leaves the high bit of the bytes it holds for. Bytes over 0x7f may alias in the tests on
            // `low`, which is harmless: they stop the scan themselves.
            let low = word & ~highBits
            let notControl = low &+ (ones &* 0x60)
            let notQuote = (low ^ (ones &* 0x22)) &+ (ones &* 0x7f)
            let notBackslash = (low ^ (ones &* 0x5c)) &+ (ones &* 0x7f)
            let stop = (word | ~(notControl & notQuote & notBackslash)) & highBits
            let isAt = ~((low ^ (ones &* 0x40)) &+ (ones &* 0x7f)) & highBits
            let isDigit = (low &+ (ones &* 0x50)) & ~(low &+ (ones &* 0x46)) & highBits
            if stop == 0 {
                at |= isAt
                digits &+= isDigit.nonzeroBitCount
                index &+= 8
            } else {
                let shift = stop.trailingZeroBitCount & ~7
                let before = (1 &<< UInt64(shift)) &- 1
                at |= isAt & before
                digits &+= (isDigit & before).nonzeroBitCount
                position = index &+ shift / 8
                hasAt = hasAt || at != 0
                digitCount &+= digits
                return
            }
        }
        while index < chunk.count {
            let byte = chunk[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            if byte == UInt8(ascii: "@") { at = 1 }
            if byte &- UInt8(ascii: "0") < 10 { digits &+= 1 }
            index &+= 1
        }
        position = index
        hasAt = hasAt || at != 0
        digitCount &+= digits
    }

    /// RFC 3629 section 4: no overlong form, no surrogate, nothing over U+10FFFF.
    private mutating func beginSequence(_ byte: UInt8, at position: Int) throws(JSONParseError) {
        switch byte {
        case 0xc2...0xdf: string.continuationBytes = 1
        case 0xe0...0xef:
            string.continuationBytes = 2
            if byte == 0xe0 { string.continuationLow = 0xa0 }
            if byte == 0xed { string.continuationHigh = 0x9f }
        case 0xf0...0xf4:
            string.continuationBytes = 3
            if byte == 0xf0 { string.continuationLow = 0x90 }
            if byte == 0xf4 { string.continuationHigh = 0x8f }
        default: throw JSONParseError(offset: base + position, reason: .invalidUTF8)
        }
    }

    private mutating func stepEscape(_ byte: UInt8, at position: Int) throws(JSONParseError) {
        switch string.phase {
        case .plain: break
        case .escape:
            switch byte {
            case UInt8(ascii: "u"):
                hasUnicodeEscape = true
                string.phase = .hex
                string.hexDigits = 0
                string.codeUnit = 0
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                string.phase = .plain
            default: throw JSONParseError(offset: base + position, reason: .invalidEscape)
            }
        case .hex:
            guard let digit = JSONStringDecoder.hexValue(byte) else {
                throw JSONParseError(offset: base + position, reason: .invalidEscape)
            }
            string.codeUnit = string.codeUnit << 4 | UInt16(digit)
            string.hexDigits += 1
            if string.hexDigits == 4 { try endCodeUnit(at: position) }
        case .lowSurrogateBackslash, .lowSurrogateU:
            let wanted = string.phase == .lowSurrogateU ? UInt8(ascii: "u") : UInt8(ascii: "\\")
            guard byte == wanted else { throw JSONParseError(offset: base + position, reason: .loneSurrogate) }
            if string.phase == .lowSurrogateU {
                string.phase = .hex
                string.hexDigits = 0
                string.codeUnit = 0
            } else {
                string.phase = .lowSurrogateU
            }
        }
    }

    private mutating func endCodeUnit(at position: Int) throws(JSONParseError) {
        let isLow = 0xdc00...0xdfff ~= string.codeUnit
        guard isLow == string.wantsLowSurrogate else {
            throw JSONParseError(offset: base + position, reason: .loneSurrogate)
        }
        string.wantsLowSurrogate = false
        if string.codeUnit == 0, !takesNUL { throw JSONParseError(offset: base + position, reason: .nul) }
        if 0xd800...0xdbff ~= string.codeUnit {
            string.wantsLowSurrogate = true
            string.phase = .lowSurrogateBackslash
        } else {
            string.phase = .plain
        }
    }
}
