import CPlatform

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step: by the processor's instruction where it has one.
///
/// It finds a torn or rotten journal record. It is no protection against a person who changes records: that is the
/// tree's work.
final class CRC32C: Sendable {
    static let shared = CRC32C()

    /// Eight tables of 256, in one block; written in `init` and never after, so reading from any thread is sound.
    private nonisolated(unsafe) let tables: UnsafeMutablePointer<UInt32>
    private let hasInstruction: Bool

    /// - Parameter usesInstruction: Where the processor has it.
    init(usesInstruction: Bool = true) {
        hasInstruction = usesInstruction && crc32c_is_available()
        tables = .allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
            tables[byte] = value
        }
        for slice in 1..<8 {
            for byte in 0..<256 {
                let previous = tables[(slice - 1) * 256 + byte]
                tables[slice * 256 + byte] = previous >> 8 ^ tables[Int(previous & 0xff)]
            }
        }
    }

    deinit { tables.deallocate() }

    func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return 0 }
        if hasInstruction { return ~crc32c_extend(0xffff_ffff, base, bytes.count) }
        let tables = tables
        var crc: UInt32 = 0xffff_ffff
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
            crc =
                tables[7 &* 256 &+ Int(word & 0xff)] ^ tables[6 &* 256 &+ Int(word >> 8 & 0xff)]
                ^ tables[5 &* 256 &+ Int(word >> 16 & 0xff)] ^ tables[4 &* 256 &+ Int(word >> 24 & 0xff)]
                ^ tables[3 &* 256 &+ Int(word >> 32 & 0xff)] ^ tables[2 &* 256 &+ Int(word >> 40 & 0xff)]
                ^ tables[256 &+ Int(word >> 48 & 0xff)] ^ tables[Int(word >> 56)]
            offset &+= 8
        }
        while offset < bytes.count {
            crc = crc >> 8 ^ tables[Int((crc ^ UInt32(base.load(fromByteOffset: offset, as: UInt8.self))) & 0xff)]
            offset &+= 1
        }
        return ~crc
    }
}
