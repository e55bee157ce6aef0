import AdapterTestKit
import Testing

@Suite("HTTP functions keep the gateway's promises")
struct ConformanceTests {
    @Test(
        "the adapter passes every check of the kit, through its listener and a real upstream",
        arguments: HTTPDriver.Version.allCases)
    func conforms(version: HTTPDriver.Version) async throws {
        let report = try await AdapterConformance.check(HTTPDriver(version))
        #expect(report.findings.isEmpty, "\(report)")
        #expect(Set(report.checks) == Set(ConformanceCheck.allCases) && report.skipped.isEmpty)
    }
}
