/// A word as the parser finds it: its text after quote removal, and what expansions would still change.
struct ReadWord {
    struct Traits: OptionSet {
        let rawValue: UInt8
        /// Parameters, arithmetic or substitutions.
        static let expansion = Traits(rawValue: 1)
        /// An expansion outside quotes: it may become no word or several.
        static let splits = Traits(rawValue: 2)
        static let glob = Traits(rawValue: 4)
        static let braces = Traits(rawValue: 8)
        static let tilde = Traits(rawValue: 16)
        /// `$'…'` and `$"…"`, which POSIX.1-2017 shells take for `$` and a string.
        static let dialect = Traits(rawValue: 32)
        static let quoted = Traits(rawValue: 64)
    }

    var source: [UInt8] = []
    /// Expansions leave nothing in it.
    var value: [UInt8] = []
    /// For each byte of `value` whether it stood outside quotes.
    var isPlain: [Bool] = []
    var traits: Traits = []
    /// How much of `value` stands before the first expansion.
    private var prefixLength: Int?

    private static let unknowns: Traits = [.expansion, .glob, .braces, .tilde, .dialect]

    /// A carriage return and a line feed are one `Character` too.
    private static func mayJoin(_ byte: UInt8) -> Bool { byte >= 0x80 || byte == UInt8(ascii: "\r") }

    init() {}

    init(source: [UInt8]) { self.source = source }

    init(literal: [UInt8]) {
        source = literal
        value = literal
        isPlain = [Bool](repeating: false, count: literal.count)
        traits = .quoted
    }

    var isKnown: Bool { traits.isDisjoint(with: Self.unknowns) }
    /// Without any quotes or expansions, as reserved words have to be.
    var isBare: Bool { isKnown && !traits.contains(.quoted) }
    /// The text, for taking it apart as programs do, who know bytes and no accents. All that is no ASCII stands as a
    /// sign of its own: `String` joins an accent to the letter before it, and finds no `-e` at the beginning of `-é`.
    var text: String {
        guard value.contains(where: Self.mayJoin) else { return exactText }
        return String(String.UnicodeScalarView(value.map { Self.mayJoin($0) ? "\u{FFFD}" : Unicode.Scalar($0) }))
    }
    /// The text that the command gets.
    var exactText: String { String(decoding: value, as: UTF8.self) }
    var sourceText: String { String(decoding: source, as: UTF8.self) }
    var word: ShellWord {
        isKnown
            ? ShellWord(text: exactText, isKnown: true)
            : ShellWord(text: sourceText, isKnown: false, mayBeOption: mayBeOption)
    }
    var knownText: String? { isKnown ? text : nil }
    var knownPrefix: ArraySlice<UInt8> { value.prefix(prefixLength ?? value.count) }

    /// Whether it may become a word that begins with `-`, or several words.
    var mayBeOption: Bool {
        if isKnown { return false }
        if traits.contains(.splits) || traits.contains(.braces) { return true }
        if traits.contains(.tilde) { return false }
        guard let first = knownPrefix.first else { return true }
        return first == UInt8(ascii: "-")
    }

    mutating func append(_ byte: UInt8, plain: Bool) {
        value.append(byte)
        isPlain.append(plain)
    }

    mutating func addTrait(_ trait: Traits) {
        traits.insert(trait)
        if !Self.unknowns.isDisjoint(with: trait), prefixLength == nil { prefixLength = value.count }
    }

    /// XCU 4.22: where the `=` of an assignment stands, and the length of its name.
    var assignment: (name: String, valueStart: Int, isSubscripted: Bool)? {
        let prefix = knownPrefix
        var end = 0
        while end < prefix.count, isPlain[end], ShellBytes.isNamePart(value[end]) { end += 1 }
        guard end > 0, end < prefix.count, isPlain[end] else { return nil }
        let name = String(decoding: value[..<end], as: UTF8.self)
        var next = end
        if value[next] == UInt8(ascii: "[") {
            // The subscript is not read: whatever it is, it is not claimed to be understood.
            return value[next...].contains(UInt8(ascii: "=")) ? (name, value.count, true) : nil
        }
        if value[next] == UInt8(ascii: "+") { next += 1 }
        guard next < prefix.count, isPlain[next], value[next] == UInt8(ascii: "=") else { return nil }
        return (name, next + 1, false)
    }

    /// The same as programs see it, for whom quotes are gone: any text before the first `=`.
    var environmentAssignment: (name: String, valueStart: Int)? {
        guard let equals = knownPrefix.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { return nil }
        return (String(decoding: value[..<equals], as: UTF8.self), equals + 1)
    }

    /// The rest of the word, from an index of `value` on.
    func dropping(_ count: Int) -> ReadWord {
        var rest = self
        rest.value.removeFirst(min(count, value.count))
        rest.isPlain.removeFirst(min(count, isPlain.count))
        if let prefixLength { rest.prefixLength = max(0, prefixLength - count) }
        if isKnown { rest.source = rest.value }
        return rest
    }
}

enum ShellBytes {
    static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }
    static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        bytes.firstRange(of: Array(text.utf8)) != nil
    }

    /// Whether bash or zsh would run something if they evaluated it.
    static func holdsSubstitution(_ bytes: [UInt8]) -> Bool {
        bytes.contains(UInt8(ascii: "`")) || contains(bytes, "$(") || contains(bytes, "${")
    }
}
