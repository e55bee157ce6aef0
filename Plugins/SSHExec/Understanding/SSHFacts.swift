import GatewayCore

/// The facts of this adapter's commands. Every command has the same ones, so that a policy which reads them can be
/// evaluated for each.
struct SSHFacts {
    var login: String
    var hasTerminal = false
    var transfer = ""
    /// Why what runs is not known; empty where it is.
    var opaqueBecause: [String] = []
    var commands = 0
    var wrappers: [String] = []

    init(login: String, hasTerminal: Bool = false) {
        self.login = login
        self.hasTerminal = hasTerminal
    }

    var facts: [Fact] {
        [
            Fact("ssh.login", .string(login)), Fact("ssh.pty", .bool(hasTerminal)),
            Fact("ssh.transfer", .string(transfer)), Fact("shell.opaque", .bool(!opaqueBecause.isEmpty)),
            Fact("shell.opaque_because", .strings(opaqueBecause)), Fact("shell.commands", .integer(Int64(commands))),
            Fact("shell.wrappers", .strings(wrappers)), Fact("opaque", .bool(!opaqueBecause.isEmpty)),
        ]
    }
}
