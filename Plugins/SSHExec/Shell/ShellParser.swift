/// Why a text is not read to its end.
enum ShellStop: Error {
    case syntax
    case nesting
    case length
}

/// Reads one text by the shell grammar (XCU 2.3, 2.10), in one pass.
///
/// It keeps no tree: which commands there are does not depend on how they are joined. Where it is more lenient than a
/// shell, it finds commands that the shell would not run, never the other way round.
struct ShellParser {
    let bytes: [UInt8]
    var position = 0
    var depth: Int
    var commands: [ParsedCommand] = []
    var hereDocuments: [HereDocument] = []
    var opacity: [ShellOpacity] = []
    /// Here-documents whose bodies begin after the next newline.
    var pendingHereDocuments: [Int] = []
    /// How often a text may be read a second time, so that reading stays linear.
    var rereadings = 4

    static let deepestNesting = 40
    static let mostCommands = 10_000
    static let mostReasons = 64

    init(_ bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    mutating func parse() {
        do throws(ShellStop) {
            let end = try parseList(until: [])
            guard end == .endOfText, pendingHereDocuments.isEmpty else { throw ShellStop.syntax }
        } catch {
            note(Self.opacity(error))
        }
    }

    static func opacity(_ stop: ShellStop) -> ShellOpacity {
        switch stop {
        case .syntax: .syntax
        case .nesting: .nesting
        case .length: .length
        }
    }

    mutating func note(_ reason: ShellOpacity) {
        if opacity.count < Self.mostReasons, !opacity.contains(reason) { opacity.append(reason) }
    }

    // MARK: Bytes

    /// The byte at the position, after line continuations (XCU 2.2.1).
    mutating func peek() -> UInt8? {
        while position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "\n")
        {
            position += 2
        }
        return position < bytes.count ? bytes[position] : nil
    }

    /// The byte after the one at the position, after line continuations.
    mutating func peekSecond() -> UInt8? {
        guard peek() != nil else { return nil }
        let start = position
        defer { position = start }
        position += 1
        return peek()
    }

    /// Takes `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    mutating func skipBlanks() {
        while let byte = peek(), ShellBytes.isBlank(byte) { position += 1 }
    }

    /// Comments (XCU 2.3, rule 9) end before the newline, and have no line continuations.
    mutating func skipBlanksAndComment() {
        skipBlanks()
        guard peek() == UInt8(ascii: "#") else { return }
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    }

    mutating func skipNewlines() throws(ShellStop) {
        while true {
            skipBlanksAndComment()
            guard take(UInt8(ascii: "\n")) else { return }
            try readHereDocuments()
        }
    }

    // MARK: Nesting

    mutating func enter() throws(ShellStop) {
        depth += 1
        if depth > Self.deepestNesting { throw .nesting }
    }

    mutating func leave() { depth -= 1 }

    // MARK: Lists

    enum ListEnd: Equatable {
        case endOfText
        case closingParenthesis
        /// `;;`, `;&`, `;;&`
        case caseBreak
        case reservedWord(String)
    }

    mutating func parseList(until stops: Set<String>) throws(ShellStop) -> ListEnd {
        while true {
            skipBlanksAndComment()
            guard let byte = peek() else { return .endOfText }
            switch byte {
            case UInt8(ascii: "\n"):
                position += 1
                try readHereDocuments()
            case UInt8(ascii: ";"):
                position += 1
                guard let next = peek(), [UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|")].contains(next)
                else { continue }
                guard stops.contains("esac") else { throw .syntax }
                position += 1
                _ = take(UInt8(ascii: "&"))
                return .caseBreak
            case UInt8(ascii: "&"):
                if peekSecond() == UInt8(ascii: ">") {
                    try parseSimpleCommand()
                } else {
                    position += 1
                    // zsh's `&!` and `&|` are operators.
                    if let next = peek(), next == UInt8(ascii: "!") || next == UInt8(ascii: "|") {
                        note(.dialect("&!"))
                    }
                }
            case UInt8(ascii: "|"): position += 1
            case UInt8(ascii: ")"): return .closingParenthesis
            default:
                if let stop = try parseCommand(until: stops) { return .reservedWord(stop) }
            }
        }
    }

    /// A list that has to end with one of some reserved words.
    @discardableResult
    mutating func parseList(endedBy stops: Set<String>) throws(ShellStop) -> String {
        guard case .reservedWord(let word) = try parseList(until: stops) else { throw .syntax }
        return word
    }

    // MARK: Commands

    /// XCU 2.4, with those of bash and zsh that POSIX leaves open.
    private static let misplaced: Set<String> = ["then", "else", "elif", "fi", "do", "done", "esac", "}"]
    static let opening: Set<String> = [
        "{", "if", "while", "until", "for", "select", "case", "function", "[[", "!", "time", "coproc",
    ]

    /// - Returns: The reserved word that ends the list, if it stands here instead of a command.
    mutating func parseCommand(until stops: Set<String>) throws(ShellStop) -> String? {
        if commands.count > Self.mostCommands { throw .length }
        var prefixes: [String] = []
        while true {
            skipBlanks()
            guard let byte = peek(), byte != UInt8(ascii: "\n") else { return nil }
            if byte == UInt8(ascii: "(") {
                try parseSubshell(prefixes)
                return nil
            }
            let start = position
            guard Self.mayBeginWord(byte) else {
                try parseSimpleCommand(prefixes: prefixes)
                return nil
            }
            let word = try readWord()
            guard word.isBare, !isDescriptor(word) else {
                try parseSimpleCommand(from: word, prefixes: prefixes)
                return nil
            }
            let text = word.text
            if prefixes.isEmpty, stops.contains(text) { return text }
            if Self.misplaced.contains(text) { throw .syntax }
            switch text {
            case "!": continue
            case "coproc":
                note(.dialect("coproc"))
                prefixes.append("coproc")
            case "time":
                guard try startsCompound() else {
                    position = start
                    try parseSimpleCommand(prefixes: prefixes)
                    return nil
                }
                prefixes.append("time")
            case _ where Self.opening.contains(text):
                let first = commands.count
                try enter()
                try parseCompound(text)
                leave()
                try finishCompound(first, prefixes)
                return nil
            default:
                try parseSimpleCommand(from: word, prefixes: prefixes)
                return nil
            }
        }
    }

    static func mayBeginWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ";"),
            UInt8(ascii: "("), UInt8(ascii: ")"):
            false
        default: true
        }
    }

    /// Whether `time` stands before a reserved word, where it is one itself; otherwise it may be `/usr/bin/time`.
    private mutating func startsCompound() throws(ShellStop) -> Bool {
        skipBlanks()
        let start = position
        defer { position = start }
        var end = start
        while end < bytes.count, end - start < 9, ShellBytes.isNamePart(bytes[end]) || "{[!(".utf8.contains(bytes[end])
        {
            end += 1
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        return text.utf8.first == UInt8(ascii: "(") || Self.opening.contains(text) && text != "time"
    }

    private mutating func parseSubshell(_ prefixes: [String]) throws(ShellStop) {
        let first = commands.count
        position += 1
        // bash and zsh take `((` for arithmetic, others for a subshell in a subshell.
        if peek() == UInt8(ascii: "(") { note(.dialect("((")) }
        try enter()
        guard try parseList(until: []) == .closingParenthesis else { throw .syntax }
        position += 1
        leave()
        try finishCompound(first, prefixes)
    }

    /// Redirections after a compound command are given to the first command in it.
    private mutating func finishCompound(_ first: Int, _ prefixes: [String]) throws(ShellStop) {
        var outer = ParsedCommand()
        while true {
            skipBlanksAndComment()
            guard let byte = peek(), byte != UInt8(ascii: "\n") else { break }
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                outer.redirections.append(try readRedirection(descriptor: nil))
            } else if byte == UInt8(ascii: "&"), peekSecond() == UInt8(ascii: ">") {
                outer.redirections.append(try readRedirection(descriptor: nil))
            } else if ShellBytes.isDigit(byte) {
                let number = try readWord()
                guard isDescriptor(number), let descriptor = Int(number.text) else { throw .syntax }
                outer.redirections.append(try readRedirection(descriptor: descriptor))
            } else if Self.mayBeginWord(byte) {
                // What closes a list may follow without a separator: `( a ) }` and `{ a; } fi`.
                let start = position
                let word = try readWord()
                position = start
                guard word.isBare, Self.misplaced.contains(word.text) else { throw .syntax }
                break
            } else {
                break
            }
        }
        if !prefixes.isEmpty {
            for index in first..<max(first, commands.count) {
                commands[index].prefixes = prefixes + commands[index].prefixes
            }
        }
        guard !outer.redirections.isEmpty else { return }
        for index in outer.redirections.indices { outer.redirections[index].isInherited = true }
        if first < commands.count {
            commands[first].redirections += outer.redirections
        } else {
            commands.append(outer)
        }
    }
}
