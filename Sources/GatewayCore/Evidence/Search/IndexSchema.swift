import GRDB

/// The tables of the index.
///
/// An index of every entry would be as large as what it makes fast to find. But the entries of a log repeat: who did
/// what where under which rule takes a few thousand forms in millions of entries. Each form is a `profile`, and for each
/// profile it is kept in which bundles of the log (256 entries, one file) entries of it stand. Whoever searches finds the
/// profiles that match, goes through their bundles from the newest back, and looks into the log itself: it costs one
/// bundle for each hit at most, however rare the hits are and however the conditions combine.
enum IndexSchema {
    /// Raised with every change: an index of another version is made anew.
    static let version = 3
    /// Marks the file as ours (`PRAGMA application_id`): the bytes "SPgi".
    static let applicationID: Int32 = 0x5350_6769

    static let tables = """
        CREATE TABLE position (
            one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, last_hash BLOB
        ) STRICT;
        INSERT INTO position (one, next) VALUES (1, 0);

        -- Kinds, targets, lists of actions, rules and decisions; those of a list are joined by ", ".
        CREATE TABLE word (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
        -- A label that is not there is empty.
        CREATE TABLE caller (
            id INTEGER NOT NULL PRIMARY KEY, issuer TEXT NOT NULL, subject TEXT NOT NULL, label TEXT NOT NULL,
            UNIQUE (subject, issuer, label)
        ) STRICT;
        CREATE INDEX caller_by_label ON caller (label);

        -- Ids of words and of callers; 0 for none.
        CREATE TABLE profile (
            id INTEGER NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, caller INTEGER NOT NULL,
            requester INTEGER NOT NULL, target INTEGER NOT NULL, actions INTEGER NOT NULL, rule INTEGER NOT NULL,
            decision INTEGER NOT NULL,
            entries INTEGER NOT NULL DEFAULT 0, first_bundle INTEGER NOT NULL, last_bundle INTEGER NOT NULL,
            UNIQUE (caller, requester, target, actions, kind, rule, decision)
        ) STRICT;
        -- In which of the 1024 bundles from chunk * 1024 on: see `BundleSet`.
        CREATE TABLE posting (
            chunk INTEGER NOT NULL, profile INTEGER NOT NULL, bundles BLOB NOT NULL, PRIMARY KEY (chunk, profile)
        ) STRICT, WITHOUT ROWID;
        -- The times of a bundle's entries, in milliseconds, both included.
        CREATE TABLE bundle (
            number INTEGER NOT NULL PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL
        ) STRICT;

        -- What no session-start was seen of has no start.
        CREATE TABLE session (
            number INTEGER NOT NULL PRIMARY KEY, id BLOB NOT NULL UNIQUE, caller INTEGER NOT NULL,
            target TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL DEFAULT '', client TEXT NOT NULL DEFAULT '',
            started INTEGER, ended INTEGER, end_reason TEXT,
            commands INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0, masked INTEGER NOT NULL DEFAULT 0, recording_sha256 TEXT
        ) STRICT;
        CREATE INDEX session_by_caller ON session (caller, id);
        CREATE INDEX session_by_target ON session (target, id);
        CREATE INDEX session_by_both ON session (caller, target, id);
        CREATE TABLE session_bundle (
            session INTEGER NOT NULL, bundle INTEGER NOT NULL, PRIMARY KEY (session, bundle)
        ) STRICT, WITHOUT ROWID;
        """

    /// Makes the tables in a database that has none.
    static func make(in database: Database) throws {
        try database.execute(sql: tables)
        try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }

    /// Whether `database` has these tables.
    static func isIn(_ database: Database) throws -> Bool {
        try Int32.fetchOne(database, sql: "PRAGMA application_id") == applicationID
            && Int.fetchOne(database, sql: "PRAGMA user_version") == version
    }
}
