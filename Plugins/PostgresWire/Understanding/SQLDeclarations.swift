import GatewayCore

/// What commands of this adapter can be, as policies and the documentation know it.
enum SQLDeclarations {
    static let actions: [ActionDeclaration] =
        actions(
            "sql.read",
            [
                ("select", "Reads rows; also what a larger statement reads."), ("copy-out", "COPY … TO."),
                ("explain", "EXPLAIN; with ANALYZE the statement's own effects come with it."),
                ("show", "SHOW of a setting."), ("fetch", "FETCH or MOVE of a cursor."),
            ])
        + actions(
            "sql.write",
            [
                ("insert", "Adds rows."), ("update", "Changes rows."), ("delete", "Deletes rows."),
                ("merge", "MERGE; its branches are effects of their own."), ("truncate", "Empties a table."),
                ("copy-in", "COPY … FROM STDIN."), ("call", "Calls a procedure, or a function with side effects."),
                ("notify", "NOTIFY."), ("lock", "LOCK TABLE."), ("refresh", "REFRESH MATERIALIZED VIEW."),
            ])
        + actions(
            "sql.admin",
            [
                ("ddl", "Creates, alters or drops something."), ("grant", "GRANT, REVOKE and default privileges."),
                ("do", "A DO block, which cannot be read."), ("copy-program", "COPY to or from a program."),
                ("copy-file", "COPY to or from a file of the server."),
                ("alter-system", "ALTER SYSTEM, LOAD, CHECKPOINT."),
                ("maintain", "VACUUM, ANALYZE, CLUSTER, REINDEX."), ("set-role", "SET ROLE or SESSION AUTHORIZATION."),
                ("other", "What the gateway cannot read."),
            ])
        + actions(
            "sql.session",
            [
                ("connect", "Connects to a database."),
                ("replication", "Connects to replicate; what is carried is not inspected."),
                ("set", "SET, RESET and DISCARD."),
                ("transaction", "BEGIN, COMMIT, SAVEPOINT and their like."), ("prepare", "PREPARE."),
                ("execute", "EXECUTE; the prepared statement's own effects come with it."),
                ("deallocate", "DEALLOCATE."), ("cursor", "DECLARE or CLOSE of a cursor."),
                ("listen", "LISTEN and UNLISTEN."),
            ])

    private static func actions(_ group: String, _ names: [(String, String)]) -> [ActionDeclaration] {
        names.map { ActionDeclaration("sql.\($0)", groups: [group], summary: $1) }
    }

    static let resourceTypes = [
        ResourceTypeDeclaration(
            "Table", summary: "`target/schema.table`, a view too; its `columns` are those that the statement names."),
        ResourceTypeDeclaration("Function", summary: "`target/schema.function`, or `target/function` as it is called."),
        ResourceTypeDeclaration("Role", summary: "`target/role` of SET ROLE and GRANT."),
        ResourceTypeDeclaration("Session", summary: "`target/session`: the caller's own session."),
        ResourceTypeDeclaration("Server", summary: "`target/server`: what is no table's matter."),
        ResourceTypeDeclaration("Database", summary: "`target/database`."),
    ]

    static let facts: [FactDeclaration] = [
        FactDeclaration(
            "opaque", .bool, usual: .bool(false), summary: "The statement, or a part of it, cannot be read."),
        FactDeclaration("sql.unread_because", .string, summary: "Why not."),
        FactDeclaration("sql.database", .string, summary: "The database that the session is in."),
        FactDeclaration("sql.kind", .string, summary: "The statement's first words: `select`, `create table`, …"),
        FactDeclaration(
            "sql.statements", .integer, usual: .integer(1), summary: "How many statements the query string holds."),
        FactDeclaration("sql.effects", .strings, summary: "All actions of the statement."),
        FactDeclaration("sql.tables", .strings, summary: "All tables and views that it names."),
        FactDeclaration("sql.functions", .strings, usual: .strings([]), summary: "All functions that it calls."),
        FactDeclaration(
            "sql.has_where", .bool, usual: .bool(true), summary: "False when an UPDATE or DELETE in it has no WHERE."),
        FactDeclaration(
            "sql.where_constant", .bool, usual: .bool(false),
            summary: "An UPDATE's or DELETE's WHERE chooses no rows: `1=1`, `id = id`."),
        FactDeclaration(
            "sql.scope_by_subquery", .bool, usual: .bool(false),
            summary: "An UPDATE's or DELETE's WHERE holds a subquery."),
        FactDeclaration("sql.joins", .integer, usual: .integer(0), summary: "How many joins it has, comma joins too."),
        FactDeclaration("sql.has_limit", .bool, usual: .bool(false), summary: "The outermost query has a LIMIT."),
        FactDeclaration("sql.for_update", .bool, usual: .bool(false), summary: "It locks the rows that it reads."),
        FactDeclaration("sql.unqualified", .bool, usual: .bool(false), summary: "A table is named without its schema."),
        FactDeclaration("sql.unread_parameters", .bool, summary: "A bound value is in a form that is not read."),
    ]
}
