import Identifiers
import Logging
import StrictJSON

/// The keys of one issuer: fetched through its discovery document, kept as long as it says, fetched anew when a token
/// names one that is not there.
actor IssuerKeys {
    /// Between two fetches that tokens with unknown keys cause, so that nobody can make the gateway flood the issuer.
    static let unknownKeyInterval: Duration = .seconds(30)
    /// Between two attempts while the issuer is down.
    static let retryInterval: Duration = .seconds(5)
    private static let shortestAge: Duration = .seconds(60)
    private static let longestAge: Duration = .seconds(24 * 3600)
    private static let usualAge: Duration = .seconds(3600)

    private struct KeySet {
        let keys: [VerificationKey]
        let algorithms: Set<SigningAlgorithm>
        let staleAt: Timestamp
    }

    private let configuration: IssuerConfiguration
    private let fetcher: any DocumentFetcher
    private let now: @Sendable () -> Timestamp
    private let keysChanged: @Sendable () -> Void
    private let logger: Logger
    private var current: KeySet?
    private var lastAttempt: Timestamp?
    private var lastFailure: String?
    private var lastUnknownKeyFetch: Timestamp?
    private var fetching: Task<Void, any Error>?

    init(
        configuration: IssuerConfiguration, fetcher: any DocumentFetcher, now: @escaping @Sendable () -> Timestamp,
        keysChanged: @escaping @Sendable () -> Void, logger: Logger
    ) {
        self.configuration = configuration
        self.fetcher = fetcher
        self.now = now
        self.keysChanged = keysChanged
        self.logger = logger
    }

    /// The key for a token's `kid` and `alg`.
    func key(_ keyID: String?, for algorithm: SigningAlgorithm) async throws(SignInError) -> VerificationKey {
        try await refreshIfStale()
        if let key = try find(keyID, algorithm) { return key }
        // A fetch that runs already may bring it, and costs the issuer nothing more.
        if fetching == nil {
            if let last = lastUnknownKeyFetch, now().duration(since: last) < Self.unknownKeyInterval {
                throw .unknownKey
            }
            lastUnknownKeyFetch = now()
        }
        try? await refresh()
        guard let key = try find(keyID, algorithm) else { throw .unknownKey }
        return key
    }

    /// Fetches the keys when they are missing or older than the issuer allows. While it cannot be reached, the keys at
    /// hand stay good for the configured grace.
    func refreshIfStale() async throws(SignInError) {
        let now = now()
        if let current, now < current.staleAt { return }
        let mayTry = lastAttempt.map { now.duration(since: $0) >= Self.retryInterval } ?? true
        if mayTry || fetching != nil {
            do {
                try await refresh()
                return
            } catch {
                lastFailure = "\(error)"
                logger.warning(
                    "the keys of an issuer could not be fetched",
                    metadata: ["issuer": "\(configuration.issuer)", "error": "\(error)"])
            }
        }
        if let current, now < current.staleAt.adding(configuration.grace) { return }
        throw .issuerUnavailable(lastFailure ?? "no attempt has succeeded yet")
    }

    private func find(_ keyID: String?, _ algorithm: SigningAlgorithm) throws(SignInError) -> VerificationKey? {
        guard let current else { return nil }
        guard current.algorithms.contains(algorithm) else { throw .algorithmRefused(algorithm.rawValue) }
        if let keyID { return current.keys.first { $0.keyID == keyID && $0.fits(algorithm) } }
        // Without a name only a lone key can be meant.
        return current.keys.count == 1 ? current.keys.first { $0.fits(algorithm) } : nil
    }

    /// One fetch at a time: whoever comes meanwhile waits for it. The keys are in place before the fetch counts as
    /// done, as nothing says which of those who wait goes on first.
    private func refresh() async throws {
        if let fetching { return try await fetching.value }
        lastAttempt = now()
        let task = Task {
            defer { fetching = nil }
            let new = try await Self.fetch(configuration, through: fetcher, now: now)
            let before = Set(current?.keys.map(\.identity) ?? [])
            current = new
            if before != Set(new.keys.map(\.identity)) { keysChanged() }
        }
        fetching = task
        try await task.value
    }

    private static func fetch(
        _ configuration: IssuerConfiguration, through fetcher: any DocumentFetcher, now: () -> Timestamp
    ) async throws -> KeySet {
        let metadata = try await IssuerMetadata.fetch(configuration.issuer, through: fetcher)
        let document = try await fetcher.fetch(metadata.keySetURL)
        guard let set = try? JSONValue(parsing: document.bytes, maximumDepth: 16), let members = set["keys"]?.array
        else {
            throw DocumentError.malformed(url: metadata.keySetURL, "it is not a JSON Web Key Set")
        }
        var keys: [VerificationKey] = []
        for member in members {
            if let key = await VerificationKey(member) { keys.append(key) }
        }
        let age = min(max(document.maximumAge ?? usualAge, shortestAge), longestAge)
        return KeySet(keys: keys, algorithms: metadata.algorithms, staleAt: now().adding(age))
    }
}
