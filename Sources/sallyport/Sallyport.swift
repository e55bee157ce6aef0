import ArgumentParser

@main
struct Sallyport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sallyport",
        abstract: "A gateway in the data path: who asked for what is known, decided and recorded before it runs.",
        version: Gateway.version,
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [Serve.self, Issuer.self])
        ])
}
