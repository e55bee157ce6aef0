import ArgumentParser
import GatewayCore
import StrictJSON

struct AdaptersCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapters",
        abstract: "List the adapters and the console, with the actions and facts that policies can name.")

    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let declarations = try Vocabulary.declarations(.all())
        format.print(.array(declarations.map(Self.json))) {
            declarations.map(Self.text).joined(separator: "\n\n")
        }
    }

    private static func text(_ declaration: AdapterDeclaration) -> String {
        var actions = Table("ACTION", "GROUPS", "MEANING")
        for action in declaration.actions {
            actions.add(action.name, action.groups.joined(separator: ", "), action.summary)
        }
        var resources = Table("RESOURCE", "MEANING")
        for resource in declaration.resourceTypes { resources.add(resource.name, resource.summary) }
        var facts = Table("FACT", "TYPE", "MEANING")
        for fact in declaration.facts { facts.add("context.\(fact.name)", fact.kind.rawValue, fact.summary) }
        let tables = [actions, resources, facts].map { $0.rendered(for: .output) }
        return (["\(declaration.kind): \(declaration.summary)"] + tables).joined(separator: "\n\n")
    }

    private static func json(_ declaration: AdapterDeclaration) -> JSONValue {
        [
            "kind": .string(declaration.kind), "summary": .string(declaration.summary),
            "actions": .array(
                declaration.actions.map {
                    [
                        "name": .string($0.name), "groups": .array($0.groups.map { .string($0) }),
                        "summary": .string($0.summary),
                    ]
                }),
            "resources": .array(
                declaration.resourceTypes.map { ["name": .string($0.name), "summary": .string($0.summary)] }),
            "facts": .array(
                declaration.facts.map {
                    [
                        "name": .string($0.name), "type": .string($0.kind.rawValue), "summary": .string($0.summary),
                    ]
                }),
        ]
    }
}
