import Foundation
import Synchronization
import Testing

@testable import Audit

@Suite("Appends that share their way to the disk")
struct JournalGroupTests {
    /// What the test says of each `fdatasync` of a journal, by its number.
    private final class Gate: Sendable {
        let calls = Mutex(0)
        let open = DispatchSemaphore(value: 0)
        let holds: Int
        let fails: Set<Int>

        /// - Parameters:
        ///   - holds: How many of the first wait until `open` lets them go on.
        ///   - fails: Which fail.
        init(holds: Int, fails: Set<Int> = []) {
            self.holds = holds
            self.fails = fails
        }

        var files: FileOperations {
            var files = FileOperations.system
            files.mapForWriting = { _, _, _ in nil }
            files.synchronizeData = { [self] _ throws(FileOperations.Failure) in
                let number = calls.withLock { calls in
                    calls += 1
                    return calls - 1
                }
                if number < holds { open.wait() }
                if fails.contains(number) { throw .init(operation: "fdatasync", path: "", code: EIO) }
            }
            return files
        }
    }

    /// A group of its own in a folder.
    private func makeGroup(_ folder: TemporaryFolder, _ gate: Gate) throws -> JournalGroup {
        // A log makes the folders; the file is opened without the gate, which is for appends.
        _ = try AuditLog(Sample.options(folder.log))
        let paths = LogPaths(root: folder.log)
        var options = Sample.options(folder.log, files: gate.files, durability: .disk)
        options.journalSizeLimit = 1 << 30
        let lock = try DirectoryLock(paths: paths, files: .system)
        return JournalGroup(
            try JournalFile(
                name: "shared-0", generation: 1, directory: paths.journals, options: options, lock: lock))
    }

    /// What came of the appends of `numbers`, which wait until the gate has let the first `fdatasync` go.
    private func appendAtOnce(
        _ numbers: Range<Int>, to group: JournalGroup, _ gate: Gate
    ) async throws -> [Int: AuditError?] {
        try await withThrowingTaskGroup(of: (Int, AuditError?).self) { tasks in
            for number in numbers {
                tasks.addTask {
                    await withCheckedContinuation { done in
                        // A thread each, as they wait for the disk.
                        Thread.detachNewThread {
                            do throws(AuditError) {
                                try Sample.entry(number).withBytes { bytes throws(AuditError) in
                                    try group.append(bytes)
                                }
                                done.resume(returning: (number, nil))
                            } catch {
                                done.resume(returning: (number, error))
                            }
                        }
                    }
                }
            }
            while group.waitingCount < numbers.count - 1 { try await Task.sleep(for: .milliseconds(1)) }
            gate.open.signal()
            return try await tasks.reduce(into: [:]) { $0[$1.0] = .some($1.1) }
        }
    }

    private func recorded(_ folder: TemporaryFolder) throws -> [Int] {
        // A writer's thread has the file, and with it the directory, for a moment longer than its caller.
        let deadline = ContinuousClock.now + .seconds(10)
        var opened: AuditLog?
        while opened == nil {
            do throws(AuditError) {
                opened = try AuditLog(Sample.options(folder.log))
            } catch {
                guard case .directoryInUse = error, ContinuousClock.now < deadline else { throw error }
                usleep(5000)
            }
        }
        let log = try #require(opened)
        #expect(log.recovery.tornTails.isEmpty)
        return try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) }.sorted()
    }

    @Test("64 writers that wait at once cost two flushes: the first one's, and one for all others")
    func shared() async throws {
        let folder = try TemporaryFolder()
        // The first is the file's header.
        let gate = Gate(holds: 2)
        gate.open.signal()
        var group: JournalGroup? = try makeGroup(folder, gate)
        let outcomes = try await appendAtOnce(0..<64, to: try #require(group), gate)
        #expect(outcomes.values.allSatisfy { $0 == nil })
        #expect(gate.calls.withLock { $0 } == 1 + 2)
        group = nil
        #expect(try recorded(folder) == Array(0..<64))
    }

    @Test("a flush that fails refuses all that shared it and nobody else, and leaves nothing of them")
    func failed() async throws {
        let folder = try TemporaryFolder()
        let gate = Gate(holds: 2, fails: [2])
        gate.open.signal()
        var group: JournalGroup? = try makeGroup(folder, gate)
        let outcomes = try await appendAtOnce(0..<64, to: try #require(group), gate)
        let taken = outcomes.filter { $0.value == nil }.keys.sorted()
        #expect(taken.count == 1)
        for case let error? in outcomes.values {
            #expect(
                error
                    == .storeFailed(
                        operation: "fdatasync", path: "\(folder.log)/.state/journals/shared-0.00000001.journal",
                        code: EIO))
        }
        // The next goes on in a new file.
        try Sample.entry(100).withBytes { bytes throws(AuditError) in try group?.append(bytes) }
        group = nil
        #expect(try recorded(folder) == taken + [100])
    }

    @Test("up to four writers have a file each, more share them, and a name is taken once")
    func files() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log, durability: .disk))
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(folder.log)/.state/journals").sorted()
        }
        var journals: [Journal] = []
        for (number, files) in [2, 3, 4, 5, 5, 5].enumerated() {
            journals.append(try log.openJournal("loop-\(number)"))
            #expect(try names().count == files)
        }
        #expect(throws: AuditError.journalNameInUse("loop-3")) { try log.openJournal("loop-3") }
        for (number, journal) in journals.enumerated() { try journal.append(Sample.entry(number)) }
        journals[3].close()
        #expect(throws: AuditError.journalClosed(name: "loop-3")) { try journals[3].append(Sample.entry(9)) }
        journals[3] = try log.openJournal("loop-3")
        try journals[3].append(Sample.entry(6))
        // Its file had become free.
        #expect(try names().count == 5)
        try log.integrateNow()
        #expect(
            try AuditReader(directory: folder.log).all().compactMap { Sample.number(of: $0) }.sorted() == Array(0..<7))
    }

    private final class Ledger: Sendable {
        let acknowledged = Mutex<Set<Int>>([])
    }

    @Test("a power cut under load takes nothing that was acknowledged, and brings back nothing twice", arguments: 0..<6)
    func powerCut(_ seed: UInt64) async throws {
        var generator = SplitMix(state: seed)
        let fault = Int.random(in: 200..<500, using: &generator)
        let disk = MemoryDisk { $0 == fault ? .crashAfter : nil }
        for folder in ["/var", "/var/log.keys"] { try disk.files.makeDirectory(folder, 0o700) }
        for folder in ["/", "/var", "/var/log.keys"] {
            let descriptor = try disk.files.open(folder, .read, 0)
            try disk.files.synchronize(descriptor)
        }
        let ledger = Ledger()
        do {
            let log = try AuditLog(Sample.options("/var/log", files: disk.files, durability: .disk))
            let writers = DispatchGroup()
            for writer in 0..<8 {
                // A queue each, so that all of them wait for the disk at once.
                DispatchQueue(label: "writer-\(writer)").async(group: writers) {
                    guard let journal = try? log.openJournal("loop-\(writer)") else { return }
                    for number in (writer * 100)..<(writer * 100 + 100) {
                        guard (try? journal.append(Sample.entry(number))) != nil else { return }
                        ledger.acknowledged.withLock { _ = $0.insert(number) }
                    }
                }
            }
            await withCheckedContinuation { done in writers.notify(queue: .global()) { done.resume() } }
        }
        let acknowledged = ledger.acknowledged.withLock { $0 }
        #expect(disk.hasCrashed)
        let next = MemoryDisk(disk.afterPowerCut(using: &generator))
        let log = try AuditLog(Sample.options("/var/log", files: next.files))
        let numbers = try AuditReader(directory: "/var/log", fileOperations: next.files).all().compactMap {
            Sample.number(of: $0)
        }
        #expect(acknowledged.subtracting(numbers) == [])
        #expect(acknowledged.count > 5)
        #expect(Set(numbers).count == numbers.count && log.checkpoint().treeSize == UInt64(numbers.count))
        for writer in 0..<8 {
            let own = numbers.filter { $0 / 100 == writer }
            #expect(own == Array((writer * 100)..<(writer * 100 + own.count)))
        }
    }
}
