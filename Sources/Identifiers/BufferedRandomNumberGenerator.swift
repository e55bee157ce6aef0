#if canImport(Glibc)
    import Glibc
#endif

/// The system's random numbers, fetched 64 at a time: a system call for each would cost more than the number's use.
///
/// For identifiers, which are no secrets. Not shared between threads.
public struct BufferedRandomNumberGenerator: RandomNumberGenerator, Sendable {
    private static let count = 64
    private var numbers: [UInt64] = []

    public init() {}

    public mutating func next() -> UInt64 {
        if let number = numbers.popLast() { return number }
        numbers = Array(unsafeUninitializedCapacity: Self.count) { buffer, initialized in
            Self.fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = Self.count
        }
        return numbers.removeLast()
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        #if canImport(Glibc)
            if let base = buffer.baseAddress, fillWhole(base, buffer.count) { return }
        #endif
        var system = SystemRandomNumberGenerator()
        for offset in stride(from: 0, to: buffer.count, by: 8) {
            buffer.storeBytes(of: system.next(), toByteOffset: offset, as: UInt64.self)
        }
    }

    #if canImport(Glibc)
        /// getentropy(3) gives at most 256 bytes at a time.
        private static func fillWhole(_ base: UnsafeMutableRawPointer, _ count: Int) -> Bool {
            stride(from: 0, to: count, by: 256).allSatisfy { getentropy(base + $0, min(256, count - $0)) == 0 }
        }
    #endif
}
