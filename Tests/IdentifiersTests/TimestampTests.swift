import Identifiers
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "moments read as RFC 3339 says, leap days and century years included",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_732_374_000_123, "2024-11-23T15:00:00.123Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)])
    func text(milliseconds: UInt64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text) == Timestamp(milliseconds: milliseconds))
    }

    @Test("a moment that there is no room for is the nearest there is")
    func farAway() {
        let moment = Timestamp(milliseconds: 5000)
        #expect(moment.adding(.seconds(2)).milliseconds == 7000 && moment.adding(.seconds(-9)).milliseconds == 0)
        #expect(moment.adding(.seconds(Int64.max)).milliseconds == UInt64(Int64.max))
        #expect(Timestamp(milliseconds: .max).adding(.seconds(1)).milliseconds == UInt64(Int64.max))
        #expect(Timestamp(milliseconds: .max).duration(since: moment) == .milliseconds(Int64.max - 5000))
    }

    @Test("fractions may be short or absent")
    func shortFractions() {
        #expect(Timestamp("1970-01-01T00:00:01Z")?.milliseconds == 1000)
        #expect(Timestamp("1970-01-01T00:00:01.5Z")?.milliseconds == 1500)
        #expect(Timestamp("1970-01-01T00:00:01.25Z")?.milliseconds == 1250)
    }

    @Test(
        "what is no moment in UTC is refused",
        arguments: [
            "", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00+01:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234Z",
            "1969-12-31T23:59:59Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("adding and taking away durations agree")
    func arithmetic() {
        let start = Timestamp(milliseconds: 1_000_000)
        #expect(start.adding(.seconds(90)).duration(since: start) == .seconds(90))
        #expect(start.adding(.milliseconds(-1)) < start)
        #expect(start.adding(.seconds(-100_000)).milliseconds == 0)
    }
}
