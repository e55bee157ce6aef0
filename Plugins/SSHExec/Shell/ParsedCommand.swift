/// A simple command as the grammar finds it, before it is known what its words mean.
struct ParsedCommand {
    var words: [ReadWord] = []
    var assignments: [ParsedAssignment] = []
    var redirections: [ParsedRedirection] = []
    /// Reserved words that run it: `time`, `coproc`.
    var prefixes: [String] = []
}

struct ParsedAssignment {
    var name: String
    var value: ReadWord
    var isSubscripted = false
}

struct ParsedRedirection {
    enum Target {
        case file(ShellRedirection.Kind, ReadWord)
        /// An index of the parser's here-documents.
        case hereDocument(Int)
        case hereString(ReadWord)
        case descriptor
    }

    var target: Target
    /// Which descriptor it is about; `nil` where the operator's own.
    var descriptor: Int?
    var isInput: Bool
    /// Whether it is one of the compound command around.
    var isInherited = false

    var isStandardInput: Bool { isInput && (descriptor ?? 0) == 0 }
}

/// XCU 2.7.4.
struct HereDocument {
    var delimiter: [UInt8]
    var isQuoted: Bool
    var stripsTabs: Bool
    var body: ReadWord?
}
