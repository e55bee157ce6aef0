import AdapterTestKit
import Testing

@Suite("Adapter conformance", .serialized)
struct AdapterConformanceTests {
    @Test("an adapter that keeps all promises passes every check")
    func sound() async throws {
        let report = try await AdapterConformance.check(ParrotDriver(fault: .none))
        #expect(report.findings.isEmpty, "\(report)")
        #expect(Set(report.checks) == Set(ConformanceCheck.allCases) && report.skipped.isEmpty)
    }

    /// What each fault must be found by, at least.
    private static let faults: [(ParrotAdapter.Fault, ConformanceCheck)] = [
        (.forwardsBeforeRecording, .allowed), (.forwardsBeforeRecording, .denied),
        (.forwardsForStrangers, .strangers), (.masksOnlyWholeAnswers, .masking), (.recordsUnmasked, .secrets),
        (.swallowsOutcomes, .allowed), (.swallowsOutcomes, .outcomes), (.dropsPermits, .outcomes),
        (.forgetsCallersThatLeave, .callerGone), (.refusesWithoutReason, .denied),
        (.refusesWithoutReason, .fullDisk), (.runsApprovedCommandsTwice, .approval), (.hidesWhatIsOpaque, .opaque),
        (.statesUndeclaredFacts, .vocabulary), (.echoesItsCredential, .secrets), (.neverEndsSessions, .sessions),
        (.namesParametersWrongly, .secrets),
    ]

    @Test("an adapter that breaks a promise is found out", arguments: ParrotAdapter.Fault.allCases.dropFirst())
    func faulty(fault: ParrotAdapter.Fault) async throws {
        let report = try await AdapterConformance.check(ParrotDriver(fault: fault), patience: .milliseconds(500))
        let expected = Self.faults.filter { $0.0 == fault }.map(\.1)
        #expect(!expected.isEmpty)
        for check in expected {
            #expect(report.findings.contains { $0.check == check }, "\(fault) is not found by: \(check.rawValue)")
        }
    }

    @Test("a finding says which check and what was seen")
    func wording() async throws {
        let report = try await AdapterConformance.check(ParrotDriver(fault: .echoesItsCredential))
        let finding = try #require(report.findings.first)
        #expect(finding.check == .secrets)
        #expect(
            "\(finding)".hasPrefix(
                "\(ConformanceCheck.secrets.rawValue): the upstream's credential stands in an answer"))
    }
}
