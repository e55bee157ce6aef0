import Foundation

/// Some of the 1024 bundles of a chunk, as the index stores them: up to 63 as their numbers, 16 bits each and
/// little-endian in ascending order, and more than that as 1024 bits.
struct BundleSet: Equatable {
    /// Bundles of a chunk.
    static let size = 1024
    private static let words = size / 64

    private var bits: [UInt64]

    init() { bits = [UInt64](repeating: 0, count: Self.words) }

    static let all: BundleSet = {
        var set = BundleSet()
        for word in 0..<words { set.bits[word] = .max }
        return set
    }()

    /// - Returns: `nil` for what no set is stored as.
    init?(_ stored: Data) {
        self.init()
        guard insert(stored) else { return nil }
    }

    var isEmpty: Bool { bits.allSatisfy { $0 == 0 } }
    var count: Int { bits.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func insert(_ bundle: Int) { bits[bundle >> 6] |= 1 << UInt64(bundle & 63) }

    func contains(_ bundle: Int) -> Bool { bits[bundle >> 6] >> UInt64(bundle & 63) & 1 == 1 }

    /// Adds a stored set.
    ///
    /// - Returns: False for what no set is stored as.
    mutating func insert(_ stored: Data) -> Bool {
        stored.withUnsafeBytes { stored in
            if stored.count == Self.size / 8 {
                for word in 0..<Self.words {
                    bits[word] |= UInt64(littleEndian: stored.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self))
                }
                return true
            }
            guard stored.count < Self.size / 8, stored.count % 2 == 0 else { return false }
            for offset in stride(from: 0, to: stored.count, by: 2) {
                let bundle = Int(stored[offset]) | Int(stored[offset + 1]) << 8
                guard bundle < Self.size else { return false }
                insert(bundle)
            }
            return true
        }
    }

    mutating func formUnion(_ other: BundleSet) {
        for word in 0..<Self.words { bits[word] |= other.bits[word] }
    }

    mutating func formIntersection(_ other: BundleSet) {
        for word in 0..<Self.words { bits[word] &= other.bits[word] }
    }

    /// Its members from the highest down.
    var descending: [Int] {
        var members: [Int] = []
        for word in (0..<Self.words).reversed() {
            var rest = bits[word]
            while rest != 0 {
                let bit = 63 - rest.leadingZeroBitCount
                members.append(word << 6 + bit)
                rest &= ~(1 << UInt64(bit))
            }
        }
        return members
    }

    var stored: Data {
        if count < Self.size / 16 {
            return Data(descending.reversed().flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })
        }
        return bits.reduce(into: Data()) { data, word in
            withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
        }
    }
}
