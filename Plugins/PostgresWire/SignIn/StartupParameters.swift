/// What a client says of itself in its first packet (PostgreSQL documentation, section 55.7, StartupMessage).
struct StartupParameters: Sendable, Equatable {
    /// The minor version of protocol 3 that is spoken: 0, or 2 since PostgreSQL 18.
    var minorVersion: Int
    /// In the client's order; each name once, the last value counting as it does in PostgreSQL.
    var values: [String: String]

    var user: String { values["user"] ?? "" }
    /// What the client calls the database; its user name where it says none, as PostgreSQL has it.
    var database: String {
        guard let database = values["database"], !database.isEmpty else { return user }
        return database
    }

    var asksForReplication: Bool {
        guard let value = values["replication"]?.lowercased() else { return false }
        return !["false", "off", "no", "0", "f", "n"].contains(value)
    }
}
