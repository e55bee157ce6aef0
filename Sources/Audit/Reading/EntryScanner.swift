#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Walks over the JSON of an entry without making values of it: for looking at a few members of many entries.
///
/// It trusts that the bytes are canonical JSON (RFC 8785: no white space), and stops where they are not; whether they
/// are is a matter for `AuditVerifier`.
public struct EntryScanner {
    public let bytes: UnsafeRawBufferPointer
    /// Where the next value or sign stands.
    public private(set) var position = 0

    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The byte that is next.
    public var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    public mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Moves behind a string and gives what stands between its quotes, escapes as they are.
    public mutating func string() -> Range<Int>? {
        let start = position + 1
        guard skipString() else { return nil }
        return start..<(position - 1)
    }

    /// Gives each member of an object to `member`, which moves behind the value or leaves it to be skipped. What is no
    /// object is skipped.
    public mutating func members(_ member: (_ name: Range<Int>, inout EntryScanner) -> Void) {
        guard take(UInt8(ascii: "{")) else { return skipValue() }
        if take(UInt8(ascii: "}")) { return }
        while let name = string(), take(UInt8(ascii: ":")) {
            let start = position
            member(name, &self)
            if position == start { skipValue() }
            guard take(UInt8(ascii: ",")) else {
                _ = take(UInt8(ascii: "}"))
                return
            }
        }
    }

    /// The same for the elements of an array.
    public mutating func elements(_ element: (inout EntryScanner) -> Void) {
        guard take(UInt8(ascii: "[")) else { return skipValue() }
        if take(UInt8(ascii: "]")) { return }
        while position < bytes.count {
            let start = position
            element(&self)
            if position == start { skipValue() }
            guard take(UInt8(ascii: ",")) else {
                _ = take(UInt8(ascii: "]"))
                return
            }
        }
    }

    /// Whether the bytes of `range` are those of `text`.
    public func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base + range.lowerBound, text.utf8Start, range.count) == 0
    }

    /// Moves behind a value: to the comma, brace or bracket that follows it on its own level.
    public mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard skipString() else { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return }
            default: break
            }
            position += 1
        }
    }

    private mutating func skipString() -> Bool {
        guard take(UInt8(ascii: "\"")), let base = bytes.baseAddress else { return false }
        let start = position
        while let quote = memchr(base + position, Int32(UInt8(ascii: "\"")), bytes.count - position) {
            let found = UnsafeRawPointer(quote) - base
            position = found + 1
            // After an odd number of backslashes the quote is part of the string.
            let backslashes = bytes[start..<found].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if backslashes % 2 == 0 { return true }
        }
        position = bytes.count
        return false
    }
}
