import AdapterTestKit
import Testing

@Suite("PostgreSQL keeps the gateway's promises")
struct ConformanceTests {
    @Test("the adapter passes every check of the kit, through its listener and an upstream that speaks the protocol")
    func conforms() async throws {
        let report = try await AdapterConformance.check(PostgresDriver())
        #expect(report.findings.isEmpty, "\(report)")
        #expect(Set(report.checks) == Set(ConformanceCheck.allCases) && report.skipped.isEmpty)
    }
}
