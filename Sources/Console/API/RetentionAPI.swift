import Approvals
import GatewayCore
import Hummingbird
import Identifiers
import Identity
import StrictJSON

/// When evidence is deleted, and what is held.
struct RetentionAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/retention", plan),
            Route(.get, "/api/v1/retention/holds", list),
            Route(.post, "/api/v1/retention/holds", add),
            Route(.post, "/api/v1/retention/holds/{id}/release", release),
        ]
    }

    private func retention() throws -> any ConsoleRetention {
        guard let retention = backend.retention else { throw Problem.notFound("retention here") }
        return retention
    }

    private func plan(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .readRetention, on: ConsoleResource(.retention))
        return .json(try await retention().plan())
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .readRetention, on: ConsoleResource(.retention))
        return .json(["holds": .array(try await retention().holds())])
    }

    private func add(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        let body = try await exchange.jsonBody("session", "issuer", "subject", "reason")
        let reason = try Justification(try body.text("reason")).text
        let subject = try Self.subject(body)
        try await backend.admit(caller, .addHold, on: ConsoleResource(.hold))
        guard let hold = try await retention().hold(subject, reason: reason, by: caller) else {
            throw Problem.notFound(
                "session with this id in the audit log, so nothing is held",
                next: "Check the id; `sallyport sessions list` and /api/v1/sessions show those there are.")
        }
        return .json(hold)
    }

    private static func subject(_ body: JSONValue) throws -> ConsoleHoldSubject {
        switch (try body.text("session"), try body.text("issuer"), try body.text("subject")) {
        case (let session?, nil, nil):
            guard let id = UUIDv7(session) else {
                throw Problem.badRequest("\"\(session.prefix(64))\" is not the id of a session: a UUID is expected.")
            }
            return .session(id)
        case (nil, let issuer?, let subject?) where !issuer.isEmpty && !subject.isEmpty:
            return .caller(issuer: issuer, subject: subject)
        default:
            throw Problem.badRequest(
                "It is not said what is held.", next: "Send either session, or issuer and subject of a caller.")
        }
    }

    private func release(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let id = try exchange.id(of: "hold")
        let caller = try await backend.signIn(exchange)
        let reason = try Justification(try await exchange.jsonBody("reason").text("reason")).text
        try await backend.admit(caller, .releaseHold, on: ConsoleResource(.hold, name: id.description))
        guard try await retention().release(id, reason: reason, by: caller) else {
            throw Problem.notFound("hold \(id)")
        }
        return .json(["hold": .string(id.description), "released": true])
    }
}
