/// Quick looks at bytes, to spare most of them a scan.
enum TextForm {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// How many digits there are, and whether there is an `@`; eight bytes a step.
    @inline(__always)
    static func digitsAndAt(_ bytes: UnsafeRawBufferPointer) -> (digits: Int, hasAt: Bool) {
        var (digits, at) = (0, UInt64(0))
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let low = word & ~highBits
            digits &+= ((low &+ (ones &* 0x50)) & ~(low &+ (ones &* 0x46)) & ~word & highBits).nonzeroBitCount
            at |= ~((low ^ (ones &* 0x40)) &+ (ones &* 0x7f)) & ~word & highBits
            index &+= 8
        }
        while index < bytes.count {
            if bytes[index].isDigit { digits &+= 1 }
            if bytes[index] == UInt8(ascii: "@") { at = 1 }
            index &+= 1
        }
        return (digits, at != 0)
    }

    /// UTF-8 without control characters other than those of white space.
    static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes where byte < 0x20 && !(0x09...0x0d ~= byte) || byte == 0x7f { return false }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}

extension CellMasker {
    /// Whether bytes of an unknown form can be taken for text, so that detectors may look at them and conclude something.
    public static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool { TextForm.isText(bytes) }
}
