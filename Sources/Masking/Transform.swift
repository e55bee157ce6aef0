/// What becomes of a value that a rule selects.
public enum Transform: Sendable, Hashable {
    /// `[REDACTED]`, or the detector's name in brackets: `[PAN]`.
    case redact
    /// The last characters stay, `*` stands for each other one. Separators stay where a detector knows them.
    /// Nothing stays of a value that has fewer than twice as many characters as would.
    case keepLast(Int)
    /// The first characters stay, as with `keepLast`.
    case keepFirst(Int)
    /// A fixed text.
    case replace(String)
    /// JSON `null`, for a whole subtree at once; what only is a part of a text is redacted.
    case null
    /// A stable stand-in that joins but does not lead back: `PAN:` and 26 letters and digits, from a keyed digest.
    case pseudonym

    /// Most characters that `keepLast` and `keepFirst` can keep.
    public static let mostKept = 64

    /// Reads `redact`, `keep-last 4`, `keep-first 2`, `replace TEXT`, `null` or `pseudonym`.
    public init(parsing text: String) throws(MaskingSyntaxError) {
        let trimmed = text.drop { $0 == " " }
        let word = trimmed.prefix { $0 != " " }
        let argument = trimmed.dropFirst(word.count + 1)
        switch word {
        case "redact" where argument.isEmpty: self = .redact
        case "null" where argument.isEmpty: self = .null
        case "pseudonym" where argument.isEmpty: self = .pseudonym
        case "keep-last": self = .keepLast(try Self.kept(argument, text))
        case "keep-first": self = .keepFirst(try Self.kept(argument, text))
        case "replace" where !argument.isEmpty:
            guard argument.utf8.count <= 256,
                argument.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
            else {
                throw MaskingSyntaxError(
                    text: text, message: "a replacement has at most 256 bytes and no control characters")
            }
            self = .replace(String(argument))
        case "redact", "null", "pseudonym": throw MaskingSyntaxError(text: text, message: "\(word) takes nothing more")
        case "replace": throw MaskingSyntaxError(text: text, message: "replace needs a text, e.g. \"replace hidden\"")
        default:
            throw MaskingSyntaxError(
                text: text,
                message: "no such transform; there are redact, keep-last N, keep-first N, replace TEXT, null, pseudonym"
            )
        }
    }

    private static func kept(_ argument: Substring, _ text: String) throws(MaskingSyntaxError) -> Int {
        guard let count = Int(argument), 1...mostKept ~= count else {
            throw MaskingSyntaxError(text: text, message: "needs a number of characters from 1 to \(mostKept)")
        }
        return count
    }

    /// Smaller is stricter. Where several rules select one value the strictest decides, so that adding a rule never
    /// reveals more.
    var leniency: Int {
        switch self {
        case .null: 0
        case .redact: 1
        case .replace: 2
        case .pseudonym: 3
        case .keepFirst(let count), .keepLast(let count): 4 + count
        }
    }
}

extension Transform: CustomStringConvertible {
    public var description: String {
        switch self {
        case .redact: "redact"
        case .keepLast(let count): "keep-last \(count)"
        case .keepFirst(let count): "keep-first \(count)"
        case .replace(let text): "replace \(text)"
        case .null: "null"
        case .pseudonym: "pseudonym"
        }
    }
}
