extension JSONValue {
    /// Deepest nesting that a caller may ask for: a `JSONValue` is freed by recursion.
    static var deepestAllowed: Int { 1024 }

    /// Parses one strict JSON document (RFC 8259).
    ///
    /// Refused beyond the grammar, because receivers differ in what they make of it: duplicate names, lone surrogates,
    /// `\u0000`, invalid UTF-8 (a byte order mark too), numbers that overflow a double, nesting over the limit.
    /// Names are duplicates as Swift compares strings, so two normalization forms of one name count as the same.
    ///
    /// - Parameters:
    ///   - bytes: the whole text in UTF-8.
    ///   - maximumDepth: arrays and objects that may be open at once, at most 1,024.
    public init(parsing bytes: UnsafeRawBufferPointer, maximumDepth: Int = 128) throws(JSONParseError) {
        try self.init(parsing: bytes, within: JSONLimits(depth: maximumDepth))
    }

    /// As `init(parsing:maximumDepth:)` for raw memory.
    public init(parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 128) throws(JSONParseError) {
        try self.init(parsing: bytes, within: JSONLimits(depth: maximumDepth))
    }

    /// As `init(parsing:maximumDepth:)` for the text's UTF-8 form.
    public init(parsing text: String, maximumDepth: Int = 128) throws(JSONParseError) {
        let limits = JSONLimits(depth: maximumDepth)
        var text = text
        self = try text.withUTF8 { Self.result(UnsafeRawBufferPointer($0), limits) }.get()
    }

    /// As `init(parsing:maximumDepth:)`, with other limits.
    public init(parsing bytes: UnsafeRawBufferPointer, within limits: JSONLimits) throws(JSONParseError) {
        var parser = JSONParser(
            JSONLimits(depth: min(limits.depth, Self.deepestAllowed), takesNUL: limits.takesNUL))
        self = try parser.parse(bytes)
    }

    /// As `init(parsing:maximumDepth:)`, with other limits.
    public init(parsing bytes: some Sequence<UInt8>, within limits: JSONLimits) throws(JSONParseError) {
        // `withContiguousStorageIfAvailable` cannot carry a typed error, so a result does.
        let result = bytes.withContiguousStorageIfAvailable { Self.result(UnsafeRawBufferPointer($0), limits) }
        self = try (result ?? Array(bytes).withUnsafeBytes { Self.result($0, limits) }).get()
    }

    private static func result(
        _ bytes: UnsafeRawBufferPointer, _ limits: JSONLimits
    ) -> Result<JSONValue, JSONParseError> {
        Result { () throws(JSONParseError) in try JSONValue(parsing: bytes, within: limits) }
    }
}

/// Builds a value from tokens with a stack of its own, so that the text decides nothing about the thread's stack.
private struct JSONParser {
    private struct Frame {
        var isObject: Bool
        var elements: [JSONValue] = []
        var members: [JSONMember] = []
        var name = ""
        /// The names so far, kept once there are too many to compare one by one.
        var names: Set<String>?

        mutating func append(_ value: JSONValue) {
            if isObject {
                members.append(JSONMember(name, value))
            } else {
                elements.append(value)
            }
        }

        /// Starts a member; `false` if the object has one of that name.
        mutating func begin(_ name: String) -> Bool {
            self.name = name
            if names != nil { return names?.insert(name).inserted ?? true }
            if members.count >= 16 {
                names = Set(members.lazy.map(\.name))
                return names?.insert(name).inserted ?? true
            }
            return !members.contains { $0.name == name }
        }
    }

    private var tokenizer: JSONTokenizer
    private var frames: [Frame] = []
    private var scratch: [UInt8] = []

    init(_ limits: JSONLimits) {
        tokenizer = JSONTokenizer(maximumDepth: limits.depth, takesNUL: limits.takesNUL)
    }

    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONParseError) -> JSONValue {
        var position = 0
        var root: JSONValue?
        while true {
            let token = try tokenizer.next(bytes, &position)
            let start = tokenizer.tokenStart
            let value: JSONValue
            switch token {
            case .beginObject:
                frames.append(Frame(isObject: true))
                continue
            case .beginArray:
                frames.append(Frame(isObject: false))
                continue
            case .name:
                let name = text(UnsafeRawBufferPointer(rebasing: bytes[start + 1..<position - 1]))
                guard frames[frames.count - 1].begin(name) else {
                    throw JSONParseError(offset: start, reason: .duplicateName(name))
                }
                continue
            case .endObject: value = .object(frames.removeLast().members)
            case .endArray: value = .array(frames.removeLast().elements)
            case .string: value = .string(text(UnsafeRawBufferPointer(rebasing: bytes[start + 1..<position - 1])))
            case .number: value = .number(String(decoding: bytes[start..<position], as: UTF8.self))
            case .true: value = .bool(true)
            case .false: value = .bool(false)
            case .null: value = .null
            case .needMore, .namePart, .stringPart, .numberPart, .literalPart:
                // The end of the only chunk. A number that reaches to it is whole; everything else is cut.
                if try tokenizer.finish() == .number {
                    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
                }
                guard let root else { throw JSONParseError(offset: bytes.count, reason: .truncated) }
                return root
            }
            if frames.isEmpty {
                root = value
            } else {
                frames[frames.count - 1].append(value)
            }
        }
    }

    private mutating func text(_ raw: UnsafeRawBufferPointer) -> String {
        guard tokenizer.hasEscape else { return String(decoding: raw, as: UTF8.self) }
        scratch.removeAll(keepingCapacity: true)
        JSONStringDecoder.decode(raw, into: &scratch)
        return String(decoding: scratch, as: UTF8.self)
    }
}
