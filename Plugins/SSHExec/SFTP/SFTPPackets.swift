import NIOCore

/// Cuts one direction's bytes into whole packets.
///
/// A packet is given as a slice of the bytes that came, its length field included, so that it can be passed on as it
/// is. Bytes are copied only where a packet lies across two arrivals.
struct SFTPPackets {
    private let party: SFTPViolation.Party
    private let maximumPacket: Int
    private var bytes = ByteBuffer()

    init(from party: SFTPViolation.Party, maximumPacket: Int) {
        self.party = party
        self.maximumPacket = maximumPacket
    }

    var heldBytes: Int { bytes.readableBytes }

    mutating func append(_ more: ByteBuffer) {
        guard bytes.readableBytes > 0 else {
            bytes = more
            return
        }
        if bytes.readerIndex > 0 {
            // What was read before is let go; else a stream that never ends on a packet's border would grow for ever.
            var rest = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + more.readableBytes)
            rest.writeImmutableBuffer(bytes)
            bytes = rest
        }
        bytes.writeImmutableBuffer(more)
    }

    /// The next whole packet; `nil` when more bytes are needed.
    mutating func next() throws(SFTPViolation) -> ByteBuffer? {
        guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { return nil }
        // The shortest packet is a type and a number.
        guard length >= 5 else { throw SFTPViolation(party, "a packet of \(length) bytes; the shortest has 5") }
        guard Int(length) <= maximumPacket else {
            throw SFTPViolation(party, "a packet of \(length) bytes; the longest may have \(maximumPacket)")
        }
        guard let packet = bytes.readSlice(length: 4 + Int(length)) else { return nil }
        if bytes.readableBytes == 0 { bytes = ByteBuffer() }
        return packet
    }

    mutating func drop() { bytes = ByteBuffer() }
}
