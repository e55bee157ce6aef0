/// Unescapes what stands between the quotes of a JSON string that the tokenizer passed.
public enum JSONStringDecoder {
    /// Appends the content of `raw` to `output`. `raw` must be valid as the tokenizer checks it; of an escape that is
    /// cut at the end nothing is appended.
    ///
    /// - Returns: how many bytes of `raw` were used: all, unless its end cuts an escape or a surrogate pair.
    @discardableResult
    public static func decode(_ raw: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Int {
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            if byte != UInt8(ascii: "\\") {
                output.append(byte)
                index += 1
                continue
            }
            guard let escape = escape(in: raw, at: index) else { return index }
            append(escape.scalar, to: &output)
            index += escape.length
        }
        return index
    }

    /// The escape that starts with the backslash at `index`; `nil` if the end of `raw` cuts it.
    public static func escape(in raw: UnsafeRawBufferPointer, at index: Int) -> (scalar: UInt32, length: Int)? {
        guard index + 1 < raw.count else { return nil }
        switch raw[index + 1] {
        case UInt8(ascii: "b"): return (0x08, 2)
        case UInt8(ascii: "f"): return (0x0c, 2)
        case UInt8(ascii: "n"): return (0x0a, 2)
        case UInt8(ascii: "r"): return (0x0d, 2)
        case UInt8(ascii: "t"): return (0x09, 2)
        case UInt8(ascii: "u"):
            guard let first = codeUnit(in: raw, at: index + 2) else { return nil }
            guard 0xd800...0xdbff ~= first else { return (first, 6) }
            guard let second = codeUnit(in: raw, at: index + 8) else { return nil }
            return (0x10000 + (first & 0x3ff) << 10 + (second & 0x3ff), 12)
        case let byte: return (UInt32(byte), 2)
        }
    }

    /// Appends the UTF-8 form of `scalar`.
    public static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        switch scalar {
        case 0..<0x80: output.append(UInt8(scalar))
        case 0x80..<0x800:
            output.append(UInt8(0xc0 | scalar >> 6))
            output.append(UInt8(0x80 | scalar & 0x3f))
        case 0x800..<0x10000:
            output.append(UInt8(0xe0 | scalar >> 12))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3f))
            output.append(UInt8(0x80 | scalar & 0x3f))
        default:
            output.append(UInt8(0xf0 | scalar >> 18 & 0x07))
            output.append(UInt8(0x80 | scalar >> 12 & 0x3f))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3f))
            output.append(UInt8(0x80 | scalar & 0x3f))
        }
    }

    private static func codeUnit(in raw: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
        guard index + 4 <= raw.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = hexValue(raw[index + offset]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
