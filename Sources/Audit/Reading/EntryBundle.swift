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

    /// The leaf hashes of the next entries, `count` of them or as many as there are whole.
    mutating func leafHashes(atMost count: Int) -> [TreeHash] {
        var leaves: [TreeHash] = []
        leaves.reserveCapacity(count)
        var start = position
        bytes.withUnsafeBytes { buffer in
            while leaves.count < count, start + 2 <= buffer.count {
                let end = start + 2 + Int(buffer[start]) << 8 + Int(buffer[start + 1])
                guard end <= buffer.count else { return }
                leaves.append(.leaf(UnsafeRawBufferPointer(rebasing: buffer[(start + 2)..<end])))
                start = end
            }
        }
        position = start
        return leaves
    }
}
