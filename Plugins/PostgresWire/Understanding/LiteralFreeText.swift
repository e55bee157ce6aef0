/// A statement's text with its literals taken out: what two statements that differ in nothing else have in common.
///
/// It is a cache's key and no parser: it is made only of texts so plain that there is one way to read them, without
/// comments, quoted names, dollar quotes, backslashes and prefixed strings. All others have no key.
enum LiteralFreeText {
    static func key(of text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes in key(of: UnsafeRawBufferPointer(bytes)) }
    }

    private static func key(of bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count <= 4096 else { return nil }
        var isPlain = true
        let key = String(unsafeUninitializedCapacity: bytes.count) { out in
            var length = 0
            func put(_ byte: UInt8) {
                out[length] = byte
                length += 1
            }
            var index = 0
            // The byte before, where it can belong to a name.
            var isInName = false
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "'"):
                    // A prefix (E'', U&'', B'', X'', N'') would change how the rest is read.
                    guard !isInName, index == 0 || bytes[index - 1] != UInt8(ascii: "&") else {
                        isPlain = false
                        return 0
                    }
                    index += 1
                    while true {
                        guard index < bytes.count, bytes[index] != UInt8(ascii: "\\") else {
                            isPlain = false
                            return 0
                        }
                        if bytes[index] == UInt8(ascii: "'") {
                            index += 1
                            // Two quotes are one within; anything else has ended the string.
                            guard index < bytes.count, bytes[index] == UInt8(ascii: "'") else { break }
                        }
                        index += 1
                    }
                    put(UInt8(ascii: "'"))
                    put(UInt8(ascii: "'"))
                    isInName = false
                    continue
                case UInt8(ascii: "0")...UInt8(ascii: "9") where !isInName:
                    var end = index
                    while end < bytes.count, bytes[end] &- UInt8(ascii: "0") < 10 { end += 1 }
                    // Fractions, exponents and whatever sticks to a number are left to the parser.
                    if end < bytes.count, bytes[end] == UInt8(ascii: ".") || isNameByte(bytes[end]) {
                        isPlain = false
                        return 0
                    }
                    guard index == 0 || bytes[index - 1] != UInt8(ascii: ".") else {
                        isPlain = false
                        return 0
                    }
                    put(UInt8(ascii: "0"))
                    index = end
                    continue
                case UInt8(ascii: "$"):
                    // `$1` stays; a dollar quote does not.
                    guard !isInName, index + 1 < bytes.count, bytes[index + 1] &- UInt8(ascii: "1") < 9 else {
                        isPlain = false
                        return 0
                    }
                    put(byte)
                    index += 1
                    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 {
                        put(bytes[index])
                        index += 1
                    }
                    continue
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0: isPlain = false
                case UInt8(ascii: "-") where index + 1 < bytes.count && bytes[index + 1] == byte: isPlain = false
                case UInt8(ascii: "/") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "*"):
                    isPlain = false
                default: break
                }
                guard isPlain else { return 0 }
                put(byte)
                isInName = isNameByte(byte)
                index += 1
            }
            return length
        }
        return isPlain ? key : nil
    }

    /// The literals that `key` takes out, in bytes, of a text that has a key.
    static func literals(in text: String) -> [Range<Int>] {
        var text = text
        return text.withUTF8 { bytes in
            var found: [Range<Int>] = []
            var index = 0
            var isInName = false
            while index < bytes.count {
                let start = index
                switch bytes[index] {
                case UInt8(ascii: "'"):
                    repeat {
                        index += 1
                        while index < bytes.count, bytes[index] != UInt8(ascii: "'") { index += 1 }
                        index += 1
                    } while index < bytes.count && bytes[index] == UInt8(ascii: "'")
                    found.append(start..<min(index, bytes.count))
                    isInName = false
                case UInt8(ascii: "0")...UInt8(ascii: "9") where !isInName:
                    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
                    found.append(start..<index)
                case UInt8(ascii: "$"):
                    index += 1
                    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
                default:
                    isInName = isNameByte(bytes[index])
                    index += 1
                }
            }
            return found
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "$") || byte >= 0x80
    }
}
