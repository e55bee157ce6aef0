import NIOCore

/// Bytes that are no message of PostgreSQL's protocol (SQLSTATE 08P01).
struct ProtocolViolation: Error, Hashable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Reads the fields of one message's payload. Whatever the bytes are, it throws or gives a value.
struct MessageReader {
    private var payload: ByteBuffer
    private let message: StaticString

    init(_ payload: ByteBuffer, of message: StaticString) {
        self.payload = payload
        self.message = message
    }

    var remainingBytes: Int { payload.readableBytes }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(ProtocolViolation) -> Value
    {
        guard let value = payload.readInteger(as: Value.self) else { throw tooShort }
        return value
    }

    /// A string that ends with a zero byte.
    mutating func string() throws(ProtocolViolation) -> String {
        let bytes = try stringBytes()
        guard let text = bytes.validText else {
            throw ProtocolViolation("\(message): a name that is not UTF-8")
        }
        return text
    }

    /// The name of a prepared statement or portal, of at most 63 bytes of ASCII.
    ///
    /// The server cuts longer ones, and takes the bytes of others for another name after a change of the encoding.
    mutating func name() throws(ProtocolViolation) -> String {
        let name = try string()
        guard name.utf8.count <= 63, name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw ProtocolViolation("\(message): a name that is longer than 63 bytes or not ASCII")
        }
        return name
    }

    /// The same, undecoded and without its end.
    mutating func stringBytes() throws(ProtocolViolation) -> ByteBuffer {
        guard let end = payload.readableBytesView.firstIndex(of: 0),
            let bytes = payload.readSlice(length: end - payload.readerIndex)
        else { throw ProtocolViolation("\(message): a string without its end") }
        payload.moveReaderIndex(forwardBy: 1)
        return bytes
    }

    /// A value with its length before it; `nil` for NULL, whose length is -1.
    mutating func value() throws(ProtocolViolation) -> ByteBuffer? {
        let length = try integer(Int32.self)
        if length == -1 { return nil }
        guard length >= 0, let bytes = payload.readSlice(length: Int(length)) else { throw tooShort }
        return bytes
    }

    /// A count of things of at least `size` bytes each, so that no claim makes memory.
    mutating func count(ofAtLeast size: Int) throws(ProtocolViolation) -> Int {
        let count = Int(try integer(UInt16.self))
        guard count * size <= payload.readableBytes else { throw tooShort }
        return count
    }

    func end() throws(ProtocolViolation) {
        guard payload.readableBytes == 0 else {
            throw ProtocolViolation("\(message): \(payload.readableBytes) bytes too many")
        }
    }

    private var tooShort: ProtocolViolation { ProtocolViolation("\(message): it ends too early") }
}

extension ByteBuffer {
    /// What is readable as text; `nil` where that is not UTF-8.
    var validText: String? {
        withUnsafeReadableBytes { bytes in
            // Of ASCII, which most names and statements are, nothing has to be asked of the general way.
            if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
            return String(validating: bytes, as: UTF8.self)
        }
    }

    /// Adds what has arrived to what is left of before. What was read makes room, so that a stream whose end is never
    /// the end of a message does not grow the buffer.
    mutating func join(_ arrived: ByteBuffer) {
        if readableBytes == 0 {
            self = arrived
        } else {
            if readerIndex > readableBytes { discardReadBytes() }
            writeImmutableBuffer(arrived)
        }
    }

    /// Writes a whole message; `body` writes its payload.
    mutating func writeMessage(_ code: UInt8, _ body: (inout ByteBuffer) -> Void) {
        writeInteger(code)
        let start = writerIndex
        writeInteger(Int32(0))
        body(&self)
        setInteger(Int32(writerIndex - start), at: start)
    }

    /// Writes a string and the zero byte that ends it. A zero within would end it too early, so that it ends there.
    mutating func writeProtocolString(_ text: String) {
        writeString(String(text.prefix { $0 != "\0" }))
        writeInteger(UInt8(0))
    }
}
