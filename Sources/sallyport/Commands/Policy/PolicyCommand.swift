import ArgumentParser

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check, explain, test, replay and reload policies.",
        subcommands: [CheckPolicy.self, ExplainPolicy.self, TestPolicy.self, ReplayPolicy.self, ReloadPolicy.self])
}
