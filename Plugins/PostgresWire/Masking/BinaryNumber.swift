import NIOCore

/// Numbers in PostgreSQL's binary form, and back.
enum BinaryNumber {
    /// A big-endian whole number of 2, 4 or 8 bytes.
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        switch bytes.count {
        case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        default: nil
        }
    }

    static func write(_ value: Int64, size: Int, into output: inout ByteBuffer) {
        switch size {
        case 2: output.writeInteger(Int16(truncatingIfNeeded: value))
        case 4: output.writeInteger(Int32(truncatingIfNeeded: value))
        default: output.writeInteger(value)
        }
    }

    static func fits(_ value: Int64, in size: Int) -> Bool {
        switch size {
        case 2: Int16(exactly: value) != nil
        case 4: Int32(exactly: value) != nil
        default: true
        }
    }

    static func float(_ bytes: UnsafeRawBufferPointer) -> Double? {
        switch bytes.count {
        case 4: Double(Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
        case 8: Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
        default: nil
        }
    }

    /// The digits of a `numeric` (`numeric_send`: groups of four decimal digits); `nil` for what is none, and for NaN
    /// and the infinities.
    static func numeric(_ bytes: UnsafeRawBufferPointer) -> String? {
        func word(_ index: Int) -> Int {
            Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self)))
        }
        guard bytes.count >= 8, bytes.count == 8 + 2 * word(0) else { return nil }
        let (count, weight, sign, scale) = (word(0), word(1), UInt16(truncatingIfNeeded: word(2)), word(3))
        guard sign == 0 || sign == 0x4000 else { return nil }
        guard (-1...64).contains(weight) else { return nil }
        func group(_ index: Int) -> String {
            let digits = String(index >= 0 && index < count ? word(4 + index) : 0)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
        var whole = weight < 0 ? "" : (0...weight).map(group).joined()
        whole = String(whole.drop { $0 == "0" })
        var text = (sign == 0 ? "" : "-") + (whole.isEmpty ? "0" : whole)
        if scale > 0 {
            let groups = (scale + 3) / 4
            text += "." + (0..<groups).map { group(weight + 1 + $0) }.joined().prefix(scale)
        }
        return text
    }
}
