import NIOCore

extension ByteBuffer {
    /// Writes one header line. Line breaks and NUL in a value would make lines of their own, so they become spaces.
    mutating func writeField(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        if value.utf8.allSatisfy(\.isFieldValueCharacter) {
            writeString(value)
        } else {
            writeBytes(value.utf8.map { $0.isFieldValueCharacter ? $0 : 0x20 })
        }
        writeStaticString("\r\n")
    }

    /// Writes one header line that was parsed, byte for byte.
    @inline(__always)
    mutating func writeField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        writeBytes(name)
        writeStaticString(": ")
        writeBytes(value)
        writeStaticString("\r\n")
    }

    /// Writes `number` in decimal.
    mutating func writeDecimal(_ number: Int) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { digits in
            var rest = number.magnitude
            var position = digits.count
            repeat {
                position -= 1
                digits[position] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
                rest /= 10
            } while rest > 0
            writeBytes(UnsafeRawBufferPointer(rebasing: digits[position...]))
        }
    }
}
