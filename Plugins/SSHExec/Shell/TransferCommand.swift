/// The host's side of a file transfer, as scp, rsync, git and sftp start it.
struct TransferCommand: Sendable, Equatable {
    enum Program: String, Sendable {
        case scp, rsync, git, sftp
    }

    enum Direction: Sendable, Equatable {
        case readFromHost
        case writeToHost
        case both
    }

    var program: Program
    var direction: Direction
    /// `nil` where they are not known: not literal, or told by the protocol.
    var paths: [String]?
    /// Whether files may be removed as well.
    var removes = false

    /// The adapter's actions on the paths.
    var actions: [String] {
        let isWriting = direction != .readFromHost || removes
        return (direction != .writeToHost ? ["ssh.read"] : []) + (isWriting ? ["ssh.write"] : [])
    }

    init?(_ command: SimpleCommand) {
        let arguments = command.arguments[...]
        let first = arguments.first.flatMap { $0.isKnown ? $0.text : nil }
        let found: TransferCommand?
        switch command.name {
        case "scp": found = Self.scp(arguments)
        case "rsync": found = first == "--server" ? Self.rsync(arguments.dropFirst()) : nil
        case "git-upload-pack", "git-upload-archive": found = Self.git(.readFromHost, arguments)
        case "git-receive-pack": found = Self.git(.writeToHost, arguments)
        case "git" where first == "upload-pack" || first == "upload-archive":
            found = Self.git(.readFromHost, arguments.dropFirst())
        case "git" where first == "receive-pack": found = Self.git(.writeToHost, arguments.dropFirst())
        case "sftp-server": found = TransferCommand(program: .sftp, direction: .both, paths: nil)
        default: found = nil
        }
        guard let found else { return nil }
        self = found
    }

    private init(program: Program, direction: Direction, paths: [String]?, removes: Bool = false) {
        self.program = program
        self.direction = direction
        self.paths = paths
        self.removes = removes
    }

    /// All of them, if each is known.
    private static func texts(_ words: some Sequence<ShellWord>) -> [String]? {
        var texts: [String] = []
        for word in words {
            guard word.isKnown else { return nil }
            texts.append(word.text)
        }
        return texts.isEmpty ? nil : texts
    }

    /// OpenSSH's `scp -t` writes what it is sent, `scp -f` sends files.
    private static func scp(_ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        var words = arguments
        var direction: Direction?
        while let word = words.first, word.text.utf8.count > 1, word.text.hasPrefix("-") {
            words = words.dropFirst()
            if word.text == "--" { break }
            for letter in word.text.dropFirst() {
                switch letter {
                case "t": direction = direction == .readFromHost ? .both : .writeToHost
                case "f": direction = direction == .writeToHost ? .both : .readFromHost
                case "r", "p", "d", "v", "q", "T", "O", "1", "2", "3", "4", "6", "B", "C", "E": break
                default: return nil
                }
            }
        }
        return direction.map { TransferCommand(program: .scp, direction: $0, paths: texts(words)) }
    }

    private static func rsync(_ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        var direction = Direction.writeToHost
        var removes = false
        var arePathsTold = true
        var words = arguments
        // The options end with an argument `.`, in the place of the other side's paths.
        while let word = words.popFirst() {
            guard word.isKnown else {
                arePathsTold = false
                continue
            }
            switch word.text {
            case ".":
                let paths = arePathsTold ? texts(words) : nil
                return TransferCommand(program: .rsync, direction: direction, paths: paths, removes: removes)
            case "--sender": direction = .readFromHost
            case "--remove-source-files", "--remove-sent-files": removes = true
            case let option where option.hasPrefix("--delete"): removes = true
            // Sent by the protocol, or more folders.
            case "--secluded-args", "--protect-args", "--files-from", "--compare-dest", "--copy-dest", "--link-dest",
                "--backup-dir", "--temp-dir", "--partial-dir":
                arePathsTold = false
            case let option where option.hasPrefix("--") && option.contains("="):
                if ["-dir=", "-dest=", "-from=", "-file=", "-batch="].contains(where: option.contains) {
                    arePathsTold = false
                }
            case let option where option.hasPrefix("-") && !option.hasPrefix("--"):
                // What follows `e` says what the other side can do.
                if option.prefix(while: { $0 != "e" }).contains("s") { arePathsTold = false }
            case let option where !option.hasPrefix("-"): arePathsTold = false
            default: break
            }
        }
        return TransferCommand(program: .rsync, direction: direction, paths: nil, removes: removes)
    }

    private static func git(_ direction: Direction, _ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        let operands = arguments.drop { $0.isKnown && $0.text.hasPrefix("-") }
        return TransferCommand(program: .git, direction: direction, paths: texts(operands))
    }
}
