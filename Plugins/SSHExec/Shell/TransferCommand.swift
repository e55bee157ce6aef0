/// The host's side of a file transfer, as scp, rsync, git and sftp start it.
///
/// Each grammar is read as far as stock clients use it. Where a command may be a server and something in it is not
/// followed, it is `isUnderstood == false`, and reads and writes a file that is not known: a server that goes unnoticed
/// would be asked for any file, and its bytes would pass unmasked.
struct TransferCommand: Sendable, Equatable {
    enum Program: String, Sendable {
        case scp, rsync, git, sftp
    }

    struct Touched: Sendable, Equatable {
        /// `nil` where it is not known: not literal, or told by the protocol.
        var path: ShellWord?
        var isRead: Bool
        var isWritten: Bool

        /// The adapter's actions on it.
        var actions: [String] { (isRead ? ["ssh.read"] : []) + (isWritten ? ["ssh.write"] : []) }

        /// What a policy sees of it.
        var names: [String] { path.map(HostPath.names) ?? [HostPath.unknown] }
    }

    var program: Program
    /// At least one.
    var files: [Touched]
    /// Whether no more is touched than `files` says.
    var isUnderstood = true

    init?(_ command: SimpleCommand) {
        let arguments = command.arguments[...]
        let found: TransferCommand?
        switch command.name {
        case "scp", "rcp": found = SCPServer.read(arguments)
        case "rsync": found = RsyncServer.read(arguments)
        case "sftp-server": found = TransferCommand(.sftp, [Touched(isRead: true, isWritten: true)])
        default: found = GitServer.read(command.name, arguments)
        }
        guard let found else { return nil }
        self = found
    }

    init(_ program: Program, _ files: [Touched]) {
        self.program = program
        self.files = files
    }

    /// A server, or what may be one, of which no more is known.
    static func unknown(_ program: Program) -> TransferCommand {
        var command = TransferCommand(program, [Touched(isRead: true, isWritten: true)])
        command.isUnderstood = false
        return command
    }
}
