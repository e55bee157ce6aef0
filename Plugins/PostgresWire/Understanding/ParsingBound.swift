/// How deep and how large a parse tree can at most be, told from the text before it is parsed.
///
/// The parser's tree is made, packed and walked by functions that call themselves for each level: a text of some
/// thousand nested levels would exhaust the stack, and the program with it. What the bound counts is coarse and never
/// too little: each token may be a level, unless the grammar makes a list of what stands on both sides of it.
///
/// The tree's size goes with the number of tokens and not with their length: a picture in one literal is cheap to read.
struct ParsingBound {
    /// Deeper ones are not read. Hand-written statements stay far below.
    static let deepest = 1000
    /// Texts of more words, literals and signs are not read: these take a second or several.
    static let mostTokens = 1 << 20
    /// Shorter texts cannot be deep enough to do harm.
    private static let shortest = 1024

    /// What stands between two parentheses, or outside of all.
    private struct Level {
        /// Tokens since a comma, AND or OR, whose sides are siblings.
        var run = 0
        var longestRun = 0
        /// Tokens that nest whatever stands before or after them across commas, AND and OR.
        var nesting = 0
        var deepestWithin = 0
        /// BETWEENs whose AND is still to come.
        var openBetweens = 0

        var bound: Int { nesting + max(run, longestRun) + deepestWithin }

        mutating func endRun() {
            longestRun = max(longestRun, run)
            run = 0
        }
    }

    private var levels = [Level()]
    private var tokens = 0

    /// Why the text is not to be parsed; `nil` where it may be.
    static func fault(of text: [UInt8]) -> String? {
        guard text.count >= shortest else { return nil }
        var bound = ParsingBound()
        if bound.read(text) > deepest { return "it may be nested too deeply to be read" }
        return bound.tokens > mostTokens ? "it has more than \(mostTokens) words, literals and signs" : nil
    }

    private mutating func read(_ text: [UInt8]) -> Int {
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case 0x09...0x0d, 0x20: index += 1
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                index = Self.end(ofQuoted: index, in: text)
                countToken()
            case UInt8(ascii: "-") where text.at(index + 1) == byte:
                index = text[index...].firstIndex { $0 == 0x0a || $0 == 0x0d } ?? text.count
            case UInt8(ascii: "/") where text.at(index + 1) == UInt8(ascii: "*"):
                index = Self.end(ofComment: index, in: text)
            case UInt8(ascii: "$") where !Self.isDigit(text.at(index + 1)):
                index = max(SQLLiteral.range(from: index, in: text).upperBound, index + 1)
                countToken()
            case UInt8(ascii: "("), UInt8(ascii: "["):
                countToken()
                guard levels.count <= Self.deepest else { return .max }
                // AND within OR within the parentheses.
                levels.append(Level(nesting: 2))
                index += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                close()
                index += 1
            case UInt8(ascii: ","):
                tokens += 1
                levels[levels.count - 1].endRun()
                index += 1
            case UInt8(ascii: ";") where levels.count == 1:
                tokens += 1
                guard levels[0].bound <= Self.deepest else { return .max }
                levels[0] = Level()
                index += 1
            case let byte where Self.isNameByte(byte):
                let start = index
                // A dollar sign goes on with a name, and begins a string behind a number.
                let mayHaveDollar = !Self.isDigit(byte)
                while index < text.count,
                    Self.isNameByte(text[index]) || mayHaveDollar && text[index] == UInt8(ascii: "$")
                {
                    index += 1
                }
                // The string of E'…' may hold an escaped quote.
                if index < text.count, text[index] == UInt8(ascii: "'") {
                    index = max(SQLLiteral.range(from: start, in: text).upperBound, index)
                    countToken()
                } else {
                    countWord(text[start..<index])
                }
            default:
                countToken()
                index += 1
                // Of these, several in a row are one operator.
                while Self.goesOnOperator(byte), Self.goesOnOperator(text.at(index)),
                    text.at(index) != UInt8(ascii: "/") || text.at(index + 1) != UInt8(ascii: "*")
                {
                    index += 1
                }
            }
        }
        while levels.count > 1 { close() }
        return levels[0].bound
    }

    private mutating func countToken() {
        tokens += 1
        levels[levels.count - 1].run += 1
    }

    private mutating func close() {
        tokens += 1
        guard levels.count > 1, let closed = levels.popLast() else { return }
        levels[levels.count - 1].deepestWithin = max(levels[levels.count - 1].deepestWithin, closed.bound)
    }

    private mutating func countWord(_ word: ArraySlice<UInt8>) {
        tokens += 1
        let last = levels.count - 1
        switch String(decoding: word.prefix(10), as: UTF8.self).lowercased() {
        case "and" where levels[last].openBetweens > 0:
            levels[last].openBetweens -= 1
            levels[last].run += 1
        case "and", "or": levels[last].endRun()
        case "between":
            levels[last].openBetweens += 1
            levels[last].run += 1
        case "union", "intersect", "except", "join", "case": levels[last].nesting += 1
        default: levels[last].run += 1
        }
    }

    /// Doubled quotes are two quoted texts to this: it does not matter.
    private static func end(ofQuoted start: Int, in text: [UInt8]) -> Int {
        (text[(start + 1)...].firstIndex(of: text[start]) ?? text.count - 1) + 1
    }

    /// Comments nest.
    private static func end(ofComment start: Int, in text: [UInt8]) -> Int {
        var (index, depth) = (start + 2, 1)
        while index < text.count, depth > 0 {
            switch (text[index], text.at(index + 1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                index += 2
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                index += 2
            default: index += 1
            }
        }
        return index
    }

    private static func goesOnOperator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "="),
            UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "%"),
            UInt8(ascii: "^"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "`"), UInt8(ascii: "?"),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
    }
}

extension [UInt8] {
    /// Zero behind the end.
    fileprivate func at(_ index: Int) -> UInt8 { index < count ? self[index] : 0 }
}
