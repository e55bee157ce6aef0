import Identifiers
import Testing

@testable import Vault

@Suite("KeyPeriod")
struct KeyPeriodTests {
    @Test(
        "a period is as long as the rule suggests, and holds the time",
        arguments: [
            ("2026-11-26T08:15:30.500Z", nil, "2026-11", "2026-12-01T00:00:00.000Z"),
            ("2026-12-31T23:59:59.999Z", 400 * 86_400, "2026-12", "2027-01-01T00:00:00.000Z"),
            ("2028-02-01T00:00:00.000Z", 90 * 86_400, "2028-02", "2028-03-01T00:00:00.000Z"),
            ("2027-02-28T00:00:00.000Z", 90 * 86_400, "2027-02", "2027-03-01T00:00:00.000Z"),
            ("2026-11-26T08:15:30.500Z", 30 * 86_400, "2026-11-26", "2026-11-27T00:00:00.000Z"),
            ("2026-11-26T08:15:30.500Z", 86_400, "2026-11-26T08", "2026-11-26T09:00:00.000Z"),
            ("2026-11-26T08:15:30.500Z", 10, "2026-11-26T08:15:30", "2026-11-26T08:15:31.000Z"),
        ] as [(String, Int?, String, String)])
    func lengths(time: String, seconds: Int?, name: String, until: String) throws {
        let time = try #require(Timestamp(time))
        let period = KeyPeriod(containing: time, keeping: seconds.map { .seconds($0) })
        #expect(period.description == name && period.until.description == until)
        #expect(period.from <= time && time < period.until)
    }
}
