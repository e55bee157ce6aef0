import ArgumentParser

struct ShowAuditKey: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Print the log's public key, for those who verify elsewhere.",
        discussion: "In the form of C2SP signed-note verifier keys, which tlog tools read.")

    @OptionGroup var location: AuditLocation

    func perform() async throws { print(try location.key(nil)) }
}
