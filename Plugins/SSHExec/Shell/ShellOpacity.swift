/// Why it is not known all that a command line runs.
enum ShellOpacity: Sendable, Hashable, CustomStringConvertible {
    case unknownCommandName(String)
    /// Arguments that may name another command or an option that runs one.
    case unknownArguments(String)
    case commandSubstitution
    /// Variables in arithmetic: the text of a variable is evaluated, and may hold substitutions.
    case arithmetic
    /// A text that bash or zsh may evaluate later.
    case lateEvaluation(String)
    case variable(String)
    case alias
    case sourcedFile(String)
    case standardInput(String)
    case interpreter(String)
    case option(String, String)
    case otherHost(String)
    /// Files are removed without another command.
    case deletion(String)
    case uncertainWrapper(String)
    /// The server of a file transfer with options that are not followed.
    case transfer(String)
    case shellState(String)
    /// Shells read it differently.
    case dialect(String)
    case syntax
    case nesting
    case length
    case notUTF8
    case controlCharacter

    /// Quotes from the line are cut short: it may be long.
    var description: String {
        func short(_ text: String) -> String { text.count > 60 ? text.prefix(60) + "…" : text }
        return switch self {
        case .unknownCommandName(let source): "the name of a command is not known: \(short(source))"
        case .unknownArguments(let name): "\(short(name)) may run what its arguments say, and they are not known"
        case .commandSubstitution: "the output of a command becomes part of another"
        case .arithmetic: "arithmetic evaluates the text of variables"
        case .lateEvaluation(let name):
            "a text that may be evaluated later holds a command substitution: \(short(name))"
        case .variable(let name): "the variable \(short(name)) changes what runs"
        case .alias: "an alias changes what names mean"
        case .sourcedFile(let name): "\(short(name)) runs commands from a file"
        case .standardInput(let name): "\(short(name)) runs commands from its standard input"
        case .interpreter(let name): "\(short(name)) may run what is not a shell command"
        case .option(let name, let option): "\(short(name)) may run a command by \(short(option))"
        case .otherHost(let name): "\(short(name)) runs commands elsewhere"
        case .deletion(let name): "\(short(name)) removes files by itself"
        case .uncertainWrapper(let name): "\(short(name)) runs another command in ways that are not fully known"
        case .transfer(let name): "what \(short(name)) reads and writes is not known from its arguments"
        case .shellState(let name): "\(short(name)) changes what the shell makes of commands"
        case .dialect(let text): "shells read it differently: \(short(text))"
        case .syntax: "it is not complete shell syntax"
        case .nesting: "it is nested too deeply"
        case .length: "it is too long"
        case .notUTF8: "it is not UTF-8"
        case .controlCharacter: "it holds control characters"
        }
    }
}
