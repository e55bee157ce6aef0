/// Why a text is not strict JSON, and where.
public struct JSONParseError: Error, Sendable, Hashable {
    /// Bytes from the start of the text to the byte that is wrong, from 0. A truncated text is wrong at its length.
    public let offset: Int
    public let reason: Reason

    public init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    public enum Reason: Sendable, Hashable {
        /// One object has this name twice (after unescaping). The name comes from the text: do not log it unmasked.
        case duplicateName(String)
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep(limit: Int)
        case invalidUTF8
        /// `\u0000`, which C strings and PostgreSQL's text end at.
        case nul
        /// Half of a surrogate pair, which has no UTF-8 form.
        case loneSurrogate
        /// A byte below 0x20 in a string.
        case controlCharacter
        case invalidEscape
        /// A number whose magnitude no double can hold.
        case numberOutOfRange
        /// A number written with more digits than any double needs.
        case numberTooLong(limit: Int)
        /// The byte cannot stand here; `expected` completes "expected …".
        case unexpected(expected: String)
        case truncated
        /// Something follows the value.
        case trailingData
    }
}

extension JSONParseError: CustomStringConvertible {
    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONParseError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .duplicateName(let name): "the name \"\(name)\" stands twice in one object"
        case .tooDeep(let limit): "arrays and objects are nested deeper than \(limit)"
        case .invalidUTF8: "invalid UTF-8"
        case .nul: "a NUL character in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .controlCharacter: "a control character in a string (it must be escaped)"
        case .invalidEscape: "an unknown escape in a string"
        case .numberOutOfRange: "a number beyond the range of a double"
        case .numberTooLong(let limit): "a number of more than \(limit) bytes"
        case .unexpected(let expected): "expected \(expected)"
        case .truncated: "the text ends too early"
        case .trailingData: "something follows the value"
        }
    }
}
