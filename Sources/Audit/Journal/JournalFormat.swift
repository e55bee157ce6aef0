/// The bytes of a journal file.
///
/// ```
/// file   = magic (8) | generation (u64) | zero (u32) | CRC-32C of these 20 bytes (u32) | record *
/// record = CRC-32C of all that follows in the record (u32) | length (u32) | sequence (u64) | entry (length bytes)
/// ```
/// Integers are little-endian. The sequence starts at 0 in each file. A stretch of zeros is no record, because a record
/// has at least one byte, so a file in which room was set aside, or that a power cut extended, ends where its records
/// end.
enum JournalFormat {
    static let magic: UInt64 = 0x314c_4e52_4a59_4c53  // "SLYJRNL1" as bytes
    static let headerBytes = 24
    static let recordHeaderBytes = 16
    static let maximumRecordBytes = recordHeaderBytes + AuditLog.maximumEntryBytes

    static func header(generation: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: littleEndian(magic))
        bytes.append(contentsOf: littleEndian(generation))
        bytes.append(contentsOf: littleEndian(UInt32(0)))
        let crc = bytes.withUnsafeBytes { CRC32C.shared.checksum($0) }
        bytes.append(contentsOf: littleEndian(crc))
        return bytes
    }

    static func isHeader(_ bytes: UnsafeRawBufferPointer, generation: UInt64) -> Bool {
        bytes.count >= headerBytes && bytes.prefix(headerBytes).elementsEqual(header(generation: generation))
    }

    /// Puts a record's header before the `count` bytes of entry that already stand at `recordHeaderBytes`.
    static func seal(_ record: UnsafeMutableRawPointer, entryBytes count: Int, sequence: UInt64, crc: CRC32C) {
        let start = UnsafeMutableRawBufferPointer(start: record, count: recordHeaderBytes + count)
        start.storeBytes(of: UInt32(count).littleEndian, toByteOffset: 4, as: UInt32.self)
        start.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
        let checked = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start)[4...])
        start.storeBytes(of: crc.checksum(checked).littleEndian, toByteOffset: 0, as: UInt32.self)
    }

    enum Parsed {
        /// A whole record: how many bytes its entry has.
        case record(entryBytes: Int)
        /// The bytes end before the record does; it would have this many in all.
        case incomplete(recordBytes: Int)
        case invalid
    }

    /// Reads the record at the start of `bytes`.
    static func parse(_ bytes: UnsafeRawBufferPointer, sequence: UInt64) -> Parsed {
        guard bytes.count >= recordHeaderBytes else { return .incomplete(recordBytes: recordHeaderBytes) }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard length > 0, length <= AuditLog.maximumEntryBytes,
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) == sequence
        else { return .invalid }
        guard bytes.count >= recordHeaderBytes + length else {
            return .incomplete(recordBytes: recordHeaderBytes + length)
        }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[4..<(recordHeaderBytes + length)])
        let crc = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        return CRC32C.shared.checksum(checked) == crc ? .record(entryBytes: length) : .invalid
    }

    /// Whether a whole record with a sequence of at least `sequence` starts at or after `start`: then what stands
    /// before it is damage in the middle of the file, not a torn end.
    static func holdsRecord(_ bytes: UnsafeRawBufferPointer, from start: Int, sequence: UInt64) -> Bool {
        guard bytes.count > recordHeaderBytes, start <= bytes.count - recordHeaderBytes else { return false }
        for offset in start..<(bytes.count - recordHeaderBytes) {
            let found = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            guard found >= sequence, found &- sequence < 1 << 32 else { continue }
            if case .record = parse(UnsafeRawBufferPointer(rebasing: bytes[offset...]), sequence: found) { return true }
        }
        return false
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
