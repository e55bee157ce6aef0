import NIOCore

/// An input as a list of decisions.
struct InputBytes {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func next() -> UInt8? { rest.popFirst() }

    /// So many bytes as the next one says, in fours where it is large.
    mutating func piece() -> [UInt8]? {
        guard let length = next() else { return nil }
        let count = length < 128 ? Int(length) : (Int(length) - 127) * 4 + 128
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
