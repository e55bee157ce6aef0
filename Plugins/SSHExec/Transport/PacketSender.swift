import Identifiers
import NIOCore

/// Makes packets of messages (RFC 4253, section 6).
struct PacketSender {
    private var protection = PacketProtection.none
    private var sequence: UInt32 = 0
    private var random = BufferedRandomNumberGenerator()
    /// One packet's padding length, payload and padding, used again for each.
    private var packet = ByteBuffer()
    /// Since the keys were new.
    private(set) var volume = KeyVolume()

    /// Appends the packet of `message` to `out`.
    mutating func send(_ message: ByteBuffer, into out: inout ByteBuffer) throws(TransportError) {
        let block = protection.blockSize
        let covered = (protection.padsLength ? 5 : 1) + message.readableBytes
        var padding = block - covered % block
        if padding < 4 { padding += block }
        packet.clear()
        packet.writeInteger(UInt8(padding))
        packet.writeImmutableBuffer(message)
        packet.writePadding(padding, &random)
        try protection.seal(packet, sequence: sequence, into: &out)
        sequence &+= 1
        volume.add(packet.readableBytes)
    }

    /// From the next packet on.
    mutating func take(_ new: PacketProtection, resettingSequence: Bool) {
        protection = new
        volume = KeyVolume()
        if resettingSequence { sequence = 0 }
    }
}

/// How much one key has protected.
struct KeyVolume {
    private var packets: UInt64 = 0
    private var bytes: UInt64 = 0

    mutating func add(_ length: Int) {
        packets += 1
        bytes += UInt64(length)
    }

    /// RFC 4344, section 3: new keys before 2^31 packets, and before 2^32 blocks, here long before.
    var isSpent: Bool { packets >= 1 << 30 || bytes >= 1 << 34 }
}

extension ByteBuffer {
    fileprivate mutating func writePadding(_ count: Int, _ random: inout BufferedRandomNumberGenerator) {
        var left = count
        while left >= 8 {
            writeInteger(random.next())
            left -= 8
        }
        var last = random.next()
        for _ in 0..<left {
            writeInteger(UInt8(truncatingIfNeeded: last))
            last >>= 8
        }
    }
}
