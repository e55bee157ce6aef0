import NIOCore

/// Takes packets apart into messages (RFC 4253, section 6).
struct PacketReceiver {
    /// OpenSSH's bound too; RFC 4253 wants 35,000 to be read.
    static let longestPacket: UInt32 = 256 * 1024

    private var protection = PacketProtection.none
    /// Of the packet that comes next.
    private(set) var sequence: UInt32 = 0
    private var nextLength: Int?
    private(set) var volume = KeyVolume()

    /// The next message, once all of its packet is in `buffer`.
    mutating func receive(from buffer: inout ByteBuffer) throws(TransportError) -> ByteBuffer? {
        if nextLength == nil {
            guard let length = try protection.length(of: buffer) else { return nil }
            let covered = protection.padsLength ? length &+ 4 : length
            guard length >= 5, length <= Self.longestPacket, Int(covered) % protection.blockSize == 0 else {
                throw .violation("A packet's length is not possible.")
            }
            nextLength = Int(length)
        }
        guard let length = nextLength, buffer.readableBytes >= 4 + length + protection.tagLength else { return nil }
        nextLength = nil
        var packet = try protection.open(&buffer, length: length, sequence: sequence)
        sequence &+= 1
        volume.add(length)
        guard let padding = packet.readInteger(as: UInt8.self), padding >= 4,
            let message = packet.readSlice(length: packet.readableBytes - Int(padding)), message.readableBytes > 0
        else { throw .violation("A packet's padding is not possible.") }
        return message
    }

    /// From the next packet on.
    mutating func take(_ new: PacketProtection, resettingSequence: Bool) {
        protection = new
        volume = KeyVolume()
        if resettingSequence { sequence = 0 }
    }
}
