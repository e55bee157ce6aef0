import NIOCore

/// One message as it arrived: a byte of type, four bytes of length, the payload.
struct Frame {
    /// The code of the message (PostgreSQL documentation, section 55.7).
    let type: UInt8
    /// All of it, to be sent on as it is.
    let bytes: ByteBuffer

    static let headerLength = 5

    var payload: ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + Self.headerLength, length: bytes.readableBytes - Self.headerLength)
            ?? ByteBuffer()
    }
}

/// What a caller sends, cut into messages. Rows of a COPY and what is too long pass in pieces, everything else is held
/// until it is whole.
struct CallerInput {
    enum Item {
        case message(Frame)
        /// Bytes of CopyData messages, cut anywhere, headers included.
        case copyData(ByteBuffer)
        /// Bytes of a message that exceeds the limit of its type, cut anywhere, its header included.
        case long(LongPiece)
    }

    struct LongPiece {
        let type: UInt8
        let bytes: ByteBuffer
        /// Of the whole message.
        let total: Int
        let isLast: Bool
    }

    /// The longest statement text, in bytes.
    let statementLimit: Int
    /// The longest of all other messages, in bytes.
    let messageLimit: Int
    private var buffer = ByteBuffer()
    /// Bytes of the CopyData message that has begun which are still to come.
    private var copyRemaining = 0
    /// Of a message that is too long, the bytes that are still to come.
    private var excess: (type: UInt8, total: Int, remaining: Int)?

    init(statementLimit: Int, messageLimit: Int) {
        self.statementLimit = statementLimit
        self.messageLimit = messageLimit
    }

    var bufferedBytes: Int { buffer.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        buffer.join(bytes)
    }

    /// The next message, or `nil` until more arrives.
    ///
    /// - Parameter passesCopyData: Whether CopyData may leave before it is whole.
    /// - Throws: `ProtocolViolation` on a length that no such message has, before anything of it is held.
    mutating func next(passesCopyData: Bool) throws(ProtocolViolation) -> Item? {
        if let excess { return piece(of: excess.type, excess.total, excess.remaining) }
        if copyRemaining > 0 {
            guard let piece = buffer.readSlice(length: min(copyRemaining, buffer.readableBytes)),
                piece.readableBytes > 0
            else { return nil }
            copyRemaining -= piece.readableBytes
            return .copyData(piece)
        }
        guard let (type, length, isTooLong) = try header() else { return nil }
        let total = length + 1
        if type == MessageCode.copyData, passesCopyData {
            let piece = buffer.readSlice(length: min(total, buffer.readableBytes)) ?? ByteBuffer()
            copyRemaining = total - piece.readableBytes
            return .copyData(piece)
        }
        if isTooLong { return piece(of: type, total, total) }
        guard let bytes = buffer.readSlice(length: total) else {
            // Room for the whole at once, so that a long message is not moved at each piece.
            if buffer.readableBytes > 0 { buffer.reserveCapacity(minimumWritableBytes: total - buffer.readableBytes) }
            return nil
        }
        return .message(Frame(type: type, bytes: bytes))
    }

    private mutating func piece(of type: UInt8, _ total: Int, _ remaining: Int) -> Item? {
        guard buffer.readableBytes > 0, let bytes = buffer.readSlice(length: min(remaining, buffer.readableBytes))
        else { return nil }
        let rest = remaining - bytes.readableBytes
        excess = rest > 0 ? (type, total, rest) : nil
        return .long(LongPiece(type: type, bytes: bytes, total: total, isLast: rest == 0))
    }

    /// The type of the next message, its length without the type's byte, and whether it exceeds the limit of its type.
    private func header() throws(ProtocolViolation) -> (type: UInt8, length: Int, isTooLong: Bool)? {
        guard let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard let (limit, longest) = bounds(type) else {
            throw ProtocolViolation("invalid frontend message type \(type)")
        }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: Int32.self) else { return nil }
        guard length >= 4, Int(length) - 4 <= longest else {
            throw ProtocolViolation("invalid message length \(length) of message type \(type)")
        }
        return (type, Int(length), Int(length) - 4 > limit)
    }

    /// What PostgreSQL itself takes of queries and values.
    private static let longest = 0x3fff_fffe

    /// The longest payload of a message of this type that is held, and the longest that there is; `nil` where a frontend
    /// sends no such message.
    private func bounds(_ type: UInt8) -> (limit: Int, longest: Int)? {
        switch type {
        case MessageCode.query, MessageCode.parse: (statementLimit, Self.longest)
        case MessageCode.bind, MessageCode.functionCall, MessageCode.copyData: (messageLimit, Self.longest)
        case MessageCode.describe, MessageCode.execute, MessageCode.close, MessageCode.copyFail: (65_536, 65_536)
        case MessageCode.sync, MessageCode.flush, MessageCode.terminate, MessageCode.copyDone: (0, 0)
        default: nil
        }
    }
}
