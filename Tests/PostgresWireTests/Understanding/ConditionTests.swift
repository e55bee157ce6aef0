import GatewayCore
import Testing

@testable import PostgresWire

@Suite("Which rows an UPDATE or DELETE is about")
struct ConditionTests {
    @Test(
        "a clause that chooses none is none",
        arguments: [
            "1=1", "true", "'a' = 'a'", "id = id", "NOT false", "id = 5 OR 1=1", "id = 5 OR true", "1", "2 > 1",
            "id IS NULL OR id IS NOT NULL", "(id = id) AND (1 = 1)", "id >= id", "$1 = $1", "NOT (1 = 2)",
            "id = 5 OR NOT id = 5", "now() IS NOT NULL", "EXISTS (SELECT 1)", "CASE WHEN 1=1 THEN true END",
            "coalesce(NULL, true)", "id = ANY (ARRAY[1]) OR /* hidden */ 'x' = 'x'", "random() < 2",
        ])
    func tautologies(_ condition: String) {
        for text in ["DELETE FROM t WHERE \(condition)", "UPDATE t SET a = 1 WHERE \(condition)"] {
            let statement = Reading.statement(text)
            #expect(statement?.fact("sql.where_constant") == .bool(true), "\(text)")
            #expect(statement?.fact("sql.has_where") == .bool(true), "\(text)")
        }
    }

    @Test(
        "a clause that chooses some is one",
        arguments: [
            "id = 5", "id = $1", "id = other", "a.id = 5 AND true", "id IN (1, 2)", "id = ANY ($1)", "name LIKE '%x%'",
            "id = (SELECT max(id) FROM s)", "EXISTS (SELECT 1 FROM s WHERE s.id = t.id)", "id IS NULL",
            "lower(name) = 'x'", "id BETWEEN 1 AND 3", "NOT deleted", "id = 1 OR id = 2",
        ])
    func choices(_ condition: String) {
        let statement = Reading.statement("DELETE FROM t a WHERE \(condition)")
        #expect(statement?.fact("sql.where_constant") == .bool(false), "\(condition)")
        #expect(statement?.fact("sql.scope_by_subquery") == .bool(condition.contains("SELECT")), "\(condition)")
    }

    @Test(
        "the widest of several counts, wherever it hides",
        arguments: [
            "DELETE FROM t", "UPDATE t SET a = 1", "WITH x AS (DELETE FROM t RETURNING 1) SELECT 1",
            "WITH x AS (DELETE FROM t RETURNING 1) DELETE FROM t WHERE id = 1", "EXPLAIN ANALYZE DELETE FROM t",
            "COPY (DELETE FROM t RETURNING 1) TO STDOUT", "DELETE -- WHERE id = 1\nFROM t",
        ])
    func missing(_ text: String) {
        #expect(Reading.statement(text)?.fact("sql.has_where") == .bool(false))
    }
}
