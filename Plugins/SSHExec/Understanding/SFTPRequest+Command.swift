import GatewayCore
import Identifiers
import StrictJSON

extension SFTPRequest {
    /// The request as a policy and an approver see it. Two that the host would treat differently differ in it, so that
    /// an approval is for one of them.
    func command(login: String) -> Command {
        var effects = EffectList()
        func add(_ action: String, _ names: [String]) {
            for name in names { effects.add(Effect(action: action, resource: Resource(type: "File", name: name))) }
        }
        for operation in operations {
            if operation == .copyData, paths.count == 2 {
                add("sftp.read", paths[0].names)
                add("sftp.write", paths[1].names)
            } else {
                for path in paths { add(operation.action, path.names) }
                if paths.isEmpty { add(operation.action, [HostPath.unknown]) }
            }
        }
        let words = operations.map(\.rawValue).joined(separator: "+")
        return Command(
            effects: effects.effects, text: (["sftp", words] + paths.map(\.normalised)).joined(separator: " "),
            parameters: parameters, facts: SSHFacts(login: login).facts)
    }

    private var parameters: [Parameter] {
        var parameters: [Parameter] = []
        func add(_ name: String, _ value: JSONValue) {
            parameters.append(Parameter(name: name, value: value, encoding: "sftp"))
        }
        add("request", .string(message))
        for (index, path) in paths.enumerated() where !path.text.isExactly(path.normalised) {
            add("path[\(index)]", .string(path.text))
        }
        if let openFlags { add("flags", .array(openFlags.names.map(JSONValue.string))) }
        for numbers in numbers {
            let values = numbers.values.map { JSONValue.number("\($0)") }
            if numbers.isList {
                add(numbers.name, .array(values))
            } else {
                for value in values { add(numbers.name, value) }
            }
        }
        return parameters + (attributes?.parameters ?? [])
    }
}

extension SFTPOperation {
    fileprivate var action: String {
        switch self {
        case .hardlink: "sftp.symlink"
        case .copyData: "sftp.write"
        default: "sftp.\(rawValue)"
        }
    }
}
