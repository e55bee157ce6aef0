import AdapterTestKit
import Testing

@Suite("SSH keeps the gateway's promises")
struct ConformanceTests {
    @Test("the adapter passes every check of the kit, through its listener and an upstream that speaks the protocol")
    func conforms() async throws {
        let report = try await AdapterConformance.check(SSHDriver(.input))
        #expect(report.findings.isEmpty, "\(report)")
        #expect(Set(report.checks) == Set(ConformanceCheck.allCases) && report.skipped.isEmpty)
    }

    @Test("what a rule knows by its name stands in no record of a command, whether it ran or was refused for the rule")
    func namedValues() async throws {
        let report = try await AdapterConformance.check(SSHDriver(.command))
        let findings = report.findings.filter { $0.check == .secrets }
        #expect(report.checks.contains(.secrets))
        #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
    }
}
