import Foundation
import GatewayCore
import Identifiers
import Testing

@testable import Console
@testable import Identity

@Suite("Sessions, audit log, policies and health")
struct GatewayAPITests {
    @Test("sessions are searched, shown and paged")
    func sessions() async throws {
        try await RunningConsole.run { console in
            let samples = (0..<5).map { SessionSummary.sample($0, subject: $0 == 4 ? "bob" : "alice") }
            console.backend.change { $0.sessions = samples }
            func found(_ query: String) async throws -> [String] {
                let json = try await console.get("/api/v1/sessions\(query)", as: "carol").json
                return try #require(json["sessions"] as? [[String: Any]]).compactMap { $0["id"] as? String }
            }
            let ids = samples.map(\.id.description)
            #expect(try await found("") == ids.reversed())
            #expect(try await found("?caller=bob%40example.com") == [ids[4]])
            #expect(try await found("?target=hr") == [])
            #expect(try await found("?from=\(samples[1].started)&to=\(samples[3].started)") == [ids[2], ids[1]])
            let page = try await console.get("/api/v1/sessions?limit=2", as: "carol").json
            #expect(page["next_cursor"] as? String == ids[3])
            #expect(try await found("?limit=2&cursor=\(ids[3])") == [ids[2], ids[1]])
            let shown = try await console.get("/api/v1/sessions/\(ids[0])", as: "carol").json
            #expect(shown["commands"] as? Int == 3 && shown["ended"] is NSNull)
            #expect((shown["caller"] as? [String: Any])?["subject"] as? String == "alice")
            #expect(try await console.get("/api/v1/sessions/\(UUIDv7(milliseconds: 1))", as: "carol").status == 404)
        }
    }

    @Test("whoever signs in does so from an address, which the backend is told")
    func client() async throws {
        try await RunningConsole.run { console in
            let refused = try await console.get("/api/v1/me", as: "nobody")
            #expect(refused.status == 401)
            #expect(try await console.get("/api/v1/me", as: "carol").status == 200)
            let clients = console.backend.state.withLock { $0.clients }
            #expect(clients.count == 2)
            let ports = clients.map { $0.hasPrefix("127.0.0.1:") ? Int($0.dropFirst(10)) : nil }
            #expect(ports.allSatisfy { ($0 ?? 0) > 0 }, "\(clients)")
        }
    }

    @Test("a recording is passed on line by line")
    func recording() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let silent = SessionSummary.sample(1)
            let lines = (0..<1000).map { #"{"offset":\#($0),"body":"\#(String(repeating: "x", count: 500))"}"# }
            console.backend.change { state in
                state.sessions = [session, silent]
                state.recordings[session.id] = lines
            }
            let answer = try await console.get("/api/v1/sessions/\(session.id)/recording", as: "carol")
            #expect(answer.header("Content-Type") == "application/x-ndjson")
            #expect(answer.body == lines.map { "\($0)\n" }.joined())
            #expect(try await console.get("/api/v1/sessions/\(silent.id)/recording", as: "carol").status == 404)
            console.backend.change { $0.refused["carol"] = [.readRecordings] }
            #expect(try await console.get("/api/v1/sessions/\(session.id)/recording", as: "carol").status == 403)
            #expect(try await console.get("/api/v1/sessions/\(session.id)", as: "carol").status == 200)
        }
    }

    @Test("sealed originals are given out for a command and a reason, to who may have them")
    func originals() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            let sealed = [UInt8](0...0x7f)
            let (command, late) = (UUIDv7(milliseconds: 7), UUIDv7(milliseconds: 8))
            console.backend.change { state in
                state.sessions = [session]
                state.originals[session.id] = sealed
                state.refused["bob"] = [.readOriginals]
                state.commands[session.id] = [command: 1, late: 2]
            }
            let path = "/api/v1/sessions/\(session.id)/originals"
            let body = #"{"command":"\#(command)","justification":"case 7","part":"1"}"#
            let given = try await console.post(path, as: "carol", body)
            #expect(given.status == 200 && given.header("Content-Type") == "application/octet-stream")
            #expect(given.body == String(decoding: sealed, as: UTF8.self))
            let wrong = [
                #"{"command":"\#(command)","part":"1"}"#, #"{"command":"\#(command)","justification":" ","part":"1"}"#,
                #"{"command":"x","justification":"case 7","part":"1"}"#,
                #"{"command":"\#(command)","justification":"case 7","part":"0"}"#,
                #"{"command":"\#(command)","justification":"case 7","part":"../1"}"#,
            ]
            for body in wrong { #expect(try await console.post(path, as: "carol", body).status == 400, "\(body)") }
            // A command of another session, one whose originals are elsewhere, and a file that is not there.
            for (named, part, status, code) in [
                (UUIDv7(milliseconds: 9), 1, 404, "not-found"), (command, 2, 409, "no-originals"),
                (late, 1, 409, "no-originals"), (late, 2, 404, "not-found"),
            ] as [(UUIDv7, Int, UInt, String)] {
                let body = #"{"command":"\#(named)","justification":"case 7","part":"\#(part)"}"#
                let answer = try await console.post(path, as: "carol", body)
                #expect(answer.status == status, "\(body)")
                #expect(try answer.problemCode() == code, "\(body)")
            }
            #expect(try await console.post(path, as: "bob", body).status == 403)
            console.backend.change { $0.indexError = .missing(path: "/state/index.sqlite") }
            #expect(try await console.post(path, as: "carol", body).problemCode() == "index-unavailable")
            let taken = console.backend.state.withLock(\.taken)
            #expect(taken == ["carol \(command) case 7"])
        }
    }

    @Test("an open session is ended with a reason, a closed one is not")
    func terminate() async throws {
        try await RunningConsole.run { console in
            let session = SessionSummary.sample(0)
            console.backend.change { state in
                state.sessions = [session]
                state.open = [session.id]
            }
            let path = "/api/v1/sessions/\(session.id)/terminate"
            #expect(try await console.post(path, as: "carol", "{}").problemCode() == "justification-missing")
            #expect(try await console.post(path, as: "carol", #"{"justification":"\u200b "}"#).status == 400)
            let ended = try await console.post(path, as: "carol", #"{"justification":"stolen token"}"#)
            #expect(ended.status == 200)
            let by = console.backend.state.withLock { $0.terminated.map { "\($0.by): \($0.reason)" } }
            #expect(by == ["carol: stolen token"])
            let again = try await console.post(path, as: "carol", #"{"justification":"again"}"#)
            #expect(again.status == 409)
            #expect(try again.problemCode() == "session-not-open")
        }
    }

    @Test("entries are read by index, by id and by page, as they stand in the log")
    func entries() async throws {
        try await RunningConsole.run { console in
            let ids = (0..<5).map { UUIDv7(milliseconds: 1_790_000_000_000 + $0) }
            console.backend.change { state in
                state.entries = ids.map { #"{"id":"\#($0)","kind":"intent","n":12345678901234567890,"é":"<>"}"# }
            }
            let byIndex = try await console.get("/api/v1/audit/entries/3", as: "carol")
            let byID = try await console.get("/api/v1/audit/entries/\(ids[3])", as: "carol")
            let wanted = #"{"entry":{"id":"\#(ids[3])","kind":"intent","n":12345678901234567890,"é":"<>"},"index":3}"#
            #expect(byIndex.body == wanted)
            #expect(byID.body == wanted)
            #expect(try await console.get("/api/v1/audit/entries/5", as: "carol").status == 404)
            #expect(
                try await console.get("/api/v1/audit/entries/\(UUIDv7(milliseconds: 1))", as: "carol").status == 404)
            let page = try await console.get("/api/v1/audit/entries?from=1&limit=2", as: "carol").json
            #expect((page["entries"] as? [[String: Any]])?.map { $0["index"] as? Int } == [1, 2])
            let cursor = try #require(page["next_cursor"] as? String)
            let next = try await console.get("/api/v1/audit/entries?cursor=\(cursor)", as: "carol").json
            #expect((next["entries"] as? [[String: Any]])?.map { $0["index"] as? Int } == [3, 4])
            #expect(next["next_cursor"] is NSNull)
            let checkpoint = try await console.get("/api/v1/audit/checkpoint", as: "carol").json
            #expect(checkpoint["size"] as? Int == 3 && checkpoint["origin"] as? String == "gate.example/log")
        }
    }

    @Test("policies are shown and loaded again; when they do not load, it says why")
    func policies() async throws {
        try await RunningConsole.run { console in
            #expect(try await console.get("/api/v1/policy", as: "carol").json["digest"] as? String == "d1")
            let loaded = try await console.send("POST", "/api/v1/policy/reload", as: "carol")
            #expect(try loaded.json["changed"] as? Bool == true)
            console.backend.change {
                $0.reload = ConsolePolicyReload(digest: "d1", isChanged: false, errors: ["a.cedar:3:7: no such action"])
            }
            let refused = try await console.send("POST", "/api/v1/policy/reload", as: "carol")
            #expect(refused.status == 422)
            #expect(try refused.problemCode() == "policy-refused")
            #expect(try (refused.json["detail"] as? String)?.contains("a.cedar:3:7") ?? false)
            #expect(console.backend.state.withLock { $0.reloads } == 2)
        }
    }

    @Test("who I am, with groups, or with the reason why they are unknown")
    func me() async throws {
        try await RunningConsole.run { console in
            let alice = try await console.get("/api/v1/me", as: "alice").json
            #expect(alice["subject"] as? String == "alice" && alice["groups"] as? [String] == ["payments"])
            console.backend.change { state in
                state.callers["entra-token"] = Caller(
                    issuer: "https://issuer.example", subject: "x", label: nil, groups: .unknown(.entraOverage),
                    signedInAt: .now, expiresAt: .now)
            }
            let unknown = try await console.get("/api/v1/me", as: "entra").json
            #expect(unknown["groups"] is NSNull && unknown["label"] is NSNull)
            #expect((unknown["groups_unknown"] as? String)?.contains("Entra") ?? false)
        }
    }

    @Test("health needs no token, and names the parts that are not ready but not what is wrong with them")
    func health() async throws {
        try await RunningConsole.run { console in
            #expect(try await console.get("/healthz").json["status"] as? String == "alive")
            #expect(try await console.get("/readyz").status == 200)
            console.backend.change { $0.problems = [("audit", "/var/secret is full")] }
            let answer = try await console.get("/readyz")
            #expect(answer.status == 503)
            #expect(try answer.json["failing"] as? [String] == ["audit"])
            #expect(!answer.body.contains("secret"))
            #expect(try await console.get("/healthz").status == 200)
        }
    }

    @Test("metrics need no token, and are what Prometheus reads")
    func metrics() async throws {
        try await RunningConsole.run { console in
            let answer = try await console.get("/metrics")
            #expect(answer.status == 200 && answer.body == "sallyport_sink_up 1\n")
        }
    }
}
