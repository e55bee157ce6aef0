import ArgumentParser

@main
struct Sallyport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sallyport",
        abstract: "A gateway in the data path: who asked for what is known, decided and recorded before it runs.",
        version: Gateway.version,
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [Serve.self, Demo.self, Issuer.self, DemoFunctionsCommand.self]),
            CommandGroup(
                name: "Use", subcommands: [Login.self, Logout.self, Call.self, Connect.self, SSHConfigCommand.self]),
            CommandGroup(name: "Decide", subcommands: [ApprovalsCommand.self, PolicyCommand.self]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    SessionsCommand.self, AuditCommand.self, RetentionCommand.self, RunWitness.self,
                ]),
            CommandGroup(name: "Set up", subcommands: [ConfigCommand.self, AdaptersCommand.self, Doctor.self]),
        ])

    static func main() async {
        StandardStreams.occupy()
        await main(nil)
    }
}
