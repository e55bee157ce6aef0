import NIOCore

// The data types of RFC 4251, section 5.
extension ByteBuffer {
    /// `string`: its bytes, without copying them. `nil` when it does not end within the buffer.
    mutating func readSSHString() -> ByteBuffer? {
        readLengthPrefixedSlice(as: UInt32.self)
    }

    /// A `string` that holds text.
    mutating func readSSHText() -> String? {
        readSSHString().map { String(buffer: $0) }
    }

    mutating func readSSHBool() -> Bool? {
        readInteger(as: UInt8.self).map { $0 != 0 }
    }

    /// `name-list`: names, none of them empty.
    mutating func readSSHNameList() -> [String]? {
        readSSHText().map { $0.split(separator: ",").map(String.init) }
    }

    mutating func writeSSHString(_ bytes: some Collection<UInt8>) {
        writeInteger(UInt32(bytes.count))
        writeBytes(bytes)
    }

    mutating func writeSSHString(_ buffer: ByteBuffer) {
        writeInteger(UInt32(buffer.readableBytes))
        writeImmutableBuffer(buffer)
    }

    mutating func writeSSHText(_ text: String) { writeSSHString(text.utf8) }

    mutating func writeSSHBool(_ value: Bool) { writeInteger(UInt8(value ? 1 : 0)) }

    mutating func writeSSHNameList(_ names: [String]) { writeSSHText(names.joined(separator: ",")) }

    /// `mpint` of a number that is not negative, as big-endian bytes.
    mutating func writeSSHMPInt(_ magnitude: some Collection<UInt8>) {
        let digits = magnitude.drop { $0 == 0 }
        let needsSign = digits.first.map { $0 >= 0x80 } ?? false
        writeInteger(UInt32(digits.count + (needsSign ? 1 : 0)))
        if needsSign { writeInteger(UInt8(0)) }
        writeBytes(digits)
    }
}
