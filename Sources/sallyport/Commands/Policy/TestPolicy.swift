import ArgumentParser
import ConfigFile
import Policy
import StrictJSON

struct TestPolicy: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run tables of requests with the decisions that are expected.",
        discussion: """
            A table is a YAML list of cases:
              - name: payments may read
                principal: alice
                groups: [payments]
                action: http.get
                resource: Function::"payments/customers/c-17"
                in: [Target::"payments"]   # optional: the resource's target by default
                expect: allow            # or approve, deny
                by: payments-may-read    # optional: the policy that decides
                masks: [customer-pii]    # optional
              - principal: alice
                groups: [payments]
                action: ssh.exec
                resource: Executable::"web-1/uptime"
                context: {shell: {opaque: true}}   # optional: facts as `sallyport adapters` lists them
                expect: deny
            A fact that a policy reads and a case does not give is taken to be what it usually is, and the report says \
            so; a case fails that cannot be told without one. Exit status 1 when a case does not hold, or with \
            --full-coverage when a policy decided none; 64 for a table that is empty or names an action, a type, a \
            target or a fact that does not exist.
            """)

    @Argument(help: "The tables, as YAML files.")
    var tables: [String]

    @Flag(help: "Every policy must decide a case.")
    var fullCoverage = false

    @OptionGroup var policies: PolicyFilesOptions
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let loaded = try policies.load()
        var cases: [PolicyTestTable.Case] = []
        var findings: [String] = []
        for path in tables {
            let value = try ConfigDocument.value(path: path)
            do throws(PolicyDecodingError) {
                let table = try PolicyTestTable(json: Self.withTargets(value))
                cases += table.cases
                findings += table.findings(loaded.vocabulary).map { "\(path): \($0)" }
            } catch {
                findings.append("\(path): \(error)")
            }
        }
        guard findings.isEmpty else { throw CommandFailure(findings.joined(separator: "\n"), status: .usage) }
        let report = PolicyTestTable(cases: cases).run(loaded.set, loaded.vocabulary)
        format.print(Self.json(report)) { report.description }
        if !report.hasPassed || (fullCoverage && !report.uncovered.isEmpty) {
            throw ExitCode(ExitStatus.negative.rawValue)
        }
    }

    private static func withTargets(_ table: JSONValue) -> JSONValue {
        switch table {
        case .array(let cases): .array(cases.map(\.withTargetOfResource))
        case .object(let members):
            .object(members.map { $0.name == "cases" ? JSONMember("cases", withTargets($0.value)) : $0 })
        default: table
        }
    }

    private static func json(_ report: PolicyTestReport) -> JSONValue {
        [
            "passed": .bool(report.hasPassed),
            "cases": .array(
                report.results.map {
                    [
                        "name": .string($0.name), "passed": .bool($0.hasPassed), "rule": .string($0.decision.rule),
                        "assumed": .array($0.assumptions.map { .string($0) }),
                        "failures": .array($0.failures.map { .string($0) }),
                    ]
                }), "policies": .number(String(report.policyCount)),
            "uncovered": .array(report.uncovered.map { .string($0.id.name) }),
        ]
    }
}
