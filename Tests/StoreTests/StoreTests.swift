import Foundation
import GRDB
import Testing

@testable import Store

@Suite("Store")
struct StoreTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("store.sqlite")
    }

    private static let notes = StoreSchema(
        module: "notes", steps: [{ try $0.execute(sql: "CREATE TABLE note (text TEXT NOT NULL) STRICT") }])

    private func open(patience: Double = 5) throws -> Store {
        try Store(path: path, schemas: [Self.notes], patience: patience)
    }

    private func add(_ text: String, to store: Store) async throws {
        try await store.write { try $0.execute(sql: "INSERT INTO note VALUES (?)", arguments: [text]) }
    }

    private func texts(in store: Store) async throws -> [String] {
        try await store.read { try String.fetchAll($0, sql: "SELECT text FROM note ORDER BY text") }
    }

    @Test("what was written is there after a restart")
    func reopens() async throws {
        let first = try open()
        try await add("a", to: first)
        try first.close()
        #expect(try await texts(in: open()) == ["a"])
    }

    @Test("what was written is there when the process never closed the file")
    func reopensWithoutClosing() async throws {
        let first = try open()
        try await add("a", to: first)
        let copy = folder.file("copy.sqlite")
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        #expect(try await texts(in: Store(path: copy, schemas: [Self.notes])) == ["a"])
    }

    @Test("the file and its side files are readable by their owner alone", arguments: ["", "-wal", "-shm"])
    func fileModes(suffix: String) async throws {
        let store = try open()
        try await add("a", to: store)
        #expect(try TemporaryFolder.mode(of: path + suffix) == 0o600)
    }

    @Test("a file that others could read is closed to them")
    func tightensMode() throws {
        try open().close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        _ = try open()
        #expect(try TemporaryFolder.mode(of: path) == 0o600)
    }

    @Test("a folder that is not there is made, for its owner alone")
    func makesFolder() throws {
        let nested = folder.file("state/deep")
        _ = try Store(path: "\(nested)/store.sqlite", schemas: [])
        #expect(try TemporaryFolder.mode(of: nested) == 0o700)
    }

    @Test("each transaction reaches the disk before it returns")
    func durability() async throws {
        let store = try open()
        let (journal, synchronous) = try await store.write { database in
            (
                try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(database, sql: "PRAGMA synchronous")
            )
        }
        #expect(journal == "wal")
        #expect(synchronous == 2, "2 is FULL")
    }

    @Test("a transaction that throws changes nothing, and its error is the caller's")
    func rollsBack() async throws {
        struct Stop: Error {}
        let store = try open()
        await #expect(throws: Stop.self) {
            try await store.write { database in
                try database.execute(sql: "INSERT INTO note VALUES ('a')")
                throw Stop()
            }
        }
        #expect(try await texts(in: store) == [])
    }

    @Test("a transaction of a caller who goes away is still finished")
    func cancellation() async throws {
        let store = try open()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        let task = Task {
            try await store.write { database in
                begin.yield()
                gate.wait()
                try database.execute(sql: "INSERT INTO note VALUES ('a')")
            }
        }
        for await _ in begun { break }
        task.cancel()
        gate.signal()
        try await task.value
        #expect(try await texts(in: store) == ["a"])
    }

    @Test("a text file is not taken for a store, and stays as it is")
    func notADatabase() throws {
        let text = String(repeating: "this is no database\n", count: 100)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        #expect { try open() } throws: { error in
            guard case StoreError.corrupt(path, _) = error else { return false }
            return "\(error)".contains("is damaged")
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test("a damaged page is found when the store is opened")
    func damagedPage() async throws {
        let store = try open()
        for index in 0..<200 { try await add(String(repeating: "\(index) ", count: 200), to: store) }
        try store.close()
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: 4096 * 5)
        try handle.write(contentsOf: Data(repeating: 0xa5, count: 4096 * 3))
        try handle.close()
        #expect {
            try open()
        } throws: { error in
            if case StoreError.corrupt(path, _) = error { true } else { false }
        }
    }

    @Test("a truncated file is refused")
    func truncated() async throws {
        let store = try open()
        for index in 0..<200 { try await add(String(repeating: "\(index) ", count: 200), to: store) }
        try store.close()
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.truncate(atOffset: 4096 * 4)
        try handle.close()
        #expect {
            try open()
        } throws: { error in
            if case StoreError.corrupt(path, _) = error { true } else { false }
        }
    }

    @Test("a file that only allows reading is refused when it is opened")
    func readOnly() async throws {
        let store = try open()
        try await add("a", to: store)
        try store.close()
        // A write version that this SQLite does not know makes the file read-only, also for root (file format 1.3.3).
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: 18)
        try handle.write(contentsOf: Data([3]))
        try handle.close()
        #expect {
            try open()
        } throws: { error in
            guard case StoreError.notWritable(path, _) = error else { return false }
            return "\(error)".contains("cannot be written")
        }
    }

    @Test("a path below a file, or that is a folder, is refused", arguments: ["file/store.sqlite", "folder"])
    func unreachable(name: String) throws {
        try "".write(toFile: folder.file("file"), atomically: false, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
        let path = folder.file(name)
        #expect {
            try Store(path: path, schemas: [])
        } throws: { error in
            if case StoreError.unreachable(path, _) = error { true } else { false }
        }
    }

    @Test("a database of another program is refused and stays as it is")
    func foreign() async throws {
        let other = try DatabaseQueue(path: path)
        try await other.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
        try other.close()
        #expect(throws: StoreError.foreign(path: path)) { try open() }
    }

    @Test("a full disk is said to be full, and what was there stays")
    func full() async throws {
        let store = try open()
        try await add("a", to: store)
        try await store.write { try $0.execute(sql: "PRAGMA max_page_count = 8") }
        await #expect(throws: StoreError.full(path: path)) {
            try await add(String(repeating: "x", count: 100_000), to: store)
        }
        #expect(try await texts(in: store) == ["a"])
        try await store.write { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        try await add("b", to: store)
        #expect(try await texts(in: store) == ["a", "b"])
    }

    @Test("a store that another process keeps locked says so")
    func locked() async throws {
        let store = try open(patience: 0.05)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
        }
        await #expect(throws: StoreError.locked(path: path)) { try await add("a", to: store) }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await add("b", to: store)
        #expect(try await texts(in: store) == ["b"])
    }

    @Test("a statement that SQLite refuses is a store error, not a crash")
    func statement() async throws {
        let store = try open()
        await #expect {
            try await store.write { try $0.execute(sql: "INSERT INTO nothing VALUES (1)") }
        } throws: { error in
            if case StoreError.statement(path, let detail) = error { detail.contains("nothing") } else { false }
        }
    }
}
