/// A glob over member names: `*` for any characters, `?` for one byte of UTF-8, ASCII letters in any case.
struct FieldPattern: Sendable {
    private let pattern: [UInt8]

    init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        pattern = text.utf8.map(Self.lowercased)
    }

    /// Linear in practice and never exponential: only the last `*` is tried again.
    func matches(_ name: UnsafeRawBufferPointer) -> Bool {
        var (patternIndex, nameIndex) = (0, 0)
        var retry: (pattern: Int, name: Int)?
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                retry = (patternIndex + 1, nameIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count,
                pattern[patternIndex] == UInt8(ascii: "?")
                    || pattern[patternIndex] == Self.lowercased(name[nameIndex])
            {
                patternIndex += 1
                nameIndex += 1
            } else if let (pattern, name) = retry {
                retry = (pattern, name + 1)
                patternIndex = pattern
                nameIndex = name + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
