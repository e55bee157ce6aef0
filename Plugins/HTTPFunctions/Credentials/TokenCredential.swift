import NIOCore
import Synchronization

/// A token that somebody issues to the gateway for a while.
struct IssuedToken: Sendable {
    let text: String
    /// How long it is good from now.
    let lifetime: TimeAmount

    /// Longer lives are cut to this, so that a token is asked for anew now and then whatever its issuer says.
    static let longestLife: Int64 = 86_400

    /// - Parameter seconds: What the issuer said, which may be any number.
    init(text: String, seconds: Int64) {
        self.text = text
        lifetime = .seconds(min(max(0, seconds), Self.longestLife))
    }
}

/// Puts an issued token into a field, and gets the next one shortly before it ends: one request at a time, whoever
/// needs it meanwhile waits for that one.
final class TokenCredential: CredentialSource {
    private struct State {
        var token: String?
        var renewAt = NIODeadline.distantPast
        var fetching: Task<String, any Error>?
    }

    private let field: String
    private let fetch: @Sendable () async throws -> IssuedToken
    private let state = Mutex(State())

    init(field: String, fetch: @escaping @Sendable () async throws -> IssuedToken) {
        self.field = field
        self.fetch = fetch
    }

    func prepare(_ request: OutgoingRequest, on eventLoop: any EventLoop) -> CredentialProgress {
        let current = state.withLock { $0.renewAt > .now() ? $0.token : nil }
        if let current { return .applied(apply(current, to: request)) }
        let token = eventLoop.makeFutureWithTask { [self] in
            do {
                return try await self.renewed()
            } catch let error as CredentialError {
                throw error
            } catch {
                throw CredentialError(reason: "The token for the function could not be had: \(error).")
            }
        }
        return .pending(token.map { self.apply($0, to: request) })
    }

    private func apply(_ token: String, to request: OutgoingRequest) -> PreparedRequest {
        var request = request
        request.set(field, "Bearer \(token)")
        return PreparedRequest(request: request, secrets: UpstreamSecrets([token]))
    }

    private func renewed() async throws -> String {
        let task = state.withLock { state in
            if let fetching = state.fetching { return fetching }
            let task = Task { [self] in
                defer { self.state.withLock { $0.fetching = nil } }
                let token = try await self.fetch()
                self.state.withLock { state in
                    state.token = token.text
                    // A tenth of its life, at least, is left for those who have it in hand.
                    let margin = max(TimeAmount.seconds(30).nanoseconds, token.lifetime.nanoseconds / 10)
                    state.renewAt = .now() + .nanoseconds(max(0, token.lifetime.nanoseconds - margin))
                }
                return token.text
            }
            state.fetching = task
            return task
        }
        return try await task.value
    }
}
