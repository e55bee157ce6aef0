/// The server parts of git: `git-upload-pack` and `git-upload-archive` send a repository, `git-receive-pack` writes one.
enum GitServer {
    private struct Part {
        var isWritten = false
        var options: Set<String> = []
        /// Options with a value, in the same word or the next.
        var valued: Set<String> = []
    }

    private static let parts: [String: Part] = [
        "upload-pack": Part(
            options: [
                "--strict", "--no-strict", "--stateless-rpc", "--advertise-refs", "--http-backend-info-refs",
            ], valued: ["--timeout"]),
        "upload-archive": Part(),
        "receive-pack": Part(
            isWritten: true,
            options: [
                "-q", "--quiet", "--stateless-rpc", "--advertise-refs", "--http-backend-info-refs",
                "--skip-connectivity-check", "--reject-thin-pack-for-testing",
            ]),
    ]

    /// They start one of the parts, or speak for one, for a repository that something else names.
    private static let others: Set<String> = ["shell", "daemon", "http-backend", "cvsserver", "upload-archive--writer"]

    private static let globalFlags: Set<String> = [
        "--no-pager", "-P", "-p", "--paginate", "--bare", "--no-replace-objects", "--literal-pathspecs",
        "--glob-pathspecs", "--noglob-pathspecs", "--icase-pathspecs", "--no-optional-locks",
    ]
    private static let globalValued: Set<String> = ["--git-dir", "--work-tree", "--namespace"]

    /// - Parameter program: The name that git runs by.
    static func read(_ program: String, _ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        if program.utf8.elementsEqual("git".utf8) { return readGit(arguments) }
        guard program.utf8.starts(with: "git-".utf8) else { return nil }
        return readPart(String(program.dropFirst(4)), arguments, from: ShellWord(text: "", isKnown: true))
    }

    private static func readGit(_ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        var words = arguments
        // Where a relative path starts, by the `-C`s before.
        var folder = ShellWord(text: "", isKnown: true)
        while let word = words.popFirst() {
            guard word.isKnown else { return .unknown(.git) }
            guard word.text.utf8.first == UInt8(ascii: "-") else { return readPart(word.text, words, from: folder) }
            if word.text.utf8.elementsEqual("-C".utf8) {
                guard let next = words.popFirst() else { return nil }
                if next.mayBeOption { return .unknown(.git) }
                folder = joined(folder, next)
                continue
            }
            let (option, isJoined) = parted(word.text)
            if globalValued.contains(option), isJoined || words.popFirst()?.mayBeOption == false { continue }
            // An option that is not known may take any of what follows.
            guard globalFlags.contains(word.text) else {
                return words.contains(where: namesPart) ? .unknown(.git) : nil
            }
        }
        return nil
    }

    private static func namesPart(_ word: ShellWord) -> Bool {
        !word.isKnown || parts[word.text] != nil || others.contains(word.text)
    }

    private static func readPart(
        _ name: String, _ arguments: ArraySlice<ShellWord>, from folder: ShellWord
    ) -> TransferCommand? {
        if others.contains(name) { return .unknown(.git) }
        guard let part = parts[name] else { return nil }
        var words = arguments
        var operands: [ShellWord] = []
        while let word = words.popFirst() {
            guard word.isKnown, word.text.utf8.first == UInt8(ascii: "-") else {
                if word.mayBeOption { return .unknown(.git) }
                operands.append(word)
                continue
            }
            let (option, isJoined) = parted(word.text)
            if part.valued.contains(option), isJoined || words.popFirst()?.isKnown == true { continue }
            guard part.options.contains(word.text) else { return .unknown(.git) }
        }
        guard operands.count == 1 else { return .unknown(.git) }
        let path = joined(folder, operands[0])
        return TransferCommand(.git, [.init(path: path, isRead: !part.isWritten, isWritten: part.isWritten)])
    }

    private static func parted(_ option: String) -> (name: String, isJoined: Bool) {
        let name = option.utf8.prefix { $0 != UInt8(ascii: "=") }
        return (String(name) ?? option, name.count < option.utf8.count)
    }

    /// A path that starts at a folder, unless it is one of its own. git itself reads `~` and `~name`.
    private static func joined(_ folder: ShellWord, _ path: ShellWord) -> ShellWord {
        let first = path.text.utf8.first
        guard !folder.text.isEmpty, path.isKnown, first != UInt8(ascii: "/"), first != UInt8(ascii: "~") else {
            return path
        }
        return ShellWord(text: folder.text + "/" + path.text, isKnown: folder.isKnown)
    }
}
