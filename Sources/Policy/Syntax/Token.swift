/// A half-open range of UTF-8 offsets in a source.
struct SourceRange: Sendable, Hashable {
    var start: Int
    var end: Int
}

/// One token of Cedar's lexical grammar.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier
        case number
        /// A string literal, quotes included in the range, escapes not yet read.
        case string
        case slot
        case at, dot, comma, semicolon, colon, pathSeparator
        case leftParenthesis, rightParenthesis, leftBrace, rightBrace, leftBracket, rightBracket
        case equal, notEqual, less, lessOrEqual, greaterOrEqual, greater
        case or, and, plus, minus, times, divide, remainder, not, assign
        case end
    }

    let kind: Kind
    let range: SourceRange
}
