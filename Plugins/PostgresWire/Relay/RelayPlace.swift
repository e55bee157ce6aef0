import GatewayCore

/// Where a session is: its database, and what its connection brings.
struct RelayPlace {
    let target: PostgresTarget
    let database: String
    let options: ListenerOptions
    let catalog: Catalog
    /// A walsender is spoken to, which knows commands of its own and, for physical replication, no SQL.
    let isReplication: Bool
    /// Cancels what runs on the server, on a connection of its own.
    let cancelUpstream: () -> Void
    /// What every command of the session says.
    let facts: [Fact]

    init(
        target: PostgresTarget, database: String, options: ListenerOptions, catalog: Catalog,
        isReplication: Bool = false,
        cancelUpstream: @escaping () -> Void
    ) {
        self.target = target
        self.database = database
        self.options = options
        self.catalog = catalog
        self.isReplication = isReplication
        self.cancelUpstream = cancelUpstream
        facts = [Fact("sql.database", .string(database))]
    }
}
