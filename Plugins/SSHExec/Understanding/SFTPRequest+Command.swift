import GatewayCore
import StrictJSON

extension SFTPRequest {
    /// The request as a policy and an approver see it.
    func command(login: String) -> Command {
        let names = paths.map(\.normalised)
        var effects: [Effect] = []
        for operation in operations {
            for path in paths.isEmpty ? ["?"] : names {
                let effect = Effect(action: operation.action, resource: Resource(type: "File", name: path))
                if !effects.contains(effect) { effects.append(effect) }
            }
        }
        if operations == [.copyData], names.count == 2 {
            effects = [
                Effect(action: "sftp.read", resource: Resource(type: "File", name: names[0])),
                Effect(action: "sftp.write", resource: Resource(type: "File", name: names[1])),
            ]
        }
        let words = operations.map(\.rawValue).joined(separator: "+")
        var parameters: [Parameter] = []
        for (index, path) in paths.enumerated() where path.text != path.normalised {
            parameters.append(Parameter(name: "path[\(index)]", value: .string(path.text), encoding: "sftp"))
        }
        if let attributes { parameters += attributes.parameters }
        return Command(
            effects: effects, text: (["sftp", words] + names).joined(separator: " "), parameters: parameters,
            facts: SSHFacts(login: login).facts)
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
