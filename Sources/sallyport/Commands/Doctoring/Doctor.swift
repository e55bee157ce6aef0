import ArgumentParser
import Foundation
import GatewayCore
import StrictJSON

struct Doctor: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at everything that a gateway needs, and say what to do about what is wrong.",
        discussion: "Exit status 1 when a check fails; warnings alone leave it at 0.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let registry = try AdapterRegistry.all()
        var findings: [Diagnosis] = []
        func report(_ new: [Diagnosis]) {
            findings += new
            if format.output == .text { for each in new { print(each.line(for: .output)) } }
        }
        let configuration: GatewayConfiguration?
        do {
            configuration = try GatewayConfiguration.load(path: options.config, registry: registry)
            report([.ok("config", "\(options.config) is right")])
            report(
                (configuration?.notes ?? []).map {
                    .warn("config", $0, "correct the name if it is one; else take it out when nothing is left")
                })
        } catch {
            configuration = nil
            report(
                error.errors.map {
                    .fail("config", $0.description, "correct it; `sallyport config schema` describes every key")
                })
        }
        if let configuration {
            report(Examination.policies(configuration, registry))
            report(Examination.secrets(configuration))
            report(Examination.adapters(configuration, registry))
            report(Examination.state(configuration))
            report(Examination.log(configuration))
            report(Examination.timestamps(configuration))
            report(Examination.sinks(configuration))
            let isRunning = await NetworkExamination.isRunning(configuration)
            report(NetworkExamination.ports(configuration, isRunning: isRunning))
            report(await NetworkExamination.issuers(configuration))
            report(await NetworkExamination.upstreams(configuration))
        }
        if format.output == .json { print(JSONText.indented(.array(findings.map(\.json)))) }
        if findings.contains(where: { $0.level == .fail }) { throw ExitCode(ExitStatus.negative.rawValue) }
    }
}

/// What one check found.
struct Diagnosis: Equatable {
    enum Level: String { case ok, warn, fail }

    let level: Level
    /// What was looked at, in a word.
    let part: String
    let text: String
    /// What to do; `nil` where all is well.
    let advice: String?

    static func ok(_ part: String, _ text: String) -> Diagnosis {
        Diagnosis(level: .ok, part: part, text: text, advice: nil)
    }
    static func warn(_ part: String, _ text: String, _ advice: String) -> Diagnosis {
        Diagnosis(level: .warn, part: part, text: text, advice: advice)
    }
    static func fail(_ part: String, _ text: String, _ advice: String) -> Diagnosis {
        Diagnosis(level: .fail, part: part, text: text, advice: advice)
    }

    func line(for terminal: Terminal) -> String {
        let style: Terminal.Style = level == .ok ? .green : level == .warn ? .yellow : .red
        let head = terminal.styled(level.rawValue.padding(toLength: 5, withPad: " ", startingAt: 0), style)
        let name = part.padding(toLength: 9, withPad: " ", startingAt: 0)
        return "\(head) \(name) \(Terminal.plain(text))\(advice.map { "\n                → \($0)" } ?? "")"
    }

    var json: JSONValue {
        [
            "level": .string(level.rawValue), "check": .string(part), "text": .string(text),
            "advice": advice.map { .string($0) } ?? .null,
        ]
    }
}
