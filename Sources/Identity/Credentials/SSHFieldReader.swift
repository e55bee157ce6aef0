/// Reads the fields of a key in SSH's wire form (RFC 4251 section 5).
struct SSHFieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// A `string`: four bytes of length, and that many bytes.
    ///
    /// - Parameter field: What is read, for the error.
    mutating func string(_ field: String) throws(SSHKeyError) -> ArraySlice<UInt8> {
        guard rest.count >= 4 else { throw .malformed("it ends before \(field)") }
        let length = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let count = Int(exactly: length), count <= rest.count - 4 else {
            throw .malformed("it ends within \(field)")
        }
        let content = rest.dropFirst(4).prefix(count)
        rest = rest.dropFirst(4 + count)
        return content
    }

    /// An `mpint` above zero. It has no leading byte that says nothing, so that each number has one form.
    mutating func positiveInteger(_ field: String) throws(SSHKeyError) -> PositiveInteger {
        let bytes = try string(field)
        guard let first = bytes.first else { throw .malformed("\(field) is zero") }
        guard first < 0x80 else { throw .malformed("\(field) is negative") }
        let magnitude = first == 0 ? bytes.dropFirst() : bytes
        guard let top = magnitude.first else { throw .malformed("\(field) is zero") }
        guard first != 0 || top >= 0x80 else { throw .malformed("\(field) has leading zeros") }
        return PositiveInteger(
            bitWidth: magnitude.count * 8 - top.leadingZeroBitCount, isOdd: (magnitude.last ?? 0) & 1 == 1)
    }

    /// What has to be known of a number here.
    struct PositiveInteger {
        let bitWidth: Int
        let isOdd: Bool
    }
}
