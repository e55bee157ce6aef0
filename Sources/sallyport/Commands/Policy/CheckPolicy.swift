import ArgumentParser
import Policy
import StrictJSON

struct CheckPolicy: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find names that nothing declares, and policies that can never match.",
        discussion: "Exit status 1 when there are errors, 78 when the policies do not load.")

    @OptionGroup var policies: PolicyFilesOptions
    @OptionGroup var format: OutputOptions

    @Flag(help: "Warnings are errors too.")
    var strict = false

    func perform() async throws {
        let loaded = try policies.load()
        let check = PolicyCheck(loaded.set, vocabulary: loaded.vocabulary)
        format.print(
            [
                "digest": .string(loaded.set.digest), "policies": .number(String(loaded.set.policies.count)),
                "findings": .array(check.findings.map(Self.json)),
            ]
        ) {
            let count = "\(loaded.set.policies.count) policies, digest \(loaded.set.digest.prefix(12))…"
            return check.findings.isEmpty ? "\(count): no findings" : "\(check)\n\(count)"
        }
        let isBad = check.hasErrors || (strict && !check.findings.isEmpty)
        if isBad { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func json(_ finding: PolicyFinding) -> JSONValue {
        [
            "severity": .string(finding.severity.rawValue), "policy": .string(finding.policy.name),
            "file": .string(finding.position.file), "line": .number(String(finding.position.line)),
            "column": .number(String(finding.position.column)), "message": .string(finding.message),
        ]
    }
}
