import Foundation
import Testing

@testable import Console

@Suite("Entries with whatever callers send, by the API", .timeLimit(.minutes(1)))
struct OwnRecordAPITests {
    @Test("one that holds NUL characters or a deep body is shown, and so are those beside it")
    func entries() async throws {
        try await RunningConsole.run { console in
            let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
            console.backend.change {
                $0.entries = [
                    #"{"n":0}"#, #"{"n":1,"text":"id\u0000"}"#,
                    #"{"command":{"parameters":[{"value":\#(deep)}]},"n":2}"#,
                ]
            }
            for path in ["entries", "search"] {
                let answer = try await console.get("/api/v1/audit/\(path)", as: "carol")
                #expect(answer.status == 200 && answer.body.contains(#"id\u0000"#), "\(path): \(answer)")
                #expect(answer.body.contains(deep), "\(path)")
            }
            for index in 0..<3 {
                #expect(try await console.get("/api/v1/audit/entries/\(index)", as: "carol").status == 200)
            }
        }
    }
}
