/// Breaks policy texts a little, so that about half of them stay valid.
struct PolicyMutator {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private static let tokens = [
        "(", ")", "[", "]", "{", "}", ",", ";", ":", "::", ".", "==", "=", "!=", "<", "<=", ">", ">=", "||", "&&", "|",
        "&", "+",
        "-", "*", "/", "%", "!", "@", "#", "$", "?", "permit", "forbid", "when", "unless", "principal", "action",
        "resource",
        "context", "if", "then", "else", "true", "false", "in", "is", "has", "like", "__cedar", "foo", "User",
        "Bank::Table",
        "User::\"alice\"", "Action::\"get\"", "\"text\"", "\"\\n\"", "\"\\q\"", "\"\\*\"", "\"\\u{e9}\"", "\"\\u{}\"",
        "\"\\u{d800}\"", "\"\\u{1_F600}\"", "\"\\u{_1}\"", "\"\\x7f\"", "\"\\x80\"", "\"\\0\"", "\"\r\"", "\"\n\"",
        "\"", "\\",
        "0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999",
        "007",
        "ip(\"::1\")", "ip", "decimal(\"1.0\")", ".isIpv4()", ".contains(1)", ".contains()", ".isEmpty()",
        ".isEmpty(1)",
        ".getTag(\"a\")", ".unheard()", "contains(1)", "isIpv4(1)", ".ip(1)", ".foo", "[\"foo\"]", "[1]", "has foo.bar",
        "has \"a b\"", "has if", "has 1", "like \"a*\"", "like foo", "is User", "is User in User::\"a\"", "is \"User\"",
        "when { true }", "unless { false }", "when {}", "{a: 1, \"b\": 2}", "{a: 1, a: 2}", "{if: 1}", "[1, 2,]", "[,]",
        "@id(\"x\")", "@note", "@note(\"\")", "@if(\"x\")", "// comment\n", "/* no */", "\u{a0}", "\u{2028}", "é",
        "\u{feff}",
        "!!!!", "!!!!!", "----", "-----", "(1)", "-(1)", "- 1", "!-1", "-!true",
    ]

    mutating func mutate(_ text: String) -> String {
        var text = text
        for _ in 0..<random.below(3) { text = mutateOnce(text) }
        return text
    }

    private mutating func mutateOnce(_ text: String) -> String {
        var pieces = Self.pieces(of: text)
        guard !pieces.isEmpty else { return text }
        let index = random.below(pieces.count)
        switch random.below(7) {
        case 0: pieces.remove(at: index)
        case 1: pieces.insert(pieces[index], at: index)
        case 2: pieces.swapAt(index, random.below(pieces.count))
        case 3, 4: pieces[index] = " \(random.pick(Self.tokens)) "
        default: pieces.insert(" \(random.pick(Self.tokens)) ", at: index)
        }
        return pieces.joined()
    }

    /// Words, strings and single characters, roughly as a lexer would cut them.
    private static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        var word = ""
        var isInString = false
        var isEscaped = false
        for character in text {
            if isInString {
                word.append(character)
                if character == "\"", !isEscaped {
                    pieces.append(word)
                    word = ""
                    isInString = false
                }
                isEscaped = character == "\\" && !isEscaped
            } else if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
            } else {
                if !word.isEmpty { pieces.append(word) }
                word = ""
                if character == "\"" {
                    word = "\""
                    isInString = true
                } else {
                    pieces.append(String(character))
                }
            }
        }
        return word.isEmpty ? pieces : pieces + [word]
    }
}
