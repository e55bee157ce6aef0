/// Makes text of bytes that come in pieces of any size: a character that is split between two pieces is held back until
/// it is whole. The texts together are what decoding all bytes at once would give, with U+FFFD for what is no UTF-8.
struct IncrementalUTF8Decoder {
    /// The start of a character, at most three bytes.
    private var held: [UInt8] = []

    mutating func decode(_ bytes: some Collection<UInt8>) -> String {
        var all = held
        all.append(contentsOf: bytes)
        let end = all.count - Self.unfinishedCount(all)
        held = Array(all[end...])
        return String(decoding: all[..<end], as: UTF8.self)
    }

    /// What is held back, when nothing more will come: U+FFFD, or nothing.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// How many bytes at the end are the start of a character that may yet become whole (Unicode, table 3-7).
    private static func unfinishedCount(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let lead = bytes[bytes.count - count]
            if lead & 0xc0 == 0x80 { continue }
            let length =
                switch lead {
                case 0xc2...0xdf: 2
                case 0xe0...0xef: 3
                case 0xf0...0xf4: 4
                default: 0
                }
            guard length > count else { return 0 }
            guard count > 1 else { return count }
            // Overlong forms, surrogates and what lies behind U+10FFFF are wrong from their second byte on.
            let second: ClosedRange<UInt8> =
                switch lead {
                case 0xe0: 0xa0...0xbf
                case 0xed: 0x80...0x9f
                case 0xf0: 0x90...0xbf
                case 0xf4: 0x80...0x8f
                default: 0x80...0xbf
                }
            return second.contains(bytes[bytes.count - count + 1]) ? count : 0
        }
        return 0
    }
}
