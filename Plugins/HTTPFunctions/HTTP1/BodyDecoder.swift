import NIOCore

/// Takes a message's body out of the bytes that arrive (RFC 9112 section 6 and 7).
///
/// What it hands out are slices of what it was given. Trailers are checked and dropped: nothing that a gateway has
/// decided on may depend on what comes after the body.
struct BodyDecoder {
    enum Event: Equatable {
        case data(ByteBuffer)
        /// The body is whole. Bytes after it, left in the buffer, belong to the next message.
        case end
        case needsMore
    }

    private enum State {
        case length(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers
        case untilClose
        case done
    }

    /// A chunk's size line with its extensions.
    static let chunkLineLimit = 256
    /// All extensions and trailers of one body.
    static let overheadLimit = 8192

    private var state: State
    private var overhead = 0
    private var scanner = HeadScanner()

    init(_ framing: BodyFraming) {
        state =
            switch framing {
            case .none, .length(0): .done
            case .length(let length): .length(remaining: length)
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    var isDone: Bool { if case .done = state { true } else { false } }

    /// Takes what can be taken from the front of `buffer`. Call it until it says `needsMore` or `end`.
    mutating func next(_ buffer: inout ByteBuffer) throws(MessageError) -> Event {
        while true {
            switch state {
            case .done: return .end
            case .length(let remaining):
                guard let data = buffer.readSlice(length: min(remaining, buffer.readableBytes)),
                    data.readableBytes > 0
                else { return .needsMore }
                let left = remaining - data.readableBytes
                state = left == 0 ? .done : .length(remaining: left)
                return .data(data)
            case .untilClose:
                guard let data = buffer.readSlice(length: buffer.readableBytes), data.readableBytes > 0 else {
                    return .needsMore
                }
                return .data(data)
            case .chunkSize:
                guard let size = try readChunkSize(&buffer) else { return .needsMore }
                state = size == 0 ? .trailers : .chunkData(remaining: size)
            case .chunkData(let remaining):
                guard let data = buffer.readSlice(length: min(remaining, buffer.readableBytes)),
                    data.readableBytes > 0
                else { return .needsMore }
                let left = remaining - data.readableBytes
                state = left == 0 ? .chunkEnd : .chunkData(remaining: left)
                return .data(data)
            case .chunkEnd:
                guard buffer.readableBytes >= 2 else {
                    if buffer.readableBytes == 1, buffer.getInteger(at: buffer.readerIndex) != UInt8(0x0d) {
                        throw .invalidChunk
                    }
                    return .needsMore
                }
                guard buffer.readInteger(as: UInt16.self) == 0x0d0a else { throw .invalidChunk }
                state = .chunkSize
            case .trailers:
                guard try readTrailers(&buffer) else { return .needsMore }
                state = .done
            }
        }
    }

    /// The peer has closed.
    ///
    /// - Throws: `.truncated` unless that ends the body.
    mutating func close() throws(MessageError) {
        switch state {
        case .done, .untilClose: state = .done
        default: throw .truncated
        }
    }

    private mutating func readChunkSize(_ buffer: inout ByteBuffer) throws(MessageError) -> Int? {
        let parsed: Result<(length: Int, size: Int)?, MessageError> = buffer.withUnsafeReadableBytes { bytes in
            var size = 0
            var position = 0
            while position < bytes.count, let digit = bytes[position].hexValue {
                // 15 digits cannot overflow; real sizes have far fewer.
                guard position < 15 else { return .failure(.invalidChunk) }
                size = size << 4 | Int(digit)
                position += 1
            }
            guard position < bytes.count else { return .success(nil) }
            guard position > 0 else { return .failure(.invalidChunk) }
            if bytes[position] == UInt8(ascii: ";") {
                while position < bytes.count, bytes[position].isFieldValueCharacter {
                    position += 1
                    guard position < Self.chunkLineLimit else { return .failure(.chunkLineTooLong) }
                }
                guard position < bytes.count else { return .success(nil) }
            }
            guard bytes[position] == 0x0d else { return .failure(.invalidChunk) }
            guard position + 1 < bytes.count else { return .success(nil) }
            guard bytes[position + 1] == 0x0a else { return .failure(.invalidChunk) }
            return .success((position + 2, size))
        }
        guard let (length, size) = try parsed.get() else { return nil }
        buffer.moveReaderIndex(forwardBy: length)
        // A size line of up to 18 bytes is no overhead: tiny chunks are legal, long extensions on each are an attack.
        overhead += max(0, length - 18)
        guard overhead <= Self.overheadLimit else { throw .chunkLineTooLong }
        return size
    }

    private mutating func readTrailers(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        guard let length = try scanner.end(in: buffer, limit: Self.overheadLimit, tooLong: .chunkLineTooLong) else {
            return false
        }
        let checked: Result<Void, MessageError> = buffer.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                _ = try FieldParser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<length]), from: 0, to: length - 2)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try checked.get()
        buffer.moveReaderIndex(forwardBy: length)
        return true
    }
}
