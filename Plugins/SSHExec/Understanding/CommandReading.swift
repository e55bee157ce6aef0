import Foundation
import GatewayCore
import StrictJSON

/// Makes commands of what a session channel asks for.
struct CommandReading {
    let login: String
    let hasTerminal: Bool
    /// What the caller sets beside the command, and the host may take.
    let environment: [(name: String, value: String)]

    func shell() -> Command {
        Command(
            effects: [effect("ssh.shell", "Login", login)], text: "shell", parameters: variables,
            facts: SSHFacts(login: login, hasTerminal: hasTerminal).facts)
    }

    func sftp() -> Command {
        Command(
            effects: [effect("sftp.start", "Login", login)], text: "sftp", parameters: variables,
            facts: SSHFacts(login: login).facts)
    }

    /// - Parameter line: What the login's shell is given, byte for byte.
    func exec(_ line: some Collection<UInt8>) -> Command {
        let script = ShellReader.read(line)
        var facts = SSHFacts(login: login, hasTerminal: hasTerminal)
        facts.opaqueBecause = script.opacity.map(\.description)
        facts.commands = script.commands.count
        facts.wrappers = Self.unique(script.commands.flatMap(\.wrappers))
        var effects: [Effect] = []
        var parameters: [Parameter] = []
        func add(_ effect: Effect) { if !effects.contains(effect) { effects.append(effect) } }
        for (number, command) in script.commands.enumerated() {
            add(
                Effect(
                    action: "ssh.exec",
                    resource: Resource(
                        type: "Executable", name: command.name, attributes: ["path": .string(command.path)])))
            for redirection in command.redirections {
                for action in redirection.actions { add(effect(action, "File", redirection.fileName)) }
            }
            if let transfer = TransferCommand(command) {
                facts.transfer = transfer.program.rawValue
                for action in transfer.actions {
                    for path in transfer.paths ?? ["?"] { add(effect(action, "File", path)) }
                }
            }
            for (index, argument) in command.arguments.enumerated() {
                parameters.append(
                    Parameter(
                        name: "\(command.name)[\(number)].argv[\(index + 1)]", value: .string(argument.text),
                        encoding: argument.isKnown ? "argv" : "shell"))
            }
        }
        // Something runs that has no name: nobody is allowed it but by a policy that allows everything.
        if effects.isEmpty || script.isOpaque { add(effect("ssh.exec", "Executable", "?")) }
        return Command(
            effects: effects, text: Self.text(line), parameters: parameters + Self.exact(line) + variables,
            facts: facts.facts)
    }

    private func effect(_ action: String, _ type: String, _ name: String) -> Effect {
        Effect(action: action, resource: Resource(type: type, name: name))
    }

    private var variables: [Parameter] {
        environment.map { Parameter(name: "env.\($0.name)", value: .string($0.value), encoding: "env") }
    }

    private static func text(_ line: some Collection<UInt8>) -> String { String(decoding: line, as: UTF8.self) }

    /// A line that is no UTF-8, byte for byte: what two of them have in common as texts must not make them one command.
    private static func exact(_ line: some Collection<UInt8>) -> [Parameter] {
        guard String(validating: line, as: UTF8.self) == nil else { return [] }
        return [Parameter(name: "bytes", value: .string(Data(line).base64EncodedString()), encoding: "base64")]
    }

    private static func unique(_ names: [String]) -> [String] {
        var known: [String] = []
        for name in names where !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { known.append(name) }
        return known
    }
}
