/// One masked value in the clear, or a part of a long one, as it is handed over to be sealed.
///
/// A chunk has them one behind the other. The numbers of a record are in LEB128 (unsigned, seven bits a byte, the least
/// significant first, the highest bit set in all bytes but the last):
///
///     number    of its field in the chunk's `fields`
///     row       of a table's result, counted from 1; elsewhere the number of the value in the answer
///     length    of what follows in bytes, times two; one more where the value goes on in the next record
///     …         the value
///
/// A value that goes on may go on in the next chunk, under another number of the same field and row.
public struct OriginalsRecord {
    /// The number of its field.
    public let field: UInt64
    public let row: UInt64
    /// Only there as long as the bytes that it was read from.
    public let value: UnsafeRawBufferPointer
    /// The value goes on in the next record of the same field and row.
    public let continues: Bool

    /// Bytes before the value: a field below 2^14, any row, and the length of a piece.
    static let longestHead = 2 + 10 + 3

    /// Reads the record at `index`, which moves on behind it.
    ///
    /// - Returns: `nil` where there is none: the bytes end within it, or a number has more than 64 bits.
    public init?(in bytes: UnsafeRawBufferPointer, at index: inout Int) {
        guard let field = Self.number(in: bytes, at: &index), let row = Self.number(in: bytes, at: &index),
            let length = Self.number(in: bytes, at: &index), length >> 1 <= UInt64(bytes.count - index)
        else { return nil }
        let end = index + Int(length >> 1)
        self.field = field
        self.row = row
        value = UnsafeRawBufferPointer(rebasing: bytes[index..<end])
        continues = length & 1 == 1
        index = end
    }

    private static func number(in bytes: UnsafeRawBufferPointer, at index: inout Int) -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            let bits = UInt64(byte & 0x7f)
            guard shift < 63 || (shift == 63 && bits <= 1) else { return nil }
            number |= bits << shift
            if byte & 0x80 == 0 { return number }
            shift += 7
        }
        return nil
    }

    /// Writes a record at `start`, where there is room for the longest head and the value.
    ///
    /// - Returns: Where it ends.
    @inline(__always)
    static func write(
        _ value: UnsafeRawBufferPointer, field: UInt16, row: UInt64, continues: Bool, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var place = start
        store(UInt64(field), at: &place)
        store(row, at: &place)
        store(UInt64(value.count) << 1 | (continues ? 1 : 0), at: &place)
        if let source = value.baseAddress { place.copyMemory(from: source, byteCount: value.count) }
        return place + value.count
    }

    @inline(__always)
    private static func store(_ number: UInt64, at place: inout UnsafeMutableRawPointer) {
        var rest = number
        while rest > 0x7f {
            place.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
            place += 1
            rest >>= 7
        }
        place.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        place += 1
    }
}
