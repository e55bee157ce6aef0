import Identifiers

/// The members that every entry has, `id`, `kind` and `time`, and `session` where it has one. Found without reading the rest into values, and
/// also in an entry that is not quite right, because verification wants to name what it found.
struct EntryHead {
    private(set) var id: UUIDv7?
    private(set) var kind: String?
    private(set) var time: String?
    private(set) var session: String?

    /// Looks at the top level of the JSON object in `bytes`; stops where that is no JSON.
    init(_ bytes: some RandomAccessCollection<UInt8>) {
        var scanner = Scanner(bytes: Array(bytes))
        guard scanner.take(UInt8(ascii: "{")) else { return }
        while let name = scanner.string(), scanner.take(UInt8(ascii: ":")) {
            switch name {
            case "id": id = scanner.string().flatMap { UUIDv7($0) }
            case "kind": kind = scanner.string()
            case "time": time = scanner.string()
            case "session": session = scanner.string()
            default: scanner.skipValue()
            }
            guard scanner.take(UInt8(ascii: ",")) else { return }
        }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        mutating func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        /// A string without escapes, which is all that these members can be; others come back raw.
        mutating func string() -> String? {
            let start = position + 1
            guard skipString() else { return nil }
            return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
        }

        private mutating func skipString() -> Bool {
            guard take(UInt8(ascii: "\"")) else { return false }
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard position < bytes.count else { return false }
            position += 1
            return true
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
