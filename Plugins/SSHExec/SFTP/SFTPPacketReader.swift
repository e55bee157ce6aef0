import NIOCore

/// A path, and where it stands in its packet, with its length.
struct SFTPPathField {
    let bytes: [UInt8]
    let place: Range<Int>
}

/// Reads one packet field by field; each length is checked against what is there.
struct SFTPPacketReader {
    let party: SFTPViolation.Party
    /// The type's number; `type` is `nil` where version 3 has no such type.
    let typeNumber: UInt8
    let type: SFTPPacketType?
    private var bytes: ByteBuffer
    private let size: Int

    /// - Parameter packet: a whole packet, its length field included.
    init(_ packet: ByteBuffer, from party: SFTPViolation.Party) throws(SFTPViolation) {
        self.party = party
        bytes = packet
        size = packet.readableBytes
        bytes.moveReaderIndex(forwardBy: min(4, packet.readableBytes))
        guard let number = bytes.readInteger(as: UInt8.self) else {
            throw SFTPViolation(party, "a packet without a type")
        }
        typeNumber = number
        type = SFTPPacketType(rawValue: number)
    }

    var remaining: Int { bytes.readableBytes }

    func violation(_ text: String) -> SFTPViolation {
        SFTPViolation(party, "\(type?.word ?? "packet type \(typeNumber)"): \(text)")
    }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(SFTPViolation) -> Value {
        guard let value = bytes.readInteger(as: Value.self) else { throw violation("it ends within a number") }
        return value
    }

    mutating func string() throws(SFTPViolation) -> ByteBuffer {
        let length = try integer(UInt32.self)
        guard let string = bytes.readSlice(length: Int(length)) else {
            throw violation("a string of \(length) bytes where \(remaining) are left")
        }
        return string
    }

    mutating func path() throws(SFTPViolation) -> SFTPPathField {
        let start = size - remaining
        let path = Array(try string().readableBytesView)
        // A host written in C would end the path there, and so act on another one than was decided.
        guard !path.contains(0) else { throw violation("a path with a zero byte") }
        return SFTPPathField(bytes: path, place: start..<(size - remaining))
    }

    mutating func handle() throws(SFTPViolation) -> [UInt8] {
        let handle = try string()
        // Section 6.2: a handle's length must not exceed 256.
        guard (1...256).contains(handle.readableBytes) else {
            throw violation("a handle of \(handle.readableBytes) bytes; it may have 1 to 256")
        }
        return Array(handle.readableBytesView)
    }

    /// A number of things that follow, each of at least so many bytes.
    mutating func count(ofAtLeast size: Int) throws(SFTPViolation) -> Int {
        let count = try integer(UInt32.self)
        guard Int(count) <= remaining / size else {
            throw violation("it announces \(count) entries, and holds \(remaining) bytes")
        }
        return Int(count)
    }

    /// A server's status. Servers that began with version 2 leave out the language tag, or the message too.
    mutating func status() throws(SFTPViolation) -> SFTPStatus {
        let code = SFTPStatusCode(rawValue: try integer())
        var message = ByteBuffer()
        if remaining > 0 { message = try string() }
        if remaining > 0 { _ = try string() }
        try end()
        return SFTPStatus(code: code, message: SFTPStatus.shortened(message.readableBytesView))
    }

    /// The whole message of a status, which has been checked before.
    mutating func statusText() throws(SFTPViolation) -> [UInt8] {
        _ = try integer(UInt32.self)
        return remaining > 0 ? Array(try string().readableBytesView) : []
    }

    func end() throws(SFTPViolation) {
        guard remaining == 0 else { throw violation("\(remaining) bytes too many") }
    }
}
