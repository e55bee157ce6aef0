import ArgumentParser
import StrictJSON

struct ReloadPolicy: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have a running gateway load its policies again.",
        discussion: "Policies that do not load leave those in force, and the exit status is 1.")

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let answer = try await connection.client().post("/api/v1/policy/reload")
        format.print(answer) {
            answer["changed"]?.bool == true
                ? "loaded; the policies in force have the digest \(answer.text("digest"))"
                : "nothing has changed; the digest is \(answer.text("digest"))"
        }
    }
}
