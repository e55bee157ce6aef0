/// The entries of a bundle file: each a big-endian 16-bit length and that many bytes (C2SP tlog-tiles).
struct EntryBundle {
    private let bytes: [UInt8]
    /// Where the next entry starts.
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The next entry; `nil` at the end and where the bytes end within an entry.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position + 2 <= bytes.count else { return nil }
        let start = position + 2
        let end = start + Int(bytes[position]) << 8 + Int(bytes[position + 1])
        guard end <= bytes.count else { return nil }
        position = end
        return bytes[start..<end]
    }
}
