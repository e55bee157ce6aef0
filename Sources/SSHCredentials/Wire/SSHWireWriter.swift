/// Writes bytes in the data representation of RFC 4251, section 5.
public struct SSHWireWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func append(_ raw: some Collection<UInt8>) { bytes += raw }

    public mutating func byte(_ value: UInt8) { bytes.append(value) }

    public mutating func uint32(_ value: UInt32) { bigEndian(value) }

    public mutating func uint64(_ value: UInt64) { bigEndian(value) }

    public mutating func string(_ content: some Collection<UInt8>) {
        uint32(UInt32(content.count))
        bytes += content
    }

    public mutating func text(_ content: String) { string(content.utf8) }

    public mutating func nameList(_ names: [String]) { text(names.joined(separator: ",")) }

    /// `mpint` of a number that is not negative, given by its bytes, the highest first.
    public mutating func unsignedInteger(_ magnitude: some Collection<UInt8>) {
        let digits = magnitude.drop { $0 == 0 }
        let sign: [UInt8] = (digits.first ?? 0) >= 0x80 ? [0] : []
        string(sign + digits)
    }

    private mutating func bigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }
}
