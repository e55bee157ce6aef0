/// A strict JSON tokenizer (RFC 8259) that takes its text in chunks cut anywhere, and holds none of it.
///
/// A pure state machine: the caller keeps the chunk and a position in it, and calls `next` until it says
/// `.needMore`; then the next chunk follows, from position 0. A token that the end of a chunk cuts is reported as
/// `…Part` for the bytes so far, and once more, with `isContinuation`, when it is whole. What the tokenizer refuses is
/// listed in `JSONParseError`; duplicate names are its caller's matter, because finding them needs memory.
public struct JSONTokenizer: Sendable {
    public enum Token: UInt8, Sendable {
        /// The chunk is used up between two tokens.
        case needMore
        case beginObject, endObject, beginArray, endArray
        /// A member's name with its quotes, or the part of one that this chunk holds.
        case name, namePart
        case string, stringPart
        case number, numberPart
        case `true`, `false`, null, literalPart
    }

    /// Where in the chunk the token (or this chunk's part of it) starts; it ends at the caller's position.
    public internal(set) var tokenStart = 0
    /// The token's first bytes came as a part, with an earlier chunk.
    public internal(set) var isContinuation = false
    /// Whether the string or name has an escape, so far.
    public internal(set) var hasEscape = false
    /// Whether one of the escapes is `\uXXXX`. The others each stand for a character that is no letter and no digit.
    public internal(set) var hasUnicodeEscape = false
    /// Digits among the string's or name's bytes so far; digits that are written as escapes do not count.
    public internal(set) var digitCount = 0
    /// Whether an `@` stands among the string's or name's bytes so far.
    public internal(set) var hasAt = false
    /// Arrays and objects that are open.
    public var depth: Int { containers.count }
    /// The document's value is complete.
    public var isComplete: Bool { state == .afterDocument }
    /// Inside the first or a later document, not before one.
    public var isStarted: Bool { state != .value || !containers.isEmpty }

    /// Where the token starts in the whole text; of a continued token, where its last part does.
    public var offset: Int { base + tokenStart }

    /// Bytes in all chunks before this one.
    var base = 0
    var state = State.value
    var containers: [Container] = []
    var string = StringState()
    var number = NumberState()
    private var literal = Literal.true
    private var literalIndex = 0
    private let maximumDepth: Int
    private let isSequence: Bool
    /// Whether `\u0000` may stand in a string.
    let takesNUL: Bool

    /// - Parameters:
    ///   - maximumDepth: arrays and objects that may be open at once.
    ///   - isSequence: takes any number of documents, each on its own line or lines (NDJSON); else exactly one.
    ///   - takesNUL: takes `\u0000` for a character like others, which most receivers of a text do not.
    public init(maximumDepth: Int = 128, isSequence: Bool = false, takesNUL: Bool = false) {
        self.maximumDepth = maximumDepth
        self.isSequence = isSequence
        self.takesNUL = takesNUL
    }

    enum State: UInt8 {
        case value, firstElement, firstName, name, colon, afterValue, afterDocument, inName, inString, inNumber
        case inLiteral
    }

    enum Container: UInt8 { case object, array }

    private enum Literal { case `true`, `false`, null }

    /// The next token of `chunk` from `position`, which moves behind it.
    public mutating func next(
        _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        let count = chunk.count
        while position < count {
            let byte = chunk[position]
            if byte <= 0x20, state.rawValue < State.inName.rawValue {
                guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else {
                    throw unexpected(at: position)
                }
                if byte == 0x0a, isSequence, state == .afterDocument { state = .value }
                position += 1
                continue
            }
            switch state {
            case .value: return try beginValue(byte, chunk, &position)
            case .firstElement:
                if byte == UInt8(ascii: "]") { return endContainer(.endArray, &position) }
                return try beginValue(byte, chunk, &position)
            case .firstName, .name:
                if byte == UInt8(ascii: "\"") {
                    beginString(at: &position)
                    return try scanString(.inName, chunk, &position)
                }
                guard byte == UInt8(ascii: "}"), state == .firstName else { throw unexpected(at: position) }
                return endContainer(.endObject, &position)
            case .colon:
                guard byte == UInt8(ascii: ":") else { throw unexpected(at: position) }
                position += 1
                state = .value
            case .afterValue:
                let container = containers[containers.count - 1]
                if byte == UInt8(ascii: ",") {
                    position += 1
                    state = container == .object ? .name : .value
                } else if byte == UInt8(ascii: "}"), container == .object {
                    return endContainer(.endObject, &position)
                } else if byte == UInt8(ascii: "]"), container == .array {
                    return endContainer(.endArray, &position)
                } else {
                    throw unexpected(at: position)
                }
            case .afterDocument: throw JSONParseError(offset: base + position, reason: .trailingData)
            case .inName, .inString:
                beginContinuation(at: position)
                return try scanString(state, chunk, &position)
            case .inNumber:
                beginContinuation(at: position)
                return try scanNumber(chunk, &position)
            case .inLiteral:
                beginContinuation(at: position)
                return try scanLiteral(chunk, &position)
            }
        }
        base += count
        return .needMore
    }

    /// Ends the text. `.number` when only the end shows that a number is whole (it has no further bytes), else
    /// `.needMore`.
    public mutating func finish() throws(JSONParseError) -> Token {
        var token = Token.needMore
        if state == .inNumber, number.canEnd {
            tokenStart = 0
            isContinuation = true
            try endNumber(at: 0)
            token = .number
        }
        guard state == .afterDocument || (isSequence && !isStarted) else {
            throw JSONParseError(offset: base, reason: .truncated)
        }
        return token
    }

    /// What comes after a complete value.
    mutating func endValue() {
        state = containers.isEmpty ? .afterDocument : .afterValue
    }

    /// A chunk that ends inside a token has no `.needMore` of its own: its part says so.
    mutating func endPart(_ chunk: UnsafeRawBufferPointer) {
        base += chunk.count
    }

    private mutating func beginContinuation(at position: Int) {
        tokenStart = position
        isContinuation = true
    }

    @inline(__always)
    private mutating func beginString(at position: inout Int) {
        tokenStart = position
        isContinuation = false
        hasEscape = false
        hasUnicodeEscape = false
        digitCount = 0
        hasAt = false
        position += 1
    }

    @inline(__always)
    private mutating func beginValue(
        _ byte: UInt8, _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        tokenStart = position
        isContinuation = false
        switch byte {
        case UInt8(ascii: "\""):
            beginString(at: &position)
            return try scanString(.inString, chunk, &position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            state = .inNumber
            number = NumberState()
            return try scanNumber(chunk, &position)
        case UInt8(ascii: "{"):
            try beginContainer(.object, .firstName, &position)
            return .beginObject
        case UInt8(ascii: "["):
            try beginContainer(.array, .firstElement, &position)
            return .beginArray
        case UInt8(ascii: "t"): return try beginLiteral(.true, chunk, &position)
        case UInt8(ascii: "f"): return try beginLiteral(.false, chunk, &position)
        case UInt8(ascii: "n"): return try beginLiteral(.null, chunk, &position)
        default: throw unexpected(at: position)
        }
    }

    private mutating func beginContainer(
        _ container: Container, _ next: State, _ position: inout Int
    ) throws(JSONParseError) {
        guard containers.count < maximumDepth else {
            throw JSONParseError(offset: base + position, reason: .tooDeep(limit: maximumDepth))
        }
        containers.append(container)
        state = next
        position += 1
    }

    private mutating func endContainer(_ token: Token, _ position: inout Int) -> Token {
        tokenStart = position
        isContinuation = false
        position += 1
        containers.removeLast()
        endValue()
        return token
    }

    private mutating func beginLiteral(
        _ literal: Literal, _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        state = .inLiteral
        self.literal = literal
        literalIndex = 0
        return try scanLiteral(chunk, &position)
    }

    private mutating func scanLiteral(
        _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        let (text, token): (StaticString, Token) =
            switch literal {
            case .true: ("true", .true)
            case .false: ("false", .false)
            case .null: ("null", .null)
            }
        let letters = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        while literalIndex < letters.count {
            guard position < chunk.count else {
                endPart(chunk)
                return .literalPart
            }
            guard chunk[position] == letters[literalIndex] else {
                throw JSONParseError(offset: base + position, reason: .unexpected(expected: "\(text)"))
            }
            position += 1
            literalIndex += 1
        }
        endValue()
        return token
    }

    private func unexpected(at position: Int) -> JSONParseError {
        let expected =
            switch state {
            case .value: "a value"
            case .firstElement: "a value or ]"
            case .firstName: "a name or }"
            case .name: "a name"
            case .colon: "a colon"
            case .afterValue: containers.last == .object ? "a comma or }" : "a comma or ]"
            default: "the end"
            }
        return JSONParseError(offset: base + position, reason: .unexpected(expected: expected))
    }
}
