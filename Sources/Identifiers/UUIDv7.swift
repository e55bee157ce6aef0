/// A time-ordered identifier (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits.
///
/// Sessions, commands, entries and tickets are named by one, so that a listing sorted by name is sorted by time and
/// two gateways never give the same name.
public struct UUIDv7: Sendable, Hashable, Comparable {
    /// The 128 bits, most significant half first.
    public let high: UInt64
    public let low: UInt64

    /// Names something that happens at `milliseconds` since 1970 (UTC).
    public init(milliseconds: UInt64, using generator: inout some RandomNumberGenerator) {
        let random = generator.next()
        self.high = (milliseconds << 16) | 0x7000 | (random & 0x0fff)
        self.low = 0x8000_0000_0000_0000 | (generator.next() >> 2)
    }

    /// Names something that happens at `milliseconds` since 1970 (UTC), with the system's random numbers.
    public init(milliseconds: UInt64) {
        var generator = SystemRandomNumberGenerator()
        self.init(milliseconds: milliseconds, using: &generator)
    }

    /// Reads the 36-character text form; `nil` when `text` is not a version 7 UUID in lower or upper case.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let digits = text.withUTF8({ Self.digits(UnsafeRawBufferPointer($0)) }) else { return nil }
        guard digits.0 & 0xf000 == 0x7000, digits.1 >> 62 == 0b10 else { return nil }
        self.high = digits.0
        self.low = digits.1
    }

    /// Milliseconds since 1970 (UTC) at which the identifier was made.
    public var milliseconds: UInt64 { high >> 16 }

    public static func < (a: UUIDv7, b: UUIDv7) -> Bool {
        a.high == b.high ? a.low < b.low : a.high < b.high
    }

    /// Both halves of `8-4-4-4-12` hexadecimal digits.
    private static func digits(_ text: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
        guard text.count == 36 else { return nil }
        var digits: (UInt64, UInt64) = (0, 0)
        var count = 0
        for offset in 0..<36 {
            let byte = text[offset]
            if offset == 8 || offset == 13 || offset == 18 || offset == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = value(ofHexDigit: byte) else { return nil }
            if count < 16 { digits.0 = digits.0 << 4 | digit } else { digits.1 = digits.1 << 4 | digit }
            count += 1
        }
        return digits
    }

    private static func value(ofHexDigit byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension UUIDv7: CustomStringConvertible, LosslessStringConvertible {
    /// Characters of the text form.
    public static let characterCount = 36

    /// The 36 lower-case characters of RFC 9562, e.g. `0193…-7…-8…-…`.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.characterCount) { characters in
            write(to: characters)
            return Self.characterCount
        }
    }

    /// Writes the characters of `description`, for which there must be room.
    public func write(to characters: UnsafeMutableBufferPointer<UInt8>) {
        var out = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                characters[out] = UInt8(ascii: "-")
                out += 1
            }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> (60 - UInt64(index & 15) * 4) & 0xf)
            characters[out] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            out += 1
        }
    }
}
