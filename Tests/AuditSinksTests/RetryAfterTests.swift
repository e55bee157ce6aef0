import Foundation
import Testing

@testable import AuditSinks

@Suite("Retry-After")
struct RetryAfterTests {
    @Test(
        "seconds and dates are understood, nonsense is not, and nobody waits for ever",
        arguments: [
            ("5", Duration.seconds(5)), (" 0 ", .zero), ("99999999999999999999999", .seconds(3600)),
            ("86400", .seconds(3600)), ("Thu, 26 Nov 2026 08:00:30 GMT", .seconds(30)),
            ("Thu, 26 Nov 2026 07:00:00 GMT", .zero), ("soon", nil), ("-1", nil), ("", nil), (nil, nil),
        ] as [(String?, Duration?)])
    func durations(field: String?, expected: Duration?) {
        let now = Date(timeIntervalSince1970: 1_795_680_000)
        #expect(RetryAfter.duration(field, now: now) == expected)
    }
}
