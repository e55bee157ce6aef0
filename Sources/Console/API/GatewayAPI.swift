import GatewayCore
import Hummingbird
import Identity
import StrictJSON

/// The gateway itself: policies, the caller's own identity, health, and the description of this API.
struct GatewayAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/policy", policy),
            Route(.post, "/api/v1/policy/reload", reload),
            Route(.get, "/api/v1/me", me),
            Route(.post, "/api/v1/credentials", issueCredential),
            Route(.get, "/api/v1/openapi.json") { _ in
                .bytes(Array(APIDescription.text.utf8), type: "application/json")
            },
            Route(.get, "/healthz") { _ in .json(["status": "alive"]) },
            Route(.get, "/readyz", ready),
            Route(.get, "/metrics") { [backend] exchange in
                _ = try exchange.query()
                return .bytes(Array(backend.metrics().utf8), type: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    private func policy(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .readPolicy, on: ConsoleResource(.policySet))
        return .json(try await backend.policies())
    }

    private func reload(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .reloadPolicy, on: ConsoleResource(.policySet))
        let outcome = try await backend.reloadPolicies(by: caller)
        guard outcome.errors.isEmpty else {
            let shown = outcome.errors.prefix(20).joined(separator: "\n")
            throw Problem(
                .unprocessableContent, "policy-refused", "The policies do not load; those in force stay.\n\(shown)",
                next: "Correct them and load them again; `sallyport policy check` finds the same.")
        }
        return .json(["digest": .string(outcome.digest), "changed": .bool(outcome.isChanged)])
    }

    private func me(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        var members = [
            JSONMember("issuer", .string(caller.issuer)), JSONMember("subject", .string(caller.subject)),
            JSONMember("label", caller.label.map { .string($0) } ?? .null),
            JSONMember("expires_at", .string(caller.expiresAt.description)),
        ]
        switch caller.groups {
        case .known(let groups): members.append(JSONMember("groups", .array(groups.sorted().map { .string($0) })))
        case .unknown(let why):
            members.append(JSONMember("groups", .null))
            members.append(JSONMember("groups_unknown", .string(why.description)))
        }
        return .json(.object(members))
    }

    /// Nobody needs a permission: who asks has signed in, and gets no more than that.
    private func issueCredential(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let caller = try await backend.signIn(exchange)
        let issued = try await backend.issueCredential(to: caller)
        return .json([
            "name": .string(issued.name), "secret": .string(issued.secret),
            "expires_at": .string(issued.expiresAt.description),
        ])
    }

    private func ready(_ exchange: Exchange) async throws -> Response {
        let problems = await backend.problems()
        guard !problems.isEmpty else { return .json(["status": "ready"]) }
        // Anybody may ask, so only the names of the parts; what is wrong with them stands in the gateway's log.
        let parts = problems.map { JSONValue.string($0.part) }
        return .json(["status": "not ready", "failing": .array(parts)], status: .serviceUnavailable)
    }
}
