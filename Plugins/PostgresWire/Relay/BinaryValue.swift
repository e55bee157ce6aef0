import NIOCore

/// Values in PostgreSQL's binary form (each type's `send` function), as far as a record can show them as text.
enum BinaryValue {
    static let bool: UInt32 = 16
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23

    /// `nil` for a type that is not among those read here, and for bytes that are no value of it.
    static func text(of value: ByteBuffer, type: UInt32) -> String? {
        let count = value.readableBytes
        let start = value.readerIndex
        switch type {
        case bool where count == 1: return value.getInteger(at: start, as: UInt8.self) == 0 ? "false" : "true"
        case int2 where count == 2: return value.getInteger(at: start, as: Int16.self).map(String.init)
        case int4 where count == 4: return value.getInteger(at: start, as: Int32.self).map(String.init)
        case int8 where count == 8: return value.getInteger(at: start, as: Int64.self).map(String.init)
        // oid
        case 26 where count == 4: return value.getInteger(at: start, as: UInt32.self).map(String.init)
        case 700 where count == 4:
            return value.getInteger(at: start, as: UInt32.self).map { "\(Float(bitPattern: $0))" }
        case 701 where count == 8:
            return value.getInteger(at: start, as: UInt64.self).map { "\(Double(bitPattern: $0))" }
        // text, varchar, bpchar, name, json, xml, unknown
        case 25, 1043, 1042, 19, 114, 142, 705: return value.validText
        // jsonb: its version before the text
        case 3802 where value.getInteger(at: start, as: UInt8.self) == 1:
            return String(validating: value.readableBytesView.dropFirst(), as: UTF8.self)
        case 2950 where count == 16: return uuid(value)
        default: return nil
        }
    }

    private static func uuid(_ value: ByteBuffer) -> String {
        var text = ""
        for (index, byte) in value.readableBytesView.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return text
    }
}
