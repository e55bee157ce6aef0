import GatewayCore
import NIOCore
import Synchronization

/// What all connections of the adapter share, on every event loop.
final class PostgresServices: Sendable {
    let dialer: UpstreamDialer
    let cancels = CancelRegistry()
    let oauthMetadata: OAuthBearer.Metadata
    private let targets: [String: PostgresTarget]
    private let catalogs = Mutex<[String: Catalog]>([:])

    init(
        targets: [PostgresTarget], dialer: UpstreamDialer, oauthMetadata: OAuthBearer.Metadata
    ) {
        self.targets = Dictionary(uniqueKeysWithValues: targets.map { ($0.target.name, $0) })
        self.dialer = dialer
        self.oauthMetadata = oauthMetadata
    }

    /// The target and database that a client means by `name`: `target`, or `target/database`.
    func route(_ name: String) -> (target: PostgresTarget, database: String)? {
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let target = parts.first.flatMap({ targets[String($0)] }) else { return nil }
        guard parts.count == 2 else { return (target, target.database) }
        let database = String(parts[1])
        return target.serves(database) ? (target, database) : nil
    }

    /// What is known of a database's tables, by all sessions together.
    func catalog(of target: PostgresTarget, _ database: String) -> Catalog {
        catalogs.withLock { catalogs in
            let key = "\(target.target.name)/\(database)"
            if let catalog = catalogs[key] { return catalog }
            let dialer = dialer
            let catalog = Catalog { needs, loop in
                dialer.run(on: loop) { () throws -> CatalogFindings in
                    let parameters = try UpstreamParameters.ofGateway(target, database: database)
                    let connection = try LibPQConnection(parameters, until: .now() + target.connectTimeout)
                    return try CatalogReader.read(needs, connection)
                }
            }
            catalogs[key] = catalog
            return catalog
        }
    }
}
