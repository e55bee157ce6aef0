import Crypto
import Foundation
import Identifiers
import Synchronization
import Testing
import Vault

@testable import Recording

@Suite("Commands beside the log")
struct PayloadStoreTests {
    private static let id = UUIDv7(milliseconds: 1_790_000_000_000)
    private static let payload = Array("{\"text\":\"SELECT 1\"}".utf8)

    /// The file operations of the system, noted in their order.
    private final class Disk: Sendable {
        let calls = Mutex<[String]>([])
        /// The one that fails.
        private let failing: String?

        init(failing: String? = nil) { self.failing = failing }

        private func fails(_ call: String) -> Bool {
            calls.withLock { $0.append(call) }
            return call == failing
        }

        var file: GrowingFile {
            let system = GrowingFile.system
            var file = system
            file.makeDirectory = { self.fails("mkdir") ? EIO : system.makeDirectory($0) }
            file.create = { self.fails("create") ? -EIO : system.create($0) }
            file.write = { self.fails("write") ? -Int(ENOSPC) : system.write($0, $1) }
            file.synchronize = { self.fails("fsync") ? EIO : system.synchronize($0) }
            file.synchronizeDirectory = { path in
                self.fails(path.hasSuffix("/payloads") ? "fsync payloads" : "fsync state")
                    ? EIO : system.synchronizeDirectory(path)
            }
            file.rename = { self.fails("rename") ? EIO : system.rename($0, $1) }
            return file
        }
    }

    private func folder() throws -> RecordingsFolder {
        let folder = RecordingsFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        return folder
    }

    @Test("a payload is whole under its name, its owner's alone, and its digest is told")
    func stored() throws {
        let folder = try folder()
        let store = PayloadStore(directory: "\(folder.path)/payloads")
        let digest = try store.store(Self.payload, under: Self.id)
        #expect(digest == SHA256.hash(data: Self.payload).hexadecimal)
        let path = store.path(of: Self.id)
        #expect(FileManager.default.contents(atPath: path) == Data(Self.payload))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory) == ["\(Self.id).json"])
    }

    @Test("where the log is on the disk before it answers, so is what is too large for it: file, name and folder")
    func synchronized() throws {
        let folder = try folder()
        let disk = Disk()
        let store = PayloadStore(directory: "\(folder.path)/payloads", synchronizes: true, file: disk.file)
        _ = try store.store(Self.payload, under: Self.id)
        #expect(
            disk.calls.withLock { $0 } == [
                "mkdir", "create", "write", "fsync", "rename", "fsync payloads", "fsync state",
            ])
        disk.calls.withLock { $0 = [] }
        let lax = PayloadStore(directory: "\(folder.path)/payloads", synchronizes: false, file: disk.file)
        _ = try lax.store(Self.payload, under: UUIDv7(milliseconds: 1))
        #expect(disk.calls.withLock { $0 } == ["mkdir", "create", "write", "rename"])
    }

    @Test(
        "whatever the disk refuses is told, and leaves nothing behind",
        arguments: ["mkdir", "create", "write", "fsync", "rename", "fsync payloads", "fsync state"])
    func refused(call: String) throws {
        let folder = try folder()
        let disk = Disk(failing: call)
        let directory = "\(folder.path)/payloads"
        let store = PayloadStore(directory: directory, synchronizes: true, file: disk.file)
        #expect(throws: PayloadError.self) { try store.store(Self.payload, under: Self.id) }
        #expect(disk.calls.withLock { $0.last } == call)
        let left = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        #expect(left == [])
    }

    @Test("a write that takes a part goes on with the rest")
    func partly() throws {
        let folder = try folder()
        var file = GrowingFile.system
        file.write = { GrowingFile.system.write($0, UnsafeRawBufferPointer(rebasing: $1.prefix(7))) }
        let store = PayloadStore(directory: "\(folder.path)/payloads", synchronizes: false, file: file)
        let digest = try store.store(Self.payload, under: Self.id)
        let kept = FileManager.default.contents(atPath: store.path(of: Self.id)) ?? Data()
        #expect(kept == Data(Self.payload) && digest == SHA256.hash(data: kept).hexadecimal)
    }
}
