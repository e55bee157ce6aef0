/// Why bytes are not what RFC 4251, section 5 lets them be.
public enum SSHWireError: Error, Sendable, Equatable, CustomStringConvertible {
    case truncated(wanted: Int, left: Int)
    case tooLong(length: Int, limit: Int)
    case notText
    case emptyName
    case negativeInteger
    case paddedInteger
    case trailingBytes(Int)

    public var description: String {
        switch self {
        case .truncated(let wanted, let left): "it ends too early: \(wanted) bytes are announced, \(left) are left"
        case .tooLong(let length, let limit): "it is \(length) bytes long; at most \(limit) are read"
        case .notText: "it is not text in UTF-8, or holds a zero byte"
        case .emptyName: "a list of names holds an empty name, or one that is not printable ASCII"
        case .negativeInteger: "a number is negative"
        case .paddedInteger: "a number has more leading bytes than it needs"
        case .trailingBytes(let count): "\(count) bytes follow the end"
        }
    }
}

/// A cursor over bytes in the data representation of RFC 4251, section 5.
///
/// Nothing is read past the end, whatever length the bytes announce, and no length is added to another before it has
/// been compared with what is left.
public struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    public init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// How many bytes have not been read.
    public var left: Int { rest.count }

    public var isAtEnd: Bool { rest.isEmpty }

    public mutating func bytes(_ count: Int) throws(SSHWireError) -> [UInt8] {
        guard count >= 0, count <= rest.count else { throw .truncated(wanted: count, left: rest.count) }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    public mutating func byte() throws(SSHWireError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .truncated(wanted: 1, left: 0) }
        return byte
    }

    public mutating func uint32() throws(SSHWireError) -> UInt32 {
        try bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    public mutating func uint64() throws(SSHWireError) -> UInt64 {
        try bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// `string`: a length and that many bytes.
    public mutating func string(limit: Int = .max) throws(SSHWireError) -> [UInt8] {
        let length = Int(try uint32())
        guard length <= limit else { throw .tooLong(length: length, limit: limit) }
        return try bytes(length)
    }

    /// A `string` that holds text. A zero byte is refused: programs in C would see only what stands before it.
    public mutating func text(limit: Int = .max) throws(SSHWireError) -> String {
        let bytes = try string(limit: limit)
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        return text
    }

    /// `name-list`: names of printable ASCII with commas between, none of them empty.
    public mutating func nameList(limit: Int = .max) throws(SSHWireError) -> [String] {
        let bytes = try string(limit: limit)
        if bytes.isEmpty { return [] }
        var names: [String] = []
        for name in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard !name.isEmpty, name.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .emptyName }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }

    /// `mpint` of a number that is not negative: its bytes, the highest first, without the byte that only keeps the sign.
    /// Leading bytes that are not needed are refused (they "MUST NOT be included"), so that one number has one form.
    public mutating func unsignedInteger(limit: Int = .max) throws(SSHWireError) -> [UInt8] {
        let bytes = try string(limit: limit)
        guard let first = bytes.first else { return [] }
        guard first < 0x80 else { throw .negativeInteger }
        guard first == 0 else { return bytes }
        guard bytes.count > 1, bytes[1] >= 0x80 else { throw .paddedInteger }
        return Array(bytes.dropFirst())
    }

    /// Says that everything must have been read.
    public func end() throws(SSHWireError) {
        guard rest.isEmpty else { throw .trailingBytes(rest.count) }
    }
}
