import GRDB
import Testing

@testable import Store

@Suite("StoreSchema")
struct StoreSchemaTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("store.sqlite")
    }

    private static func schema(_ module: String, _ statements: [String]) -> StoreSchema {
        StoreSchema(module: module, steps: statements.map { statement in { try $0.execute(sql: statement) } })
    }

    private func tables(in store: Store) async throws -> [String] {
        try await store.read {
            try String.fetchAll(
                $0,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'schema_version' ORDER BY name")
        }
    }

    @Test("a later version adds its steps to what is there, once")
    func laterVersion() async throws {
        let first = try Store(path: path, schemas: [Self.schema("notes", ["CREATE TABLE note (text TEXT)"])])
        try await first.write { try $0.execute(sql: "INSERT INTO note VALUES ('a')") }
        try first.close()
        let newer = Self.schema(
            "notes", ["CREATE TABLE note (text TEXT)", "ALTER TABLE note ADD COLUMN author TEXT DEFAULT 'nobody'"])
        for _ in 0..<2 {
            let store = try Store(path: path, schemas: [newer])
            let row = try await store.read { database in
                try Row.fetchOne(database, sql: "SELECT text, author FROM note").map {
                    "\($0["text"] ?? "") \($0["author"] ?? "")"
                }
            }
            #expect(row == "a nobody")
            try store.close()
        }
    }

    @Test("an older version refuses what a newer one wrote, and names both versions")
    func olderVersion() throws {
        try Store(path: path, schemas: [Self.schema("notes", ["CREATE TABLE a (x)", "CREATE TABLE b (x)"])]).close()
        #expect {
            try Store(path: path, schemas: [Self.schema("notes", ["CREATE TABLE a (x)"])])
        } throws: { error in
            error as? StoreError == .newerSchema(path: path, module: "notes", found: 2, known: 1)
                && "\(error)".contains("notes is at 2, this version knows 1")
        }
    }

    @Test("modules keep their versions apart")
    func modules() async throws {
        try Store(path: path, schemas: [Self.schema("a", ["CREATE TABLE a (x)"])]).close()
        let both = try Store(
            path: path,
            schemas: [Self.schema("a", ["CREATE TABLE a (x)"]), Self.schema("b", ["CREATE TABLE b (x)"])])
        #expect(try await tables(in: both) == ["a", "b"])
        try both.close()
        let one = try Store(path: path, schemas: [Self.schema("b", ["CREATE TABLE b (x)"])])
        #expect(try await tables(in: one) == ["a", "b"])
    }

    @Test("a step that fails leaves the store as it was before all of them")
    func failingStep() async throws {
        let broken = Self.schema("notes", ["CREATE TABLE a (x)", "CREATE TABLE a (x)"])
        #expect {
            try Store(path: path, schemas: [broken])
        } throws: { error in
            if case StoreError.statement = error { true } else { false }
        }
        let store = try Store(path: path, schemas: [Self.schema("notes", ["CREATE TABLE a (x)"])])
        #expect(try await tables(in: store) == ["a"])
    }
}
