import Foundation
import Synchronization
import Testing

@testable import Audit

/// One working day of a log, gone through again and again with a fault at each of its operations in turn.
///
/// It starts at 250 entries, so that the first full tile and a second level come within it, and rotates a journal.
@Suite("At every operation in turn")
struct FaultEnumerationTests {
    static let base = 250

    /// The disk with a log of `base` entries, closed in good order.
    static let disk: MemoryDisk = {
        let disk = MemoryDisk()
        do {
            for folder in ["/var", "/var/log.keys"] { try disk.files.makeDirectory(folder, 0o700) }
            for folder in ["/", "/var"] { disk.files.close(try synchronized(folder, disk)) }
            let log = try AuditLog(Sample.options("/var/log", files: disk.files, durability: .disk))
            let journal = try log.openJournal("loop-0")
            for number in 0..<base { try journal.append(Sample.entry(number)) }
            try log.integrateNow()
        } catch {
            Issue.record("the base cannot be made: \(error)")
        }
        return disk
    }()

    private static func synchronized(_ folder: String, _ disk: MemoryDisk) throws -> Int32 {
        let descriptor = try disk.files.open(folder, .read, 0)
        try disk.files.synchronize(descriptor)
        return descriptor
    }

    /// How the journals of the day are written.
    enum Journaling: CaseIterable {
        /// With one `write` an append.
        case written
        /// By storing into memory.
        case mapped
        /// With `write` and `fdatasync`.
        case disk

        var durability: Durability { self == .disk ? .disk : .process }
    }

    /// The disk as it was before the day.
    static func morning(
        _ journaling: Journaling, fault: @escaping @Sendable (_ operation: Int) -> MemoryDisk.Fault? = { _ in nil }
    ) -> MemoryDisk {
        MemoryDisk(Self.disk.afterKill, maps: journaling == .mapped, fault: fault)
    }

    /// What was asked of the log, and what it promised.
    struct Ledger {
        var attempted: [Int] = []
        var acknowledged: [Int] = []
        /// The largest tree that `integrateNow` gave a checkpoint for.
        var signed: UInt64 = 0
        var failures: [AuditError] = []
    }

    /// The day. Whatever fails is tried once more where a gateway would, and told in the ledger.
    static func work(on disk: MemoryDisk, _ journaling: Journaling) -> Ledger {
        var ledger = Ledger()
        let options = Sample.options(
            "/var/log", files: disk.files, durability: journaling.durability, journalSizeLimit: 4096,
            journalWindowBytes: 4096)
        func twice<Value>(_ body: () throws(AuditError) -> Value, _ ledger: inout Ledger) -> Value? {
            for _ in 0..<2 {
                do throws(AuditError) { return try body() } catch { ledger.failures.append(error) }
            }
            return nil
        }
        func attempt(
            _ number: Int, _ ledger: inout Ledger, _ append: ([UInt8]) throws(AuditError) -> Void, bytes: Int = 20
        ) {
            ledger.attempted.append(number)
            do throws(AuditError) {
                try append(Sample.entry(number, bytes: bytes))
                // Storing into memory goes on in a process that is taken for dead, but nobody hears of it.
                if !disk.hasCrashed { ledger.acknowledged.append(number) }
            } catch {
                ledger.failures.append(error)
            }
        }
        guard let log = twice({ () throws(AuditError) in try AuditLog(options) }, &ledger) else { return ledger }
        func integrate(_ ledger: inout Ledger) {
            if let checkpoint = twice({ () throws(AuditError) in try log.integrateNow() }, &ledger) {
                ledger.signed = checkpoint.treeSize
            }
        }
        guard let first = twice({ () throws(AuditError) in try log.openJournal("loop-0") }, &ledger),
            let second = twice({ () throws(AuditError) in try log.openJournal("loop-1") }, &ledger)
        else { return ledger }
        for number in 250..<254 {
            attempt(number, &ledger, first.append)
            attempt(number + 1000, &ledger, second.append)
        }
        attempt(2000, &ledger, log.append)
        integrate(&ledger)
        for number in 254..<259 { attempt(number, &ledger, first.append, bytes: 1500) }
        _ = twice({ () throws(AuditError) in try log.synchronizeJournals() }, &ledger)
        integrate(&ledger)
        for number in 259..<261 {
            attempt(number, &ledger, first.append)
            attempt(number + 1000, &ledger, second.append)
        }
        second.close()
        return ledger
    }

    /// Opens the log on what is left and holds it against the ledger.
    static func check(
        _ contents: MemoryDisk.Contents, _ ledger: Ledger, mayHoldUnacknowledged: Bool, mayLosePending: Bool = false,
        _ name: String
    ) throws {
        let checkpoints = contents.checkpoints
        let rules = [mayHoldUnacknowledged, mayLosePending]
        guard seen.withLock({ $0.insert(key(contents, ledger, rules)).inserted }) else { return }
        let disk = MemoryDisk(contents)
        let options = Sample.options("/var/log", files: disk.files)
        let vkey: String
        do {
            let log = try AuditLog(options)
            vkey = log.verifierKey.description
            #expect(log.checkpoint().treeSize == log.recovery.treeSizeAfter, "\(name)")
        } catch {
            Issue.record("\(name): the log does not open: \(error)")
            return
        }
        let again = try AuditLog(options)
        #expect(again.recovery.isClean, "\(name): \(again.recovery)")

        let entries = try AuditReader(directory: "/var/log", fileOperations: disk.files).all()
        let numbers = entries.compactMap { Sample.number(of: $0) }
        #expect(numbers.count == entries.count, "\(name)")
        #expect(Array(numbers.prefix(base)) == Array(0..<base), "\(name)")
        let recorded = numbers.dropFirst(base)
        #expect(Set(recorded).count == recorded.count, "\(name): twice in the log: \(recorded)")
        if mayLosePending {
            #expect(UInt64(numbers.count) >= ledger.signed, "\(name): signed entries are gone")
        } else {
            let lost = Set(ledger.acknowledged).subtracting(recorded)
            #expect(lost.isEmpty, "\(name): lost \(lost.sorted())")
        }
        let allowed = mayHoldUnacknowledged ? ledger.attempted : ledger.acknowledged
        let strangers = Set(recorded).subtracting(allowed)
        #expect(strangers.isEmpty, "\(name): refused and yet in the log: \(strangers.sorted())")
        for range in [0..<1000, 1000..<2000] {
            let order = recorded.filter { range.contains($0) }
            #expect(order == order.sorted(), "\(name): out of order: \(order)")
        }

        let report = try AuditVerifier.verify(directory: "/var/log", vkey: vkey, fileOperations: disk.files)
        #expect(report.isValid && report.treeSize == UInt64(entries.count), "\(name): \(report.findings)")

        // Nobody who ever saw a checkpoint may find the log inconsistent with it.
        let tree = StoredTree(
            tiles: TileReader(root: "/var/log", files: disk.files), size: UInt64(entries.count))
        for bytes in checkpoints {
            let seen = try SignedCheckpoint(parsing: bytes)
            guard seen.treeSize <= tree.size else {
                Issue.record("\(name): a checkpoint of \(seen.treeSize) was signed, the log has \(tree.size)")
                continue
            }
            #expect(try MerkleProof.root(size: seen.treeSize, in: tree) == seen.root, "\(name): forked")
        }
    }

    /// What was checked before: most neighbouring operations leave the same disk behind.
    private static let seen = Mutex<Set<Int>>([])

    private static func key(_ contents: MemoryDisk.Contents, _ ledger: Ledger, _ rules: [Bool]) -> Int {
        var hasher = Hasher()
        hasher.combine(ledger.attempted)
        hasher.combine(ledger.acknowledged)
        hasher.combine(ledger.signed)
        hasher.combine(rules)
        hasher.combine(contents.checkpoints)
        for (number, node) in contents.nodes.sorted(by: { $0.key < $1.key }) {
            hasher.combine(number)
            hasher.combine(node.data)
            hasher.combine(node.names)
        }
        return hasher.finalize()
    }

    /// How many operations the day has when nothing fails.
    static func operations(_ journaling: Journaling) -> Int {
        let disk = morning(journaling)
        _ = work(on: disk, journaling)
        return disk.operations.count
    }

    @Test("a day without faults loses nothing", arguments: Journaling.allCases)
    func undisturbed(_ journaling: Journaling) throws {
        let disk = Self.morning(journaling)
        let ledger = Self.work(on: disk, journaling)
        #expect(ledger.failures == [])
        #expect(ledger.acknowledged.count == 18)
        try Self.check(disk.afterKill, ledger, mayHoldUnacknowledged: false, "no fault")
    }

    @Test(
        "a killed process loses nothing and doubles nothing",
        arguments: Journaling.allCases)
    func kill(_ journaling: Journaling) throws {
        // Right after an operation is right before the next one.
        for number in 0..<Self.operations(journaling) {
            let disk = Self.morning(journaling) { $0 == number ? .crashAfter : nil }
            let ledger = Self.work(on: disk, journaling)
            try Self.check(
                disk.afterKill, ledger, mayHoldUnacknowledged: true,
                "killed after \(number) \(disk.operations.last ?? "")")
        }
    }

    @Test(
        "one failed operation refuses what it concerned, and all else goes on",
        arguments: [
            (Journaling.written, MemoryDisk.Fault.fail(ENOSPC)), (.written, .short), (.mapped, .fail(ENOSPC)),
            (.mapped, .short), (.disk, .fail(EIO)), (.disk, .short),
        ])
    func failure(_ journaling: Journaling, _ fault: MemoryDisk.Fault) throws {
        for number in 0..<Self.operations(journaling) {
            let disk = Self.morning(journaling) { $0 == number ? fault : nil }
            let ledger = Self.work(on: disk, journaling)
            let name = "\(fault) at \(number) \(disk.operations[number])"
            #expect(ledger.acknowledged.count >= 17, "\(name): \(ledger.failures)")
            try Self.check(disk.afterKill, ledger, mayHoldUnacknowledged: false, name)
        }
    }

    @Test(
        "a disk that stays full for a while is survived without a restart",
        arguments: [(Journaling.written, 25), (.mapped, 25), (.disk, 4)])
    func fullForAWhile(_ journaling: Journaling, _ length: Int) throws {
        for number in 0..<Self.operations(journaling) {
            let disk = Self.morning(journaling) {
                (number..<(number + length)).contains($0) ? .fail(ENOSPC) : nil
            }
            let ledger = Self.work(on: disk, journaling)
            try Self.check(disk.afterKill, ledger, mayHoldUnacknowledged: true, "full from \(number) for \(length)")
        }
    }

    @Test("a power cut takes nothing that was acknowledged as on the disk", arguments: 0..<2)
    func powerCut(_ seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        for number in 0..<Self.operations(.disk) {
            let disk = Self.morning(.disk) { $0 == number ? .crashAfter : nil }
            let ledger = Self.work(on: disk, .disk)
            try Self.check(
                disk.afterPowerCut(using: &generator), ledger, mayHoldUnacknowledged: true, "power cut after \(number)")
        }
    }

    @Test("a power cut takes nothing that was signed", arguments: 0..<2, [Journaling.written, .mapped])
    func powerCutWithoutSynchronizedAppends(_ seed: UInt64, _ journaling: Journaling) throws {
        var generator = SplitMix(state: seed)
        for number in 0..<Self.operations(journaling) {
            let disk = Self.morning(journaling) { $0 == number ? .crashAfter : nil }
            let ledger = Self.work(on: disk, journaling)
            try Self.check(
                disk.afterPowerCut(using: &generator), ledger, mayHoldUnacknowledged: true, mayLosePending: true,
                "power cut after \(number)")
        }
    }

    @Test("a crash during repair is repaired", arguments: [Journaling.written, .mapped])
    func crashDuringRepair(_ journaling: Journaling) throws {
        let day = Self.operations(journaling)
        for number in stride(from: 0, to: day, by: 7) {
            let first = Self.morning(journaling) { $0 == number ? .crashAfter : nil }
            let ledger = Self.work(on: first, journaling)
            var operation = 0
            while true {
                let fault = operation
                let second = MemoryDisk(first.afterKill) { $0 == fault ? .crashAfter : nil }
                _ = try? AuditLog(Sample.options("/var/log", files: second.files))
                guard second.operations.count == fault + 1 else { break }
                try Self.check(
                    second.afterKill, ledger, mayHoldUnacknowledged: true, "crash at \(number), then at \(fault)")
                operation += 5
            }
        }
    }

    @Test("the very first start can be cut off anywhere")
    func firstStart() throws {
        var operation = 0
        while true {
            let fault = operation
            let disk = MemoryDisk { $0 == fault + 2 ? .crashAfter : nil }
            for folder in ["/var", "/var/log.keys"] { try disk.files.makeDirectory(folder, 0o700) }
            let options = Sample.options("/var/log", files: disk.files)
            do {
                let log = try AuditLog(options)
                try log.append(Sample.entry(1))
            } catch {}
            let isDone = disk.operations.count < fault + 3
            let next = MemoryDisk(disk.afterKill)
            let log = try AuditLog(Sample.options("/var/log", files: next.files))
            let report = try AuditVerifier.verify(
                directory: "/var/log", vkey: log.verifierKey.description, fileOperations: next.files)
            #expect(report.isValid, "crash at \(fault): \(report.findings)")
            if isDone { break }
            operation += 1
        }
        #expect(operation > 30)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
