import Foundation
import Synchronization
import Testing

@testable import Audit

@Suite("Journals")
struct JournalTests {
    @Test(
        "CRC-32C has the values of RFC 3720",
        arguments: [
            (Array("123456789".utf8), 0xe306_9283), (Array(repeating: 0, count: 32), 0x8a91_36aa),
            (Array(repeating: 0xff, count: 32), 0x62a8_ab43), (Array(0..<32), 0x46dd_794e), ([], 0),
        ] as [([UInt8], UInt32)])
    func crc(_ bytes: [UInt8], _ crc: UInt32) {
        for usesInstruction in [true, false] {
            let crc32c = CRC32C(usesInstruction: usesInstruction)
            #expect(bytes.withUnsafeBytes { crc32c.checksum($0) } == crc, "\(usesInstruction)")
        }
    }

    @Test("an entry is 1 to 65,535 bytes")
    func limits() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        #expect(throws: AuditError.entryTooLarge(bytes: 65_536)) {
            try journal.append([UInt8](repeating: 0x20, count: 65_536))
        }
        #expect(throws: AuditError.entryEmpty) { try journal.append([]) }
        let largest = [UInt8](repeating: 0x20, count: 65_535)
        try journal.append(largest)
        try journal.append([0x21])
        #expect(try log.integrateNow().treeSize == 2)
        let entries = try AuditReader(directory: folder.log).all()
        #expect(entries.map(\.bytes) == [largest, [0x21]])
    }

    /// The system's, where journals are written and not mapped.
    private var writing: FileOperations {
        var files = FileOperations.system
        files.mapForWriting = { _, _, _ in nil }
        return files
    }

    @Test("an append is one write, and nothing more")
    func oneWrite() throws {
        let folder = try TemporaryFolder()
        let calls = Mutex<[String]>([])
        var files = writing
        files.write = { descriptor, bytes throws(FileOperations.Failure) in
            calls.withLock { $0.append("write") }
            return try FileOperations.system.write(descriptor, bytes)
        }
        files.synchronizeData = { _ in calls.withLock { $0.append("fdatasync") } }
        files.truncate = { _, _ in calls.withLock { $0.append("truncate") } }
        for (durability, expected) in [(Durability.process, ["write"]), (.disk, ["write", "fdatasync"])] {
            let log = try AuditLog(Sample.options(folder.log, files: files, durability: durability))
            let journal = try log.openJournal("loop-0")
            calls.withLock { $0.removeAll() }
            try journal.append(Sample.entry(1))
            #expect(calls.withLock { $0 } == expected)
        }
    }

    @Test("a full disk refuses entries with a typed error, and takes them again when space returns")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let isFull = Atomic<Bool>(false)
        var files = writing
        files.write = { descriptor, bytes throws(FileOperations.Failure) in
            if isFull.load(ordering: .relaxed) {
                // As ext4 does at the last block: a part is taken, the rest is refused.
                _ = try FileOperations.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(7)))
                throw .init(operation: "write", path: "", code: ENOSPC)
            }
            return try FileOperations.system.write(descriptor, bytes)
        }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        isFull.store(true, ordering: .relaxed)
        for _ in 0..<3 {
            #expect {
                try journal.append(Sample.entry(2))
            } throws: { error in
                guard case AuditError.storeFull(let path) = error else { return false }
                return path.hasSuffix("loop-0.00000001.journal")
            }
            #expect(throws: AuditError.self) { try log.append(Sample.entry(3)) }
        }
        isFull.store(false, ordering: .relaxed)
        try journal.append(Sample.entry(4))
        try log.integrateNow()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == [1, 4])
    }

    @Test("a write that cannot be undone poisons the journal until the undo succeeds")
    func poisoned() throws {
        let folder = try TemporaryFolder()
        let failures = Mutex<Set<String>>([])
        var files = writing
        files.write = { descriptor, bytes throws(FileOperations.Failure) in
            guard failures.withLock({ $0.contains("write") }) else {
                return try FileOperations.system.write(descriptor, bytes)
            }
            return try FileOperations.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(9)))
        }
        files.truncate = { descriptor, length throws(FileOperations.Failure) in
            if failures.withLock({ $0.contains("truncate") }) {
                throw .init(operation: "ftruncate", path: "", code: EIO)
            }
            try FileOperations.system.truncate(descriptor, length)
        }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        failures.withLock { $0 = ["write", "truncate"] }
        let path = "\(folder.log)/.state/journals/loop-0.00000001.journal"
        #expect(
            throws: AuditError.shortWrite(path: path, written: 9, expected: Sample.entry(2).count + 16)
        ) { try journal.append(Sample.entry(2)) }
        failures.withLock { $0 = ["truncate"] }
        for _ in 0..<2 {
            #expect(throws: AuditError.journalPoisoned(path: path, code: EIO)) { try journal.append(Sample.entry(3)) }
        }
        // The sequencer meanwhile takes what is good.
        #expect(try log.integrateNow().treeSize == 1)
        failures.withLock { $0 = [] }
        try journal.append(Sample.entry(4))
        try log.integrateNow()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == [1, 4])
    }

    @Test("after a failed fdatasync nothing more is trusted to the file")
    func failedSynchronization() throws {
        let folder = try TemporaryFolder()
        let fails = Atomic<Bool>(false)
        var files = writing
        files.synchronizeData = { descriptor throws(FileOperations.Failure) in
            if fails.load(ordering: .relaxed) { throw .init(operation: "fdatasync", path: "", code: EIO) }
        }
        let log = try AuditLog(Sample.options(folder.log, files: files, durability: .disk))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        fails.store(true, ordering: .relaxed)
        #expect(throws: AuditError.self) { try journal.append(Sample.entry(2)) }
        fails.store(false, ordering: .relaxed)
        try journal.append(Sample.entry(3))
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.log)/.state/journals").sorted()
        #expect(names == ["control.00000001.journal", "shared-0.00000001.journal", "shared-0.00000002.journal"])
        try log.integrateNow()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == [1, 3])
    }

    @Test("a long journal goes on in a new file, and the old one goes when it is in the tree")
    func rotation() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log, journalSizeLimit: 1000))
        let journal = try log.openJournal("loop-0")
        for number in 0..<50 { try journal.append(Sample.entry(number)) }
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(folder.log)/.state/journals").filter {
                $0.hasPrefix("loop")
            }
        }
        #expect(try names().count > 5)
        try log.integrateNow()
        #expect(try names().count == 1)
        journal.close()
        try log.integrateNow()
        #expect(try names().isEmpty)
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == Array(0..<50))
    }

    @Test("journals have names of their own, once at a time, and again after closing")
    func names() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        for name in ["", "control", "a/b", "a.b", "A", String(repeating: "a", count: 65)] {
            #expect(throws: AuditError.journalNameInvalid(name)) { try log.openJournal(name) }
        }
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(1))
        #expect(throws: AuditError.journalNameInUse("loop-0")) { try log.openJournal("loop-0") }
        journal.close()
        #expect(throws: AuditError.journalClosed(name: "loop-0")) { try journal.append(Sample.entry(2)) }
        let next = try log.openJournal("loop-0")
        try next.append(Sample.entry(3))
        try log.integrateNow()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == [1, 3])
    }

    @Test("a torn end is dropped, whatever it was cut to", arguments: [1, 5, 16, 17, 60])
    func tornEnd(_ kept: Int) throws {
        let folder = try TemporaryFolder()
        var path = ""
        do {
            let log = try AuditLog(Sample.options(folder.log))
            let journal = try log.openJournal("loop-0")
            for number in 0..<3 { try journal.append(Sample.entry(number)) }
            path = "\(folder.log)/.state/journals/loop-0.00000001.journal"
        }
        let bytes = try Data(contentsOf: URL(filePath: path))
        let record = 16 + Sample.entry(2).count
        try bytes.prefix(bytes.count - record + kept).write(to: URL(filePath: path))
        let log = try AuditLog(Sample.options(folder.log))
        // A header ends with zeros, which cannot be told from room that was not used.
        let told = kept == 16 ? 9 : kept
        #expect(
            log.recovery.tornTails == [.init(journal: "loop-0", generation: 1, droppedBytes: UInt64(told))])
        #expect(log.recovery.replayedEntries == 2)
        #expect(!log.recovery.isClean && log.recovery.description.contains("\(told) bytes of an unfinished record"))
    }

    @Test("zeros behind the records are room that was not used, and what was stored of a record in it is a torn end")
    func zeros() throws {
        for torn in [0, 1, 9, 30] {
            let folder = try TemporaryFolder()
            do {
                let log = try AuditLog(Sample.options(folder.log))
                try log.openJournal("loop-0").append(Sample.entry(0))
            }
            let path = URL(filePath: "\(folder.log)/.state/journals/loop-0.00000001.journal")
            let left = Data(repeating: 0x41, count: torn) + Data(count: 100_000)
            try (Data(contentsOf: path) + left).write(to: path)
            let log = try AuditLog(Sample.options(folder.log))
            #expect(log.recovery.replayedEntries == 1)
            #expect(log.recovery.tornTails.map(\.droppedBytes) == (torn == 0 ? [] : [UInt64(torn)]))
        }
    }

    @Test("where the file system sets room aside, an append makes no system call, and a killed process loses nothing")
    func mapped() throws {
        let folder = try TemporaryFolder()
        let calls = Mutex<[String]>([])
        var files = FileOperations.system
        files.mapForWriting = { descriptor, offset, length throws(FileOperations.Failure) in
            calls.withLock { $0.append("map") }
            return try FileOperations.system.mapForWriting(descriptor, offset, length)
        }
        files.write = { descriptor, bytes throws(FileOperations.Failure) in
            calls.withLock { $0.append("write") }
            return try FileOperations.system.write(descriptor, bytes)
        }
        let log = try AuditLog(Sample.options(folder.log, files: files, journalWindowBytes: 64 << 10))
        let journal = try log.openJournal("loop-0")
        guard calls.withLock({ $0.contains("map") }), try isMapped(folder) else { return }
        calls.withLock { $0.removeAll() }
        for number in 0..<100 { try journal.append(Sample.entry(number)) }
        #expect(calls.withLock { $0 } == [])
        // The largest entry, and many windows.
        try journal.append([UInt8](repeating: 0x20, count: 65_535))
        for number in 100..<2000 { try journal.append(Sample.entry(number)) }
        #expect(calls.withLock { $0.count { $0 == "map" } } > 3 && !calls.withLock { $0.contains("write") })

        // What another process finds now, as if this one had been killed.
        let copy = "\(folder.path)/copy"
        try FileManager.default.copyItem(atPath: folder.log, toPath: copy)
        try FileManager.default.copyItem(atPath: "\(folder.log).keys", toPath: "\(copy).keys")
        let next = try AuditLog(Sample.options(copy))
        #expect(next.recovery.replayedEntries == 2001 && next.recovery.tornTails.isEmpty)

        // Closed, the file has no more than its records.
        try log.integrateNow()
        journal.close()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == Array(0..<2000))
    }

    private func isMapped(_ folder: TemporaryFolder) throws -> Bool {
        let path = "\(folder.log)/.state/journals/loop-0.00000001.journal"
        return try FileOperations.system.status(path).size > 1000
    }

    @Test("a page that the disk cannot give any more refuses the entry instead of ending the process")
    func missingPage() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        guard try isMapped(folder) else { return }
        try journal.append(Sample.entry(1))
        try log.integrateNow()
        // A store beyond a file's end is the signal that a failing disk gives.
        let path = "\(folder.log)/.state/journals/loop-0.00000001.journal"
        #expect(truncate(path, 0) == 0)
        #expect(throws: AuditError.storeFailed(operation: "storing", path: path, code: EIO)) {
            try journal.append(Sample.entry(2))
        }
        // In a new file all is well.
        try journal.append(Sample.entry(3))
        #expect(try FileOperations.system.status("\(folder.log)/.state/journals/loop-0.00000002.journal").size > 0)
    }

    @Test("room that cannot be set aside refuses the entry, and takes it when space returns")
    func noRoom() throws {
        let folder = try TemporaryFolder()
        let isFull = Atomic<Bool>(false)
        var files = FileOperations.system
        files.mapForWriting = { descriptor, offset, length throws(FileOperations.Failure) in
            if isFull.load(ordering: .relaxed) { throw .init(operation: "fallocate", path: "", code: ENOSPC) }
            return try FileOperations.system.mapForWriting(descriptor, offset, length)
        }
        let log = try AuditLog(Sample.options(folder.log, files: files, journalWindowBytes: 4096))
        let journal = try log.openJournal("loop-0")
        guard try isMapped(folder) else { return }
        isFull.store(true, ordering: .relaxed)
        var taken: [Int] = []
        for number in 0..<100 {
            do throws(AuditError) {
                try journal.append(Sample.entry(number))
                taken.append(number)
            } catch {
                #expect(error == .storeFull(path: "\(folder.log)/.state/journals/loop-0.00000001.journal"))
            }
        }
        #expect((10..<50).contains(taken.count))
        isFull.store(false, ordering: .relaxed)
        try journal.append(Sample.entry(100))
        try log.integrateNow()
        #expect(try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) } == taken + [100])
    }

    @Test("damage in the middle of a journal is not taken for its end")
    func damage() throws {
        let folder = try TemporaryFolder()
        do {
            let log = try AuditLog(Sample.options(folder.log))
            let journal = try log.openJournal("loop-0")
            for number in 0..<4 { try journal.append(Sample.entry(number)) }
        }
        let path = "\(folder.log)/.state/journals/loop-0.00000001.journal"
        var bytes = try Data(contentsOf: URL(filePath: path))
        let second = 24 + 16 + Sample.entry(0).count
        bytes[second + 30] ^= 1
        try bytes.write(to: URL(filePath: path))
        #expect(throws: AuditError.journalDamaged(path: path, offset: UInt64(second))) {
            try AuditLog(Sample.options(folder.log))
        }
    }
}
