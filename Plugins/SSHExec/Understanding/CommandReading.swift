import Foundation
import GatewayCore
import StrictJSON

/// Makes commands of what a session channel asks for.
struct CommandReading {
    let login: String
    let hasTerminal: Bool
    /// What the caller sets beside the command, and the host may take.
    let environment: [(name: String, value: String)]
    /// What the caller says of its terminal, where it has one.
    var terminal: RequestedTerminal?

    func shell() -> Command {
        start("ssh.shell", "shell", hasTerminal: hasTerminal, terminal?.parameters ?? [])
    }

    func sftp() -> Command { start("sftp.start", "sftp", hasTerminal: false, []) }

    private func start(_ action: String, _ text: String, hasTerminal: Bool, _ more: [Parameter]) -> Command {
        var facts = SSHFacts(login: login, hasTerminal: hasTerminal)
        facts.opaqueBecause = ShellReader.opacity(of: environment).map(\.description)
        return Command(
            effects: [Self.effect(action, "Login", login)], text: text, parameters: more + variables,
            facts: facts.facts)
    }

    /// - Parameter line: What the login's shell is given, byte for byte.
    func exec(_ line: some Collection<UInt8>) -> Command {
        let script = ShellReader.read(line, environment: environment)
        var facts = SSHFacts(login: login, hasTerminal: hasTerminal)
        facts.opaqueBecause = script.opacity.map(\.description)
        facts.commands = script.commands.count
        facts.wrappers = Self.unique(script.commands.flatMap(\.wrappers))
        var effects = EffectList()
        var parameters: [Parameter] = []
        var transfers: [String] = []
        for (number, command) in script.commands.enumerated() {
            effects.add(Self.effect(of: command))
            for redirection in command.redirections {
                Self.add(redirection.actions, HostPath.names(redirection.file), to: &effects)
            }
            if let transfer = TransferCommand(command) {
                transfers.append(transfer.program.rawValue)
                for file in transfer.files { Self.add(file.actions, file.names, to: &effects) }
            }
            for (index, argument) in command.arguments.enumerated() {
                parameters.append(
                    Parameter(
                        name: "\(command.name)[\(number)].argv[\(index + 1)]", value: .string(argument.text),
                        encoding: argument.isKnown ? "argv" : "shell"))
            }
        }
        // Each alone may be allowed where two together are not.
        facts.transfer = Self.unique(transfers).joined(separator: "+")
        // Something runs that has no name: nobody is allowed it but by a policy that allows everything.
        if effects.isEmpty || script.isOpaque { effects.add(Self.effect("ssh.exec", "Executable", HostPath.unknown)) }
        let text = Self.text(line)
        parameters += Self.exact(line) + (terminal?.parameters ?? []) + variables
        return Command(
            effects: effects.effects, text: text, parameters: parameters, facts: facts.facts,
            namedPlaces: NamedArguments.places(in: text, parameters))
    }

    private static func effect(of command: SimpleCommand) -> Effect {
        let path = command.isPathKnown ? HostPath.executable(command.path) : HostPath.unknown
        return Effect(
            action: "ssh.exec",
            resource: Resource(type: "Executable", name: command.name, attributes: ["path": .string(path)]))
    }

    private static func add(_ actions: [String], _ files: [String], to effects: inout EffectList) {
        for action in actions {
            for file in files { effects.add(effect(action, "File", file)) }
        }
    }

    private static func effect(_ action: String, _ type: String, _ name: String) -> Effect {
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
