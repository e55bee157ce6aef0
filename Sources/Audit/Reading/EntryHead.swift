import Identifiers

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The members that every entry has, `id`, `kind` and `time`, and `session` where it has one. Found without reading the rest into values, and
/// also in an entry that is not quite right, because verification wants to name what it found.
struct EntryHead {
    private(set) var id: UUIDv7?
    private(set) var kind: String?
    private(set) var time: String?
    private(set) var session: String?

    /// Looks at the top level of the JSON object in `bytes`; stops where that is no JSON.
    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Looks at the top level of the JSON object in `bytes`; stops where that is no JSON.
    init(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { read($0) } }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var scanner = Scanner(bytes: bytes)
        guard scanner.take(UInt8(ascii: "{")) else { return }
        while let name = scanner.string(), scanner.take(UInt8(ascii: ":")) {
            if name.elementsEqual("id".utf8) {
                id = scanner.text().flatMap { UUIDv7($0) }
            } else if name.elementsEqual("kind".utf8) {
                kind = scanner.text()
            } else if name.elementsEqual("time".utf8) {
                time = scanner.text()
            } else if name.elementsEqual("session".utf8) {
                session = scanner.text()
            } else {
                scanner.skipValue()
            }
            guard scanner.take(UInt8(ascii: ",")) else { return }
        }
    }

    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        mutating func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        /// A string without escapes, which is all that these members can be; others come back raw.
        mutating func text() -> String? { string().map { String(decoding: $0, as: UTF8.self) } }

        mutating func string() -> Slice<UnsafeRawBufferPointer>? {
            let start = position + 1
            guard skipString() else { return nil }
            return bytes[start..<(position - 1)]
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

        /// Moves behind a value: to the comma or brace that follows it on its own level.
        mutating func skipValue() {
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
    }
}
