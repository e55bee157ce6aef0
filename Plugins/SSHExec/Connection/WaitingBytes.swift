import NIOCore

/// Bytes that wait, in order.
///
/// Small pieces are put together: each by itself would hold on to the memory of the packet that it came in, and whoever
/// sends single bytes could have some hundred times as much kept as its window allows.
struct WaitingBytes {
    /// What is put together is at most this long, as is the data of one message.
    private static let longestJoined = Int(SSHChannel.longestPayload)
    /// From this length on a piece is kept as it is, without a copy.
    private static let shortestKept = 4 * 1024

    private var pieces = CircularBuffer<ByteBuffer>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        count += bytes.readableBytes
        // What was read off the last one before counts too: its memory is not given back.
        guard bytes.readableBytes < Self.shortestKept, let last = pieces.last?.writerIndex,
            last + bytes.readableBytes <= Self.longestJoined
        else { return pieces.append(bytes) }
        var joined = pieces.removeLast()
        joined.writeImmutableBuffer(bytes)
        pieces.append(joined)
    }

    /// Takes the first bytes, not necessarily as many as there are.
    mutating func read(atMost limit: Int) -> ByteBuffer? {
        guard limit > 0, var first = pieces.popFirst() else { return nil }
        guard first.readableBytes > limit, let piece = first.readSlice(length: limit) else {
            count -= first.readableBytes
            return first
        }
        count -= limit
        pieces.prepend(first)
        return piece
    }
}
