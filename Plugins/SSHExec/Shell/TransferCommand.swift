/// The server part of a program that transfers files, as its client starts it on the host.
struct TransferCommand: Equatable {
    enum Program: String { case scp, rsync, git }

    let program: Program
    let reads: Bool
    let writes: Bool
    /// `nil` where they are not known.
    let paths: [String]?

    /// The adapter's actions that it is.
    var actions: [String] { (reads ? ["ssh.read"] : []) + (writes ? ["ssh.write"] : []) }

    init?(_ command: SimpleCommand) {
        let isKnown = command.arguments.allSatisfy(\.isKnown)
        let texts = command.arguments.map(\.text)
        switch command.name {
        case "scp":
            let options = texts.prefix { $0.hasPrefix("-") && $0 != "--" }
            let letters = options.joined().replacing("-", with: "")
            guard letters.contains("t") || letters.contains("f") else { return nil }
            program = .scp
            reads = letters.contains("f")
            writes = letters.contains("t")
            paths = isKnown ? Array(texts.dropFirst(options.count).drop { $0 == "--" }) : nil
        case "rsync":
            guard texts.contains("--server") else { return nil }
            program = .rsync
            let isSender = texts.contains("--sender")
            let removes = texts.contains { $0.hasPrefix("--remove-") }
            reads = isSender
            writes = !isSender || removes
            // After the options comes a dot, then the paths.
            let rest = texts.drop { $0 != "." }.dropFirst()
            paths = isKnown && !rest.isEmpty ? Array(rest) : nil
        case "git-upload-pack", "git-upload-archive", "git-receive-pack":
            program = .git
            reads = command.name != "git-receive-pack"
            writes = !reads
            paths = isKnown ? texts.filter { !$0.hasPrefix("-") } : nil
        case "git":
            guard let verb = texts.first, ["upload-pack", "upload-archive", "receive-pack"].contains(verb) else {
                return nil
            }
            program = .git
            reads = verb != "receive-pack"
            writes = !reads
            paths = isKnown ? texts.dropFirst().filter { !$0.hasPrefix("-") } : nil
        default: return nil
        }
    }
}
