/// Reads the command line of an `exec` request as a POSIX shell does, as far as it can be known without running it.
///
/// It errs on one side: what it does not read for certain is opaque. It knows simple commands, lists, pipes, quotes,
/// redirections, assignments, and the usual programs that run others; it does not know compound commands and functions.
enum ShellReader {
    static let longestLine = 256 * 1024
    /// `sudo env nice …`, `sh -c 'sh -c …'`.
    private static let deepestNesting = 16

    static func read(_ line: some Collection<UInt8>) -> ShellScript { read(Array(line), depth: 0) }

    private static func read(_ line: [UInt8], depth: Int) -> ShellScript {
        var script = ShellScript()
        guard line.count <= longestLine else {
            script.opacity = [.length]
            return script
        }
        guard depth < deepestNesting else {
            script.opacity = [.nesting]
            return script
        }
        if String(validating: line, as: UTF8.self) == nil { script.note(.notUTF8) }
        if line.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0a || $0 == 0x7f }) {
            script.note(.controlCharacter)
        }
        var lexer = ShellLexer(line)
        var words: [(word: ShellWord, isPlain: Bool)] = []
        var redirections: [ShellRedirection] = []
        var pending: ShellRedirection.Kind?
        var isPiped = false
        func finish(_ script: inout ShellScript) {
            if pending != nil { script.note(.syntax) }
            add(words, redirections, isPiped: isPiped, to: &script, depth: depth)
            words = []
            redirections = []
            pending = nil
        }
        while let token = lexer.nextToken() {
            switch token {
            case .word(let word, let isPlain):
                if let kind = pending {
                    redirections.append(ShellRedirection(kind: kind, file: word))
                    pending = nil
                } else {
                    words.append((word, isPlain))
                }
            case .redirection(let kind):
                if pending != nil { script.note(.syntax) }
                pending = kind
            case .duplication: break
            case .separator:
                finish(&script)
                isPiped = true
            }
        }
        finish(&script)
        for reason in lexer.opacity { script.note(reason) }
        return script
    }

    private static func add(
        _ words: [(word: ShellWord, isPlain: Bool)], _ redirections: [ShellRedirection], isPiped: Bool,
        to script: inout ShellScript, depth: Int
    ) {
        var rest = words[...]
        var assignments: [ShellAssignment] = []
        while let first = rest.first, let assignment = ShellAssignment(first.word) {
            assignments.append(assignment)
            if KnownPrograms.changesWhatRuns(assignment.name) { script.note(.variable(assignment.name)) }
            rest = rest.dropFirst()
        }
        guard let first = rest.first else {
            if !redirections.isEmpty || !assignments.isEmpty {
                var nothing = SimpleCommand(name: ":", path: ":")
                nothing.assignments = assignments
                nothing.redirections = redirections
                script.commands.append(nothing)
            }
            return
        }
        // A reserved word counts only unquoted (XCU 2.4).
        if first.isPlain, KnownPrograms.reserved.contains(first.word.text) {
            script.note(.dialect(first.word.text))
            add(Array(rest.dropFirst()), redirections, isPiped: isPiped, to: &script, depth: depth)
            return
        }
        var command = SimpleCommand(first.word)
        command.arguments = rest.dropFirst().map(\.word)
        command.assignments = assignments
        command.redirections = redirections
        if !first.word.isKnown { script.note(.unknownCommandName(first.word.text)) }
        append(command, isPiped: isPiped, to: &script, depth: depth)
    }

    /// Adds the command, and what it runs.
    private static func append(_ command: SimpleCommand, isPiped: Bool, to script: inout ShellScript, depth: Int) {
        script.commands.append(command)
        guard script.commands.count < 4096, command.wrappers.count < deepestNesting else {
            return script.note(.nesting)
        }
        switch KnownPrograms.role(of: command) {
        case .plain: break
        case .opaque(let reason): script.note(reason)
        case .runs(let words, let reason):
            if let reason { script.note(reason) }
            guard let name = words.first else { break }
            var inner = SimpleCommand(name)
            inner.arguments = Array(words.dropFirst())
            inner.wrappers = command.wrappers + [command.name]
            if !name.isKnown { script.note(.unknownCommandName(name.text)) }
            append(inner, isPiped: isPiped, to: &script, depth: depth)
        case .runsScript(let text):
            let inner = read(Array(text.utf8), depth: depth + 1)
            for var nested in inner.commands {
                nested.wrappers = command.wrappers + [command.name] + nested.wrappers
                script.commands.append(nested)
            }
            for reason in inner.opacity { script.note(reason) }
        case .readsInput: script.note(.standardInput(command.name))
        }
    }
}

extension ShellScript {
    mutating func note(_ reason: ShellOpacity) {
        if !opacity.contains(reason) { opacity.append(reason) }
    }
}

extension SimpleCommand {
    init(_ word: ShellWord) {
        self.init(name: SimpleCommand.unknownName, path: word.text)
        guard word.isKnown else { return }
        let last = word.text.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
        name = last ?? word.text
    }
}

extension ShellAssignment {
    /// XCU 2.9.1: a name, `=`, and a value; also bash's `name+=value` and `name[index]=value`.
    init?(_ word: ShellWord) {
        guard let equals = word.text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        var name = word.text[..<equals]
        if name.hasSuffix("+") { name = name.dropLast() }
        if let bracket = name.firstIndex(of: "[") { name = name[..<bracket] }
        guard let first = name.utf8.first, !(0x30...0x39).contains(first),
            name.utf8.allSatisfy({
                $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
                    || (0x61...0x7a).contains($0)
            })
        else { return nil }
        self.init(
            name: String(name),
            value: ShellWord(text: String(word.text[word.text.utf8.index(after: equals)...]), isKnown: word.isKnown))
    }
}
