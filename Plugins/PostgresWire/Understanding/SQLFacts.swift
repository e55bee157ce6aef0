import GatewayCore

/// The facts of commands that no parser has read. Every command has the same ones, so that a policy which reads them
/// can be evaluated for each.
enum SQLFacts {
    /// Of a command that by its nature touches no rows.
    static func harmless(kind: String) -> [Fact] { facts(kind: kind, isHarmless: true) }

    /// Of a text that cannot be read: it may do the worst.
    static func unread(because reason: String, kind: String = "unread") -> [Fact] {
        facts(kind: kind, isHarmless: false) + [
            Fact("opaque", .bool(true)), Fact("sql.unread_because", .string(reason)),
        ]
    }

    private static func facts(kind: String, isHarmless: Bool) -> [Fact] {
        [
            Fact("sql.kind", .string(kind)), Fact("sql.statements", .integer(1)), Fact("sql.effects", .strings([])),
            Fact("sql.tables", .strings([])), Fact("sql.functions", .strings([])),
            Fact("sql.has_where", .bool(isHarmless)), Fact("sql.where_constant", .bool(!isHarmless)),
            Fact("sql.scope_by_subquery", .bool(!isHarmless)), Fact("sql.joins", .integer(0)),
            Fact("sql.has_limit", .bool(false)), Fact("sql.for_update", .bool(!isHarmless)),
            Fact("sql.unqualified", .bool(!isHarmless)),
        ]
    }
}
