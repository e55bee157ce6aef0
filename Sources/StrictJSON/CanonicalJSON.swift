/// Writes canonical JSON (RFC 8785): no white space, shortest escapes, members sorted by UTF-16 code units.
///
/// The fast path writes members in their sorted order itself, which costs one pass and no sorting; debug builds trap
/// on a member out of order. `write(_:)` takes any `JSONValue` and sorts.
///
/// Numbers are written as integers only: a canonical double needs ECMAScript's formatting, and no entry holds one.
/// A `JSONValue.number` that is not a 64-bit integer is written as it stands, so callers must keep those in strings.
public struct CanonicalJSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false
    #if DEBUG
        private var names: [String?] = []
    #endif

    public init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
        #if DEBUG
            names.removeAll(keepingCapacity: true)
        #endif
    }

    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        #if DEBUG
            names.append(nil)
        #endif
    }

    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
        #if DEBUG
            names.removeLast()
        #endif
    }

    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Starts the member `name` of the object that is open; a value must follow.
    public mutating func name(_ name: String) {
        #if DEBUG
            if let previous = names[names.count - 1] {
                precondition(
                    previous.utf16.lexicographicallyPrecedes(name.utf16),
                    "canonical JSON: member \"\(name)\" must come before \"\(previous)\"")
            }
            names[names.count - 1] = name
        #endif
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func write(_ value: String) {
        separate()
        quote(value)
        needsComma = true
    }

    public mutating func write(_ value: some FixedWidthInteger) {
        separate()
        if value >= 0, value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
        needsComma = true
    }

    /// Writes a string of `count` bytes, all of them ASCII that needs no escape, which `fill` puts down.
    public mutating func writePlain(_ count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        appendPlain(count, fill)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Ends a line of JSON: what is written next stands for itself.
    public mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Takes back all that was written from `offset` on, where a line begins.
    public mutating func rewindLine(to offset: Int) {
        bytes.removeSubrange(offset...)
        needsComma = false
    }

    /// Starts a member of an object that is open, and perhaps was begun by `continueWith`: after other members, and in its
    /// place among them, which is not looked at.
    public mutating func continueObject(with name: String) {
        bytes.append(UInt8(ascii: ","))
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Continues with what is known already of the text that is written: `piece` ends where the next value stands, or
    /// within a string.
    public mutating func continueWith(_ piece: [UInt8]) {
        bytes.append(contentsOf: piece)
        needsComma = false
    }

    /// Writes `count` bytes that `fill` puts down, within a string that `continueWith` has begun.
    public mutating func appendPlain(_ count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
            fill(buffer)
            bytes.append(contentsOf: buffer)
        }
    }

    public mutating func write(_ value: Bool) {
        separate()
        bytes.append(contentsOf: value ? Array("true".utf8) : Array("false".utf8))
        needsComma = true
    }

    public mutating func writeNull() {
        separate()
        bytes.append(contentsOf: "null".utf8)
        needsComma = true
    }

    public mutating func write(_ value: JSONValue) {
        switch value {
        case .null: writeNull()
        case .bool(let value): write(value)
        case .number(let text):
            separate()
            bytes.append(contentsOf: text.utf8)
            needsComma = true
        case .string(let value): write(value)
        case .array(let elements):
            beginArray()
            for element in elements { write(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members.sorted(by: { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }) {
                name(member.name)
                write(member.value)
            }
            endObject()
        }
    }

    /// Writes a value that is canonical JSON already.
    public mutating func writeCanonical(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
        needsComma = true
    }

    /// Takes back everything from `offset` on, where one whole value starts, so that another can stand there.
    public mutating func rewindValue(to offset: Int) {
        bytes.removeSubrange(offset...)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    /// RFC 8785 section 3.2.2.2: the two-character escapes where JSON has them, `\u00xx` for other controls.
    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var start = 0
            var index = -1
            while index &+ 1 < utf8.count {
                index &+= 1
                let byte = utf8[index]
                guard byte < 0x20 || byte == 0x22 || byte == 0x5c else { continue }
                bytes.append(contentsOf: utf8[start..<index])
                start = index + 1
                bytes.append(UInt8(ascii: "\\"))
                switch byte {
                case 0x08: bytes.append(UInt8(ascii: "b"))
                case 0x09: bytes.append(UInt8(ascii: "t"))
                case 0x0a: bytes.append(UInt8(ascii: "n"))
                case 0x0c: bytes.append(UInt8(ascii: "f"))
                case 0x0d: bytes.append(UInt8(ascii: "r"))
                case 0x22, 0x5c: bytes.append(byte)
                default:
                    bytes.append(contentsOf: "u00".utf8)
                    bytes.append(Self.hexDigits[Int(byte >> 4)])
                    bytes.append(Self.hexDigits[Int(byte & 0xf)])
                }
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}

extension JSONValue {
    /// The value in canonical form (RFC 8785).
    public var canonicalBytes: [UInt8] {
        var writer = CanonicalJSONWriter()
        writer.write(self)
        return writer.bytes
    }
}
