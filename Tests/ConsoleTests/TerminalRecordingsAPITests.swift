import AsyncHTTPClient
import Foundation
import GatewayCore
import Identifiers
import NIOCore
import Testing

@testable import Console

@Suite("Terminal recordings", .timeLimit(.minutes(1)))
struct TerminalRecordingsAPITests {
    private static func recording(_ number: UInt64, text: String? = nil, isOpen: Bool = false)
        -> ConsoleTerminalRecording
    {
        let started = Timestamp(milliseconds: 1_790_000_000_000 + number)
        return ConsoleTerminalRecording(
            command: UUIDv7(milliseconds: started.milliseconds), text: text, started: started, columns: 80, rows: 24,
            bytes: 100 * number, isOpen: isOpen)
    }

    @Test("they are listed, and paged")
    func list() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let recordings = (1...5).map { Self.recording($0, text: $0 == 1 ? nil : "ls \($0)", isOpen: $0 == 5) }
            console.backend.change { state in
                state.sessions = [session]
                state.terminalRecordings = recordings
            }
            let path = "/api/v1/sessions/\(session.id)/recordings"
            let page = try await console.get("\(path)?limit=3", as: "carol").json
            let first = try #require(page["recordings"] as? [[String: Any]])
            #expect(first.map { $0["command"] as? String } == recordings[..<3].map(\.command.description))
            #expect(first[0]["text"] is NSNull && first[1]["text"] as? String == "ls 2")
            #expect(first[0]["columns"] as? Int == 80 && first[0]["rows"] as? Int == 24)
            #expect(first[2]["bytes"] as? Int == 300 && first[2]["open"] as? Bool == false)
            let cursor = try #require(page["next_cursor"] as? String)
            let rest = try await console.get("\(path)?cursor=\(cursor)", as: "carol").json
            let last = try #require(rest["recordings"] as? [[String: Any]])
            #expect(last.map { $0["open"] as? Bool } == [false, true])
            #expect(rest["next_cursor"] is NSNull)
        }
    }

    @Test("one is passed on as it stands, or as it grows")
    func follow() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let recording = Self.recording(1, isOpen: true)
            console.backend.change { state in
                state.sessions = [session]
                state.terminalRecordings = [recording]
                state.terminalParts = ["{}\n", "", "[0.1,\"o\",\"é\"]\n", "", "", "[0.2,\"x\",\"0\"]\n"]
            }
            let path = "/api/v1/sessions/\(session.id)/recordings/\(recording.command)"
            let whole = try await console.get(path, as: "carol")
            #expect(whole.header("Content-Type") == "application/x-asciicast")
            #expect(whole.body == "{}\n")
            #expect(try await console.get("\(path)?follow=false", as: "carol").body == "{}\n")
            let followed = try await console.get("\(path)?follow=true", as: "carol")
            #expect(followed.header("Transfer-Encoding") == "chunked")
            #expect(followed.body == "{}\n[0.1,\"o\",\"é\"]\n[0.2,\"x\",\"0\"]\n")
        }
    }

    @Test("who follows sees a part when it comes, and no longer than their token lasts")
    func untilExpiry() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let recording = Self.recording(1, isOpen: true)
            console.backend.change { state in
                state.sessions = [session]
                state.terminalRecordings = [recording]
                state.terminalParts = ["{}\n", "…"]
                state.callers["brief-token"] = FakeBackend.person("brief", [], lasts: .seconds(10))
            }
            let path = "/api/v1/sessions/\(session.id)/recordings/\(recording.command)"
            var request = HTTPClientRequest(url: "\(console.url)\(path)?follow=true")
            request.headers.add(name: "Authorization", value: "Bearer brief-token")
            let began = ContinuousClock.now
            let response = try await console.client.execute(request, timeout: .seconds(30))
            var parts = response.body.makeAsyncIterator()
            #expect(try await parts.next().map { String(buffer: $0) } == "{}\n")
            #expect(began.duration(to: .now) < .seconds(9), "before the end")
            #expect(try await parts.next() == nil)
            #expect(began.duration(to: .now) > .seconds(0.5))
        }
    }

    @Test("both need the right to read recordings, and say what is wrong")
    func refusals() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let recording = Self.recording(1)
            console.backend.change { state in
                state.sessions = [session]
                state.terminalRecordings = [recording]
                state.terminalParts = ["secret"]
                state.refused["bob"] = [.readRecordings]
            }
            let list = "/api/v1/sessions/\(session.id)/recordings"
            for path in [list, "\(list)/\(recording.command)", "\(list)/\(recording.command)?follow=true"] {
                #expect(try await console.get(path).status == 401, "\(path)")
                let refused = try await console.get(path, as: "bob")
                #expect(refused.status == 403 && !refused.body.contains("secret"), "\(path)")
                #expect(try refused.json["rule"] as? String == "no-console.recordings.read")
            }
            let other = UUIDv7(milliseconds: 1)
            for (path, status) in [
                ("\(list)/\(other)", 404), ("\(list)/\(other)?follow=true", 404),
                ("/api/v1/sessions/\(other)/recordings", 404), ("/api/v1/sessions/x/recordings", 400),
                ("\(list)/x", 400), ("\(list)/..%2f..%2fetc", 400), ("\(list)/\(recording.command)?follow=1", 400),
                ("\(list)/\(recording.command)?speed=2", 400), ("\(list)?limit=0", 400), ("\(list)?cursor=x", 400),
            ] as [(String, UInt)] {
                let answer = try await console.get(path, as: "carol")
                #expect(answer.status == status, "\(path)")
                _ = try answer.problemCode()
            }
        }
    }
}
