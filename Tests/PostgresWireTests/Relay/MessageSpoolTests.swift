import Foundation
import Testing

@testable import PostgresWire

/// What long messages wait in.
@Suite("Messages on the disk")
struct MessageSpoolTests {
    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spools-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("give back what was put in, piece by piece, and leave nothing with a name")
    func pieces() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let space = SpoolSpace(directory: folder.path, limit: 1 << 20)
        let spool = try #require(space.spool(bytes: 300_004))
        let pieces = [Data(repeating: 1, count: 262_144), Data([2]), Data(), Data(repeating: 3, count: 37_859)]
        for piece in pieces { try spool.append(piece) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        for piece in pieces { #expect(try spool.next() == piece) }
        #expect(try spool.next() == nil)
    }

    @Test("hold nothing that could be read, and notice what was changed")
    func encrypted() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let secret = Data(repeating: UInt8(ascii: "x"), count: 100_000)
        let before = Self.openSpools(in: folder)
        let spool = try #require(SpoolSpace(directory: folder.path, limit: .max).spool(bytes: secret.count))
        try spool.append(secret)
        let path = try #require(Self.openSpools(in: folder).subtracting(before).first)
        let stored = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(stored.count == secret.count + 16)
        #expect(stored.range(of: secret.prefix(16)) == nil)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: 50_000)
        try file.write(contentsOf: Data([stored[50_000] ^ 1]))
        #expect(throws: (any Error).self) { try spool.next() }
    }

    /// The process's open files that were made there, as `/proc` names them.
    private static func openSpools(in folder: URL) -> Set<String> {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return Set(
            all.map { "/proc/self/fd/\($0)" }.filter {
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: $0)
                return target?.contains(folder.lastPathComponent) == true
            })
    }

    @Test("share the room for what is there, and give it back")
    func room() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let space = SpoolSpace(directory: folder.path, limit: 1000)
        // What is only announced takes nothing from others.
        let announced = [space.spool(bytes: 1000), space.spool(bytes: 1000)]
        var one = space.spool(bytes: 600)
        try one?.append(Data(count: 600))
        #expect(space.spool(bytes: 401) == nil)
        let other = try #require(space.spool(bytes: 400))
        try other.append(Data(count: 300))
        #expect(throws: SpoolSpace.Full.self) { try announced[0]?.append(Data(count: 101)) }
        try other.append(Data(count: 100))
        #expect(space.spool(bytes: 1) == nil)
        one = nil
        #expect(space.spool(bytes: 600) != nil && space.spool(bytes: 601) == nil)
        try announced[1]?.append(Data(count: 600))
        #expect(try other.next()?.count == 300)
        #expect(SpoolSpace(directory: folder.path, limit: 0).spool(bytes: 1) == nil)
    }

    @Test("say what the disk refuses")
    func refused() throws {
        let spool = try #require(SpoolSpace(directory: "/nonexistent", limit: 10).spool(bytes: 10))
        let failure = #expect(throws: MessageSpool.Failure.self) { try spool.append(Data([1])) }
        #expect(failure?.description == "making a file in /nonexistent: No such file or directory")
        // What was not kept takes no room.
        #expect(throws: MessageSpool.Failure.self) { try spool.append(Data(count: 10)) }
        let full = try #require(SpoolSpace(directory: "/dev/full/x", limit: 10).spool(bytes: 10))
        #expect(throws: MessageSpool.Failure.self) { try full.append(Data([1])) }
    }
}
