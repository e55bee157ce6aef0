import Identifiers
import Testing

@testable import PostgresWire

/// Whom a change of definitions concerns, and from when to when.
@Suite("Changes of definitions under way")
struct DefinitionChangesTests {
    private let one = UUIDv7(milliseconds: 1), other = UUIDv7(milliseconds: 2)

    private func begin(_ changes: inout DefinitionChanges, _ session: UUIDv7, _ scope: DefinitionScope) -> Bool {
        changes.begin(session, scope)
    }

    @Test("while a change is under way, nothing is known of what it names")
    func underWay() {
        var changes = DefinitionChanges()
        #expect(!changes.haveTouched(["v"], since: changes.now))
        #expect(begin(&changes, one, .named(["v"])))
        #expect(changes.haveTouched(["v", "w"], since: changes.now))
        #expect(!changes.haveTouched(["w"], since: changes.now))
        #expect(begin(&changes, one, .named(["w"])))
        #expect(changes.haveTouched(["v"], since: changes.now) && changes.haveTouched(["w"], since: changes.now))
        #expect(begin(&changes, other, .anything))
        #expect(changes.haveTouched(["x"], since: changes.now))
        // What depends on nothing changes by nothing.
        #expect(!changes.haveTouched([], since: changes.now))
    }

    @Test("once it has ended, it concerns those alone that were sent before")
    func ended() {
        var changes = DefinitionChanges()
        let before = changes.now
        #expect(begin(&changes, one, .named(["v"])))
        let during = changes.now
        let scope = changes.end(one)
        #expect(scope == .named(["v"]))
        let between = changes.now
        #expect(begin(&changes, one, .named(["w"])))
        changes.end(one)
        #expect(changes.haveTouched(["v"], since: before) && changes.haveTouched(["v"], since: during))
        #expect(!changes.haveTouched(["v"], since: between) && changes.haveTouched(["w"], since: between))
        #expect(!changes.haveTouched(["v", "w"], since: changes.now))
        let nothing = changes.end(one)
        #expect(nothing == .nothing)
    }

    @Test("of changes that are forgotten, anything may have been the subject")
    func forgotten() {
        var changes = DefinitionChanges()
        let before = changes.now
        for _ in 0..<3000 {
            #expect(begin(&changes, one, .named(["v"])))
            changes.end(one)
        }
        #expect(changes.haveTouched(["w"], since: before))
        #expect(!changes.haveTouched(["w"], since: changes.now - 500))
        #expect(changes.haveTouched(["v"], since: changes.now - 1))
    }

    @Test("what a statement that waits was judged by, nobody else changes before it has run")
    func kept() {
        var changes = DefinitionChanges()
        let command = UUIDv7(milliseconds: 3)
        changes.keep(["v"], for: command, of: other)
        #expect(!begin(&changes, one, .named(["v"])) && !begin(&changes, one, .anything))
        #expect(!changes.haveTouched(["v"], since: 0), "what may not begin is not under way")
        #expect(begin(&changes, one, .named(["w"])) && begin(&changes, one, .nothing))
        // Its own session does one after the other.
        #expect(begin(&changes, other, .named(["v"])))
        changes.end(other)
        changes.release(command)
        #expect(begin(&changes, one, .named(["v"])))
    }

    @Test(
        "what may be another table or view afterwards is read from the statement",
        arguments: [
            ("SELECT 1", .nothing), ("INSERT INTO t SELECT 1", .nothing), ("REFRESH MATERIALIZED VIEW v", .nothing),
            ("CREATE INDEX i ON t (a)", .nothing), ("COMMENT ON TABLE t IS 'x'", .nothing),
            ("CREATE ROLE r", .nothing), ("CREATE SEQUENCE s", .nothing),
            ("ALTER TABLE t VALIDATE CONSTRAINT c", .nothing), ("GRANT SELECT ON t TO r", .nothing),
            ("CREATE VIEW v AS SELECT * FROM t", .named(["v"])), ("CREATE TABLE a.t (x int)", .named(["t"])),
            ("CREATE TABLE t () INHERITS (p)", .named(["t", "p"])),
            ("CREATE TABLE t PARTITION OF p DEFAULT", .named(["t", "p"])),
            ("CREATE TABLE t AS SELECT 1", .named(["t"])), ("SELECT a INTO u FROM t", .named(["u"])),
            ("CREATE MATERIALIZED VIEW v AS SELECT 1", .named(["v"])),
            ("CREATE TEMP TABLE t (LIKE u)", .session), ("CREATE TEMP VIEW v AS SELECT 1", .session),
            ("CREATE TEMP TABLE t AS SELECT 1", .session), ("SELECT a INTO TEMP u FROM t", .session),
            ("ALTER TABLE t ADD COLUMN x int", .named(["t"])),
            ("ALTER TABLE t VALIDATE CONSTRAINT c, ADD COLUMN x int", .named(["t"])),
            ("ALTER TABLE t ATTACH PARTITION p DEFAULT", .named(["t", "p"])),
            ("ALTER TABLE t DROP COLUMN x CASCADE", .anything),
            ("ALTER VIEW v RENAME TO w", .named(["v", "w"])), ("ALTER TABLE t SET SCHEMA s", .named(["t"])),
            ("ALTER SCHEMA s RENAME TO z", .anything), ("DROP VIEW v, s.w", .named(["v", "w"])),
            ("DROP VIEW v CASCADE", .anything), ("DROP SCHEMA s", .anything), ("CREATE SCHEMA s", .anything),
            ("DROP FUNCTION f", .anything), ("CREATE DOMAIN d AS text", .anything),
            ("EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", .named(["t"])),
            ("GRANT USAGE ON SCHEMA s TO r", .anything), ("GRANT a TO b", .anything),
            ("COMMIT PREPARED 'x'", .anything), ("DROP OWNED BY r", .anything),
        ] as [(String, DefinitionScope)])
    func scope(text: String, expected: DefinitionScope) {
        #expect(Reading.statement(text)?.definitions == expected, "\(text)")
    }
}
