import StrictJSON

/// A JSON string whose content is itself a JSON document, as function-call arguments and tool results are. It is kept
/// until it ends, or until it turns out to be no JSON.
struct NestedDocument {
    /// The string's inside as it came.
    private(set) var raw: [UInt8] = []
    /// The string's content.
    private(set) var content: [UInt8] = []
    private var decoded = 0
    private var probe = JSONTokenizer(maximumDepth: JSONMasker.deepestNesting)

    /// Bytes of the longest document inside a string.
    static let longest = 1 << 20

    enum State { case open, notJSON, tooDeep }

    /// Whether `raw`, the first part of a string's inside, may begin a document: an array or object. Other values are
    /// no different from text.
    static func mayBegin(_ raw: UnsafeRawBufferPointer, isPart: Bool) -> Bool {
        var index = 0
        while index < raw.count {
            switch raw[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): return true
            case UInt8(ascii: " "): index += 1
            case UInt8(ascii: "\\"):
                guard index + 1 < raw.count else { return isPart }
                // White space, and what may turn out to be white space or a bracket in hexadecimal.
                switch raw[index + 1] {
                case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): index += 2
                case UInt8(ascii: "u"): return true
                default: return false
                }
            default: return false
            }
        }
        return isPart
    }

    mutating func begin() {
        raw.removeAll(keepingCapacity: true)
        content.removeAll(keepingCapacity: true)
        decoded = 0
        probe = JSONTokenizer(maximumDepth: JSONMasker.deepestNesting)
    }

    /// Takes the next part of the string's inside.
    mutating func take(_ part: UnsafeRawBufferPointer, isFinal: Bool) -> State {
        raw.append(contentsOf: part)
        let start = content.count
        decoded += raw.withUnsafeBytes {
            JSONStringDecoder.decode(UnsafeRawBufferPointer(rebasing: $0[decoded...]), into: &content)
        }
        guard let first = content.first(where: { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }) else {
            return isFinal ? .notJSON : .open
        }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return .notJSON }
        let failure: JSONParseError? = content.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[start...])
            var position = 0
            do throws(JSONParseError) {
                while try !probe.next(part, &position).endsChunk {}
                if isFinal { _ = try probe.finish() }
                return nil
            } catch {
                return error
            }
        }
        switch failure?.reason {
        case nil: return .open
        case .tooDeep: return .tooDeep
        default: return .notJSON
        }
    }
}
