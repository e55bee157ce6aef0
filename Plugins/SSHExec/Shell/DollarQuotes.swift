/// The escapes of `$'…'`, as bash has them.
enum DollarQuotes {
    static func unescape(_ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < content.count {
            let byte = content[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < content.count else {
                result.append(byte)
                continue
            }
            let escape = content[index]
            index += 1
            switch escape {
            case UInt8(ascii: "x"):
                result.append(UInt8(truncatingIfNeeded: number(content, &index, radix: 16, digits: 2)))
            case UInt8(ascii: "u"): append(number(content, &index, radix: 16, digits: 4), to: &result)
            case UInt8(ascii: "U"): append(number(content, &index, radix: 16, digits: 8), to: &result)
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                index -= 1
                result.append(UInt8(truncatingIfNeeded: number(content, &index, radix: 8, digits: 3)))
            case UInt8(ascii: "c"):
                if index < content.count {
                    result.append(content[index] & 0x1F)
                    index += 1
                }
            default: result.append(simple[escape] ?? escape)
            }
        }
        return result
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "e"): 27, UInt8(ascii: "E"): 27,
        UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        UInt8(ascii: "v"): 11,
    ]

    private static func number(_ content: [UInt8], _ index: inout Int, radix: UInt32, digits: Int) -> UInt32 {
        var value: UInt32 = 0
        let end = min(content.count, index + digits)
        while index < end, let digit = Character(Unicode.Scalar(content[index])).hexDigitValue, digit < Int(radix) {
            value = value &* radix &+ UInt32(digit)
            index += 1
        }
        return value
    }

    private static func append(_ number: UInt32, to result: inout [UInt8]) {
        result += Array(String(Unicode.Scalar(number).map(Character.init) ?? "\u{FFFD}").utf8)
    }
}
