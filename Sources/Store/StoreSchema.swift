import GRDB

/// The tables of one module, as the steps that lead from nothing to today's form.
///
/// A step that has been released is never changed: what it got wrong, a later step puts right. Each module names its
/// tables itself and touches no other module's.
public struct StoreSchema: Sendable {
    /// What the module is called in the store, e.g. `approvals`.
    public let module: String
    /// The steps, oldest first; step `n` leads from version `n` to `n + 1`.
    public let steps: [@Sendable (Database) throws -> Void]

    public init(module: String, steps: [@Sendable (Database) throws -> Void]) {
        self.module = module
        self.steps = steps
    }
}

extension StoreSchema {
    /// Brings `database` to the newest version of all `schemas`; runs inside one transaction, so a step that fails
    /// leaves the store as it was.
    static func bring(_ schemas: [StoreSchema], in database: Database, path: String) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS schema_version (
                    module TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """)
        for schema in schemas {
            let found =
                try Int.fetchOne(
                    database, sql: "SELECT version FROM schema_version WHERE module = ?", arguments: [schema.module])
                ?? 0
            guard found <= schema.steps.count else {
                throw StoreError.newerSchema(
                    path: path, module: schema.module, found: found, known: schema.steps.count)
            }
            for step in schema.steps[found...] { try step(database) }
            try database.execute(
                sql: """
                    INSERT INTO schema_version (module, version) VALUES (?, ?)
                    ON CONFLICT (module) DO UPDATE SET version = excluded.version
                    """,
                arguments: [schema.module, schema.steps.count])
        }
    }
}
