import Approvals
import GatewayCore
import Hummingbird
import Identifiers
import Identity
import NIOCore
import ServiceLifecycle
import StrictJSON

/// Sessions: who used what, what was recorded of it, and ending one.
struct SessionsAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/sessions", list),
            Route(.get, "/api/v1/sessions/{id}", show),
            Route(.get, "/api/v1/sessions/{id}/entries", entries),
            Route(.get, "/api/v1/sessions/{id}/recording", recording),
            Route(.get, "/api/v1/sessions/{id}/recordings", terminalRecordings),
            Route(.get, "/api/v1/sessions/{id}/recordings/{command}", terminalRecording),
            Route(.post, "/api/v1/sessions/{id}/originals", originals),
            Route(.post, "/api/v1/sessions/{id}/terminate", terminate),
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        let query = try exchange.query("caller", "target", "from", "to", "limit", "cursor")
        let limit = try query.number("limit", in: 1...200) ?? 50
        let (from, to) = try query.period()
        let search = SessionQuery(
            caller: query["caller"], target: query["target"], from: from, to: to, before: try query.id("cursor"),
            limit: limit + 1)
        try await backend.admit(caller, .readSessions, on: ConsoleResource(.sessions, target: query["target"]))
        let found = try await backend.sessions(matching: search)
        return .json(Page(found, limit: limit, cursor: \.id.description).json("sessions") { $0.json })
    }

    private func show(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        return .json(try await session(exchange, .readSessions).json)
    }

    /// What the audit log tells of the session, which there always is.
    private func entries(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let session = try await session(exchange, .readRecordings)
        let parts: AsyncThrowingStream<[UInt8], any Error>
        do {
            parts = try await backend.entries(of: session.id)
        } catch let error as IndexError {
            throw Problem(indexUnavailable: error)
        }
        let body = ResponseBody { writer in
            for try await part in parts { try await writer.write(ByteBuffer(bytes: part)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }

    private func recording(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let session = try await session(exchange, .readRecordings)
        guard let parts = try await backend.recording(of: session.id) else {
            try await sayWhetherDeleted(.recording, in: session.id, "recording of session \(session.id)")
            throw Problem.notFound(
                "recording of session \(session.id)", next: "Policies decide what is recorded, with @record.")
        }
        let body = ResponseBody { writer in
            for try await part in parts { try await writer.write(ByteBuffer(bytes: part)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }

    private func terminalRecordings(_ exchange: Exchange) async throws -> Response {
        let query = try exchange.query("limit", "cursor")
        let limit = try query.number("limit", in: 1...200) ?? 50
        let cursor = try query.id("cursor")
        let session = try await session(exchange, .readRecordings)
        let found = try await backend.terminalRecordings(of: session.id, after: cursor, limit: limit + 1)
        return .json(Page(found, limit: limit, cursor: \.command.description).json("recordings") { $0.json })
    }

    private func terminalRecording(_ exchange: Exchange) async throws -> Response {
        let follow = try exchange.query("follow").choice("follow", of: Answer.self) ?? .no
        let id = try exchange.id(of: "session")
        let text = exchange.parameters["command"] ?? ""
        guard let command = UUIDv7(text) else {
            throw Problem.badRequest("\"\(text.prefix(64))\" is not the id of a command: a UUID is expected.")
        }
        let caller = try await backend.signIn(exchange)
        let session = try await authorized(id, caller, .readRecordings)
        guard
            let parts = try await backend.terminalRecording(
                of: session.id, command: command, following: follow == .yes)
        else {
            try await sayWhetherDeleted(
                .terminalRecording(command: command), in: session.id, "terminal recording of command \(command)")
            throw Problem.notFound(
                "terminal recording of command \(command)",
                next: "/api/v1/sessions/\(id)/recordings lists those there are.")
        }
        let body = ResponseBody { writer in
            var written = ContinuousClock.now
            for try await part in parts {
                // Who watches has a token's time to do so, and does not keep the gateway from ending.
                if follow == .yes, Timestamp.now >= caller.expiresAt || Task.isShuttingDownGracefully { break }
                if !part.isEmpty {
                    try await writer.write(ByteBuffer(bytes: part))
                    written = .now
                } else if written.duration(to: .now) > Self.silence {
                    // A comment, which players pass over: it shows whether anybody is still there.
                    try await writer.write(ByteBuffer(string: "# nothing new\n"))
                    written = .now
                }
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-asciicast"], body: body)
    }

    /// - Throws: `Problem` when what is not there was deleted by a rule.
    private func sayWhetherDeleted(
        _ evidence: SessionEvidence, in session: UUIDv7, _ what: String
    ) async throws {
        guard let absence = try await backend.retention?.absence(of: evidence, in: session) else { return }
        throw Problem(
            .gone, "evidence-deleted", "The \(what) was \(absence).",
            next: "The log has its digest and the record of its deletion; see `sallyport audit verify`.")
    }

    /// How long nothing is sent to who follows a recording.
    private static let silence = Duration.seconds(15)

    private enum Answer: String, CaseIterable {
        case yes = "true"
        case no = "false"
    }

    private func originals(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let id = try exchange.id(of: "session")
        let caller = try await backend.signIn(exchange)
        let body = try await exchange.jsonBody("command", "justification", "part")
        let reason = try Justification(try body.text("justification")).text
        let named = (command: try body.text("command") ?? "", part: try body.text("part") ?? "")
        guard let command = UUIDv7(named.command), let part = Int(named.part), part > 0 else {
            throw Problem.badRequest("command is the id of a command, and part a number from 1 on.")
        }
        let session = try await authorized(id, caller, .readOriginals)
        try await requireOriginals(of: command, part: part, in: session.id)
        guard
            let parts = try await backend.sealedOriginals(
                of: session.id, part: part, for: command, to: caller, reason: reason)
        else {
            try await sayWhetherDeleted(
                .originals(part: part), in: session.id, "file of sealed originals of session \(session.id)")
            throw Problem.notFound(
                "file of sealed originals of session \(session.id)",
                next: "They are kept where `audit: {originals: …}` names an auditor's key.")
        }
        let answer = ResponseBody { writer in
            for try await part in parts { try await writer.write(ByteBuffer(bytes: part)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/octet-stream"], body: answer)
    }

    /// What stands in the log of who was given originals is true: the file that they get is one that the command named
    /// has originals in.
    private func requireOriginals(of command: UUIDv7, part: Int, in session: UUIDv7) async throws {
        let has: Bool?
        do {
            has = try await backend.hasOriginals(of: command, part: part, in: session)
        } catch let error as IndexError {
            throw Problem(indexUnavailable: error)
        }
        guard let has else {
            throw Problem.notFound(
                "command \(command) in session \(session)", next: "/api/v1/sessions/\(session)/entries lists them.")
        }
        guard has else {
            throw Problem(
                .conflict, "no-originals", "The log names no originals of command \(command) in part \(part).",
                next: "The command's entries `outcome` and `originals` name the file; of a command that still runs the "
                    + "log knows later.")
        }
    }

    private func terminate(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let id = try exchange.id(of: "session")
        let caller = try await backend.signIn(exchange)
        let reason = try Justification(try await exchange.jsonBody("justification").text("justification")).text
        let session = try await authorized(id, caller, .terminateSessions)
        guard try await backend.terminate(session.id, by: caller, reason: reason) else {
            throw Problem(
                .conflict, "session-not-open", "The session is not open any more.", next: "There is nothing to do.")
        }
        return .json(["id": .string(session.id.description), "terminated": true])
    }

    private func session(_ exchange: Exchange, _ action: ConsoleAction) async throws -> SessionSummary {
        let id = try exchange.id(of: "session")
        return try await authorized(id, try await backend.signIn(exchange), action)
    }

    /// Asked before it is said whether there is such a session.
    private func authorized(_ id: UUIDv7, _ caller: Caller, _ action: ConsoleAction) async throws -> SessionSummary {
        let session = try await backend.session(id)
        let owner = session.map { TicketParty(issuer: $0.issuer, subject: $0.subject, label: $0.label) }
        try await backend.admit(
            caller, action,
            on: ConsoleResource(.session, name: id.description, target: session?.target, owner: owner))
        guard let session else { throw Problem.notFound("session \(id)") }
        return session
    }
}

extension SessionSummary {
    fileprivate var json: JSONValue {
        [
            "id": .string(id.description), "target": .string(target), "kind": .string(kind),
            "caller": ["issuer": .string(issuer), "subject": .string(subject), "label": .text(label)],
            "client": .string(client), "started": .string(started.description), "ended": .text(ended?.description),
            "end_reason": .text(endReason), "commands": .number(String(commands)),
            "refused": .number(String(refused)), "failed": .number(String(failed)),
            "masked": .number(String(masked)), "recording_sha256": .text(recordingSHA256),
        ]
    }
}

extension ConsoleTerminalRecording {
    fileprivate var json: JSONValue {
        [
            "command": .string(command.description), "text": .text(text), "started": .string(started.description),
            "columns": .number(String(columns)), "rows": .number(String(rows)), "bytes": .number(String(bytes)),
            "open": .bool(isOpen),
        ]
    }
}

extension JSONValue {
    fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
