import GatewayCore
import Identifiers
import Identity
import StrictJSON
import Synchronization
import Testing

@Suite("Failed sign-ins at the console")
struct ConsoleSignInFailuresTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    @Test("a flood writes fifty entries a second, with where it came from, and counts the rest")
    func flood() throws {
        let written = Mutex<[JSONValue]>([])
        let failures = ConsoleSignInFailures { bytes in
            let entry = try JSONValue(parsing: bytes)
            written.withLock { $0.append(entry) }
        }
        for _ in 0..<10_000 { failures.record(.badSignature, client: "10.1.2.3:4", at: Self.start) }
        #expect(written.withLock { $0.count } == 50)
        failures.record(.expired, client: "[::1]:5", at: Self.start.adding(.seconds(1)))
        let entries = written.withLock { $0 }
        #expect(entries.count == 51)
        #expect(entries.allSatisfy { $0["kind"]?.string == "sign-in-failure" && $0["at"]?.string == "console" })
        #expect(entries[0]["client"]?.string == "10.1.2.3:4" && entries[0]["suppressed"]?.integer == nil)
        #expect(entries[50]["client"]?.string == "[::1]:5" && entries[50]["suppressed"]?.integer == 9950)
    }

    @Test("a log that takes no entries changes nothing of the answer")
    func full() {
        struct Full: Error {}
        let failures = ConsoleSignInFailures { _ in throw Full() }
        failures.record(.expired, client: "10.1.2.3:4", at: Self.start)
    }
}
