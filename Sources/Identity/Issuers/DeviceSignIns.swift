import Identifiers
import Logging
import Synchronization

/// Signs people in on another device for programs that can only show a text, at the first issuer that offers it.
final class DeviceSignIns: Sendable {
    struct Issuer: Sendable {
        let configuration: IssuerConfiguration
        let fetcher: any DocumentFetcher
        let forms: any FormPoster
    }

    /// Whoever may ask is nobody yet, and each asking costs the issuer something.
    static let mostAtOnce = 64

    private let issuers: [Issuer]
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let places = DevicePlaces(most: mostAtOnce)

    init(issuers: [Issuer], now: @escaping @Sendable () -> Timestamp, logger: Logger) {
        self.issuers = issuers.filter { $0.configuration.clientID != nil }
        self.now = now
        self.logger = logger
    }

    /// An issuer that cannot be asked gives way to the next; its failure is told when no other takes its place.
    func begin() async throws(DeviceAuthorizationError) -> DevicePrompt {
        guard let place = places.take() else { throw .tooMany(Self.mostAtOnce) }
        var failure = DeviceAuthorizationError.notOffered(nil)
        for issuer in issuers {
            do throws(DeviceAuthorizationError) {
                let authorization = try await authorization(at: issuer)
                return DevicePrompt(
                    authorization: authorization, pending: try await authorization.begin(), place: place)
            } catch {
                if Task.isCancelled { throw .cancelled }
                if case .notOffered = error { continue }
                failure = error
                logger.warning(
                    "nobody can sign in at an issuer on another device",
                    metadata: ["issuer": "\(issuer.configuration.issuer)", "error": "\(error.reason)"])
            }
        }
        throw failure
    }

    private func authorization(at issuer: Issuer) async throws(DeviceAuthorizationError) -> DeviceAuthorization {
        let configuration = issuer.configuration
        let metadata: IssuerMetadata
        do {
            metadata = try await IssuerMetadata.fetch(configuration.issuer, through: issuer.fetcher)
        } catch {
            throw .unreachable("\(error)")
        }
        guard let clientID = configuration.clientID, let url = metadata.tokenEndpoint else {
            throw .notOffered(configuration.issuer)
        }
        return try DeviceAuthorization(
            metadata: metadata,
            endpoint: IssuerTokenEndpoint(
                url: url, clientID: clientID, clientSecret: configuration.clientSecret, forms: issuer.forms),
            scopes: configuration.scopes, now: now)
    }
}

/// A person who was shown a code and an address, and has not signed in yet. It holds one of few places until it is
/// finished, cancelled or let go.
public final class DevicePrompt: Sendable {
    private struct State {
        var isCancelled = false
        var polling: Task<String, any Error>?
    }

    private let authorization: DeviceAuthorization
    private let pending: DeviceAuthorization.Pending
    private let place: DevicePlaces.Place
    private let state = Mutex(State())

    init(authorization: DeviceAuthorization, pending: DeviceAuthorization.Pending, place: DevicePlaces.Place) {
        self.authorization = authorization
        self.pending = pending
        self.place = place
    }

    /// The page to open.
    public var verificationURI: String { pending.verificationURI }
    /// The same with the code in it, where the issuer offers that.
    public var verificationURIComplete: String? { pending.verificationURIComplete }
    /// What the page asks for, or has to show.
    public var userCode: String { pending.userCode }
    public var expiresAt: Timestamp { pending.expiresAt }

    /// Stops asking the issuer: whoever was shown the code has gone.
    public func cancel() {
        let polling = state.withLock { state in
            state.isCancelled = true
            return state.polling
        }
        polling?.cancel()
        place.leave()
    }

    /// Waits for the person.
    ///
    /// - Returns: The ID token, not verified.
    func token() async throws(DeviceAuthorizationError) -> String {
        defer { place.leave() }
        let (authorization, pending) = (authorization, pending)
        let polling = state.withLock { state -> Task<String, any Error>? in
            guard !state.isCancelled, state.polling == nil else { return nil }
            let task = Task<String, any Error> { try await authorization.token(for: pending) }
            state.polling = task
            return task
        }
        guard let polling else { throw .cancelled }
        let result = await withTaskCancellationHandler {
            await polling.result
        } onCancel: {
            polling.cancel()
        }
        switch result {
        case .success(let token): return token
        case .failure(let error as DeviceAuthorizationError): throw error
        case .failure: throw .cancelled
        }
    }
}

/// Counts who is signing in now.
final class DevicePlaces: Sendable {
    /// Left at most once, at the latest when nobody knows it any more.
    final class Place: Sendable {
        private let places: DevicePlaces
        private let isTaken = Atomic(true)

        init(_ places: DevicePlaces) { self.places = places }

        deinit { leave() }

        func leave() {
            if isTaken.exchange(false, ordering: .acquiringAndReleasing) { places.free() }
        }
    }

    private let most: Int
    private let taken = Mutex(0)

    init(most: Int) { self.most = most }

    func take() -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(self) : nil
    }

    private func free() { taken.withLock { $0 -= 1 } }
}
