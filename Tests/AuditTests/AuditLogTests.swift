import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Audit

@Suite("The audit log")
struct AuditLogTests {
    @Test("a new log is empty, signed, and private to its owner")
    func new() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        #expect(log.recovery.isNew && log.recovery.isClean)
        #expect(log.checkpoint().treeSize == 0 && log.checkpoint().root == .emptyTree)
        #expect(try folder.vkey() == "\(log.verifierKey)\n")
        #expect(log.verifierKeyPath == "\(folder.path)/log.keys/log.vkey")
        for (path, permissions) in [
            ("log", 0o700), ("log/.state", 0o700), ("log/.state/state", 0o600), ("log/checkpoint", 0o600),
            ("log.keys/log.key", 0o600), ("log.keys/log.vkey", 0o644),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(path)")
            #expect(attributes[.posixPermissions] as? Int == permissions, "\(path)")
        }
    }

    @Test("what was appended comes back in order, across restarts, once")
    func restarts() throws {
        let folder = try TemporaryFolder()
        for start in stride(from: 0, to: 1200, by: 300) {
            let log = try AuditLog(Sample.options(folder.log))
            #expect(log.recovery.treeSizeAfter == UInt64(start))
            let journal = try log.openJournal("loop-0")
            for number in start..<(start + 300) {
                try journal.append(Sample.entry(number))
                if number % 70 == 0 { try log.integrateNow() }
            }
            // Every second run ends with entries in the journal only.
            if start % 600 == 0 { try log.integrateNow() }
        }
        let log = try AuditLog(Sample.options(folder.log))
        #expect(log.checkpoint().treeSize == 1200)
        let entries = try AuditReader(directory: folder.log).all()
        #expect(entries.compactMap { Sample.number(of: $0) } == Array(0..<1200))
        #expect(entries.map(\.index) == (0..<1200).map { UInt64($0) })
        let partial = try FileManager.default.contentsOfDirectory(atPath: "\(folder.log)/tile/0").sorted()
        #expect(partial == ["000", "001", "002", "003", "004.p"])
    }

    @Test("batches larger than their bound are integrated in several")
    func manyBatches() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journals = try (0..<3).map { try log.openJournal("loop-\($0)") }
        let count = Int(Sequencer.batchEntries) + 1000
        for number in 0..<count { try journals[number % 3].append(Array("{\"number\":\(number)}".utf8)) }
        #expect(try log.integrateNow().treeSize == UInt64(count))
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        #expect(report.isValid && report.entriesChecked == UInt64(count))
    }

    @Test("every checkpoint is consistent with the one before")
    func consistency() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        let reader = AuditReader(directory: folder.log)
        var last = log.checkpoint()
        for number in 0..<40 {
            for _ in 0..<(number % 5 * 4) { try journal.append(Sample.entry(number)) }
            let next = try log.integrateNow()
            #expect(
                MerkleProof.verifyConsistency(
                    oldSize: last.treeSize, oldRoot: last.root, newSize: next.treeSize, newRoot: next.root,
                    path: try reader.consistency(from: last.treeSize).path))
            #expect(try SignedCheckpoint(parsing: folder.read("checkpoint"), verifiedBy: log.verifierKey) == next)
            last = next
        }
        #expect(last.treeSize > 300)
    }

    @Test("a second gateway on the same directory is refused and told who has it")
    func lock() throws {
        let folder = try TemporaryFolder()
        let options = Sample.options(folder.log)
        var log: AuditLog? = try AuditLog(options)
        #expect(throws: AuditError.directoryInUse(path: folder.log, processID: getpid())) { try AuditLog(options) }
        // A journal that is still open keeps the directory, too.
        var journal = try log?.openJournal("loop-0")
        log = nil
        #expect(throws: AuditError.self) { try AuditLog(options) }
        try journal?.append(Sample.entry(1))
        journal = nil
        #expect(try AuditLog(options).recovery.replayedEntries == 1)
    }

    @Test("a child process that is just being started, and has all files open, does not keep the directory")
    func lockAndChild() throws {
        let folder = try TemporaryFolder()
        let options = Sample.options(folder.log)
        var log: AuditLog? = try AuditLog(options)
        let lock = LogPaths(root: options.directory).lock
        let inherited = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == lock }
            .map { dup($0) }
        defer { for descriptor in inherited { close(descriptor) } }
        #expect(inherited.count == 1)
        withExtendedLifetime(log) {}
        log = nil
        #expect(throws: Never.self) { try AuditLog(options) }
    }

    @Test("an origin that cannot name a key is refused", arguments: ["", "a b", "a+b", "a\u{2003}b", "a\nb"])
    func origin(_ origin: String) throws {
        let folder = try TemporaryFolder()
        var options = Sample.options(folder.log)
        options.origin = origin
        #expect(throws: AuditError.originInvalid(origin)) { try AuditLog(options) }
    }

    @Test("a key that others can read is refused", arguments: [0o640, 0o604, 0o644])
    func keyPermissions(_ permissions: Int) throws {
        let folder = try TemporaryFolder()
        let options = Sample.options(folder.log)
        _ = try AuditLog(options)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: options.keyPath)
        #expect(throws: AuditError.keyPermissions(path: options.keyPath, permissions: UInt32(permissions))) {
            try AuditLog(options)
        }
    }

    @Test("a log with entries gets no new key, no foreign key and no damaged key")
    func keys() throws {
        let folder = try TemporaryFolder()
        let other = try TemporaryFolder()
        try folder.makeLog(entries: 3)
        try other.makeLog(entries: 1)
        let options = Sample.options(folder.log)
        let key = try Data(contentsOf: URL(filePath: options.keyPath))
        func put(_ bytes: Data) throws {
            try bytes.write(to: URL(filePath: options.keyPath))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: options.keyPath)
        }
        try FileManager.default.removeItem(atPath: options.keyPath)
        #expect(throws: AuditError.keyMissing(path: options.keyPath, treeSize: 3)) { try AuditLog(options) }
        try put(try Data(contentsOf: URL(filePath: Sample.options(other.log).keyPath)))
        #expect {
            try AuditLog(options)
        } throws: { error in
            if case AuditError.keyMismatch = error { true } else { false }
        }
        var changed = key
        changed[key.count - 10] ^= 1
        for bytes in [changed, Data(), Data("PRIVATE+KEY+x".utf8)] {
            try put(bytes)
            #expect {
                try AuditLog(options)
            } throws: { error in
                if case AuditError.keyMalformed = error { true } else { false }
            }
        }
        try put(key)
        var renamed = options
        renamed.origin = "other.example.com"
        #expect(throws: AuditError.self) { try AuditLog(renamed) }
        #expect(try AuditLog(options).checkpoint().treeSize == 3)
    }

    @Test("a directory that was set back, cut or mixed is not signed further")
    func rollback() throws {
        let folder = try TemporaryFolder()
        let options = Sample.options(folder.log)
        try folder.makeLog(entries: 3)
        let oldState = try folder.read(".state/state")
        do {
            let log = try AuditLog(options)
            try log.append(Sample.entry(9))
            try log.integrateNow()
        }
        let newState = try folder.read(".state/state")
        try folder.write(".state/state", oldState)
        #expect(throws: AuditError.checkpointAhead(checkpointSize: 4, stateSize: 3)) { try AuditLog(options) }
        try folder.remove(".state/state")
        #expect(throws: AuditError.stateMissing(path: "\(folder.log)/.state/state")) { try AuditLog(options) }
        var damaged = newState
        damaged[40] ^= 1
        try folder.write(".state/state", damaged)
        #expect {
            try AuditLog(options)
        } throws: { error in
            if case AuditError.stateDamaged = error { true } else { false }
        }
        try folder.write(".state/state", newState)
        let tile = try folder.read("tile/0/000.p/4")
        var changed = tile
        changed[0] ^= 1
        try folder.write("tile/0/000.p/4", changed)
        #expect {
            try AuditLog(options)
        } throws: { error in
            if case AuditError.checkpointInconsistent = error { true } else { false }
        }
        try folder.write("tile/0/000.p/4", tile)
        var bundle = try folder.read("tile/entries/000.p/4")
        bundle[10] ^= 1
        try folder.write("tile/entries/000.p/4", bundle)
        #expect(
            throws: AuditError.tileDamaged(
                path: "tile/entries/000.p/4", reason: "entry 0 is not the one in the tree")
        ) { try AuditLog(options) }
    }

    @Test("a failing integration is told, keeps appends going, and recovers by itself")
    func integrationFailure() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        // A file where the tiles' directory should be.
        try folder.write("tile", [])
        try journal.append(Sample.entry(1))
        #expect(throws: AuditError.self) { try log.integrateNow() }
        #expect(log.integrationFailure != nil)
        try journal.append(Sample.entry(2))
        try folder.remove("tile")
        #expect(try log.integrateNow().treeSize == 2)
        #expect(log.integrationFailure == nil)
    }

    /// A disk that takes what is written, and at times does not keep it.
    private final class BreakableDisk: Sendable {
        let isBroken = Atomic(false)
        /// How often each descriptor was opened less how often it was closed.
        let open = Mutex<[Int32: Int]>([:])

        /// A disk whose files cannot even be opened, as one is that the system has shut down.
        var filesThatDoNotOpen: FileOperations {
            var files = FileOperations.system
            files.open = { [self] path, mode, permissions throws(FileOperations.Failure) in
                if isBroken.load(ordering: .relaxed) { throw .init(operation: "open", path: path, code: EIO) }
                return try FileOperations.system.open(path, mode, permissions)
            }
            return files
        }

        var countingFiles: FileOperations {
            var files = FileOperations.system
            files.open = { [self] path, mode, permissions throws(FileOperations.Failure) in
                let descriptor = try FileOperations.system.open(path, mode, permissions)
                open.withLock { $0[descriptor, default: 0] += 1 }
                return descriptor
            }
            files.close = { [self] descriptor in
                open.withLock { $0[descriptor, default: 0] -= 1 }
                FileOperations.system.close(descriptor)
            }
            return files
        }

        var files: FileOperations {
            var files = FileOperations.system
            files.synchronizeData = { [self] descriptor throws(FileOperations.Failure) in
                if isBroken.load(ordering: .relaxed) { throw .init(operation: "fdatasync", path: "", code: EIO) }
                try FileOperations.system.synchronizeData(descriptor)
            }
            return files
        }
    }

    @Test("where journals cannot be made durable nothing is appended, and what follows goes into a new file")
    func synchronizationFailure() throws {
        let folder = try TemporaryFolder()
        let disk = BreakableDisk()
        let log = try AuditLog(Sample.options(folder.log, files: disk.files))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        disk.isBroken.store(true, ordering: .relaxed)
        #expect(throws: AuditError.self) { try log.synchronizeJournals() }
        #expect(log.synchronizationFailure != nil)
        for _ in 0..<2 {
            #expect {
                try journal.append(Sample.entry(2))
            } throws: { error in
                if case AuditError.journalInDoubt(_, EIO) = error { true } else { false }
            }
            #expect(throws: AuditError.self) { try log.append(Sample.entry(2)) }
            #expect(throws: AuditError.self) { try log.synchronizeJournals() }
        }
        disk.isBroken.store(false, ordering: .relaxed)
        try log.synchronizeJournals()
        #expect(log.synchronizationFailure == nil)
        try journal.append(Sample.entry(3))
        try log.append(Sample.entry(4))
        let names = try FileManager.default.contentsOfDirectory(atPath: LogPaths(root: folder.log).journals)
        #expect(names.contains(JournalName.file("loop-0", generation: 2)), "\(names)")
        #expect(!names.contains("probe"))
        #expect(try log.integrateNow().treeSize == 3)
        var cursor = try AuditReader(directory: folder.log).entries()
        var numbers: [Int?] = []
        while let entry = try cursor.next() { numbers.append(Sample.number(of: entry)) }
        #expect(Set(numbers) == [1, 3, 4])
    }

    @Test("a journal that cannot even be opened takes nothing either, and one that was replaced meanwhile is no fault")
    func notOpened() throws {
        let folder = try TemporaryFolder()
        let disk = BreakableDisk()
        let log = try AuditLog(Sample.options(folder.log, files: disk.filesThatDoNotOpen))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        disk.isBroken.store(true, ordering: .relaxed)
        #expect(throws: AuditError.self) { try log.synchronizeJournals() }
        #expect(throws: AuditError.self) { try journal.append(Sample.entry(2)) }
        disk.isBroken.store(false, ordering: .relaxed)
        try log.synchronizeJournals()
        try journal.append(Sample.entry(3))
        #expect(try log.integrateNow().treeSize == 2)
    }

    @Test("whoever is refused a directory closes each file once: the number may be somebody else's by then")
    func closedOnce() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let disk = BreakableDisk()
        for _ in 0..<3 {
            #expect(throws: AuditError.self) { try AuditLog(Sample.options(folder.log, files: disk.countingFiles)) }
        }
        #expect(disk.open.withLock { $0.values.allSatisfy { $0 == 0 } })
        withExtendedLifetime(log) {}
    }

    @Test("the service tells that journals cannot be made durable, once for each reason")
    func synchronizationTold() async throws {
        let folder = try TemporaryFolder()
        let disk = BreakableDisk()
        var options = Sample.options(folder.log, files: disk.files)
        options.integrationInterval = .milliseconds(10)
        let log = try AuditLog(options)
        try log.append(Sample.entry(1))
        disk.isBroken.store(true, ordering: .relaxed)
        let running = Task { try await log.run() }
        while log.synchronizationFailure == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(throws: AuditError.self) { try log.append(Sample.entry(2)) }
        disk.isBroken.store(false, ordering: .relaxed)
        while log.synchronizationFailure != nil { try await Task.sleep(for: .milliseconds(5)) }
        try log.append(Sample.entry(3))
        running.cancel()
        try await running.value
        #expect(try log.integrateNow().treeSize == 2)
    }

    @Test("the service integrates while it runs and once more at the end")
    func service() async throws {
        let folder = try TemporaryFolder()
        var options = Sample.options(folder.log)
        options.integrationInterval = .milliseconds(20)
        let log = try AuditLog(options)
        let group = ServiceGroup(services: [log], logger: options.logger)
        let running = Task { try await group.run() }
        try log.append(Sample.entry(1))
        while log.checkpoint().treeSize < 1 { try await Task.sleep(for: .milliseconds(5)) }
        try log.append(Sample.entry(2))
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(log.checkpoint().treeSize == 2)
    }

    @Test("writers on threads of their own, while the sequencer works, lose nothing")
    func concurrency() async throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log, journalSizeLimit: 20_000))
        let count = 1500
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let journal = try log.openJournal("loop-\(writer)")
                    for number in 0..<count { try journal.append(Sample.entry(writer * count + number)) }
                }
            }
            group.addTask { for number in 0..<200 { try log.append(Sample.entry(100_000 + number)) } }
            group.addTask { for _ in 0..<30 { try log.integrateNow() } }
            try await group.waitForAll()
        }
        try log.integrateNow()
        let numbers = try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) }
        #expect(numbers.count == 4 * count + 200)
        for writer in 0..<4 {
            let range = (writer * count)..<((writer + 1) * count)
            #expect(numbers.filter { range.contains($0) } == Array(range))
        }
        #expect(try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey()).isValid)
    }
}
