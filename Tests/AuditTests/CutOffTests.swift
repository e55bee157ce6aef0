import Foundation
import Synchronization
import Testing

@testable import Audit

@Suite("A log whose end was cut off, and one that is being written")
struct CutOffTests {
    /// A log that grew to each of these sizes in turn, and its checkpoints.
    private static func log(_ sizes: [Int]) throws -> (folder: TemporaryFolder, checkpoints: [[UInt8]]) {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        var checkpoints: [[UInt8]] = []
        var count = 0
        for size in sizes {
            while count < size {
                try journal.append(Sample.entry(count))
                count += 1
            }
            try log.integrateNow()
            checkpoints.append(try folder.read("checkpoint"))
        }
        return (folder, checkpoints)
    }

    private static func verify(
        _ folder: TemporaryFolder, _ files: FileOperations = .system
    ) throws -> VerificationReport {
        try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey(), fileOperations: files)
    }

    @Test(
        "an older checkpoint that was put back is found by the tiles of what came after it",
        arguments: [[83, 100, 120], [83, 300, 320], [250, 260, 270], [0, 1, 2], [5, 20_000]])
    func putBack(_ sizes: [Int]) throws {
        let (folder, checkpoints) = try Self.log(sizes)
        #expect(try Self.verify(folder).isValid)
        try folder.write("checkpoint", checkpoints[0])
        let report = try Self.verify(folder)
        #expect(report.findings.map(\.place) == [.checkpoint], "\(report.findings)")
        let reason = try #require(report.findings.first?.reason)
        let last = sizes.last ?? 0
        #expect(reason.hasPrefix("it signs \(sizes[0]) entries and its tiles reach to \(last), "), "\(reason)")

        // A mirror gets its tiles before the checkpoint that covers them: there they are counted.
        try folder.remove(".state/state")
        let mirror = try Self.verify(folder)
        #expect(mirror.isValid && mirror.unsignedEntries == UInt64(last - sizes[0]), "\(mirror)")
    }

    @Test("what one batch writes before its checkpoint, and a kill leaves, is no finding", arguments: [120, 300])
    func oneBatch(_ size: Int) throws {
        let (folder, checkpoints) = try Self.log([83, size])
        try folder.write("checkpoint", checkpoints[0])
        let report = try Self.verify(folder)
        #expect(report.isValid && report.pendingEntries == UInt64(size - 83), "\(report)")
    }

    @Test("a state that knows of more than one batch beyond the checkpoint is a finding", arguments: [100, 20_000])
    func state(_ more: UInt64) throws {
        let (folder, _) = try Self.log([83])
        var state = try LogState(parsing: try folder.read(".state/state"), path: "state")
        state.treeSize += more
        try folder.write(".state/state", state.bytes)
        let report = try Self.verify(folder)
        #expect(report.findings.map(\.place) == (more > Sequencer.batchEntries ? [.checkpoint] : []))
        #expect(report.isValid || report.findings[0].reason.contains("state knows of \(83 + more),"), "\(report)")
    }

    @Test("what witnesses cosigned is held against the log though nobody asks for their word")
    func witnessed() throws {
        let (folder, checkpoints) = try Self.log([83, 120])
        try folder.write("checkpoint.witnessed", checkpoints[1])
        #expect(try Self.verify(folder).isValid)
        try folder.write("checkpoint", checkpoints[0])
        let report = try Self.verify(folder)
        #expect(report.findings.map(\.place) == [.entries(83...119)])
        #expect(report.findings.first?.reason.contains("when checkpoint.witnessed was signed") == true)

        try folder.write("checkpoint", checkpoints[1])
        try folder.write("checkpoint.witnessed", Array("nothing\n".utf8))
        #expect(try Self.verify(folder).findings.map(\.place) == [.tile(path: "checkpoint.witnessed")])
        // The log of somebody else.
        let (other, others) = try Self.log([83])
        defer { withExtendedLifetime(other) {} }
        try folder.write("checkpoint.witnessed", others[0])
        #expect(try Self.verify(folder).findings.map(\.place) == [.checkpoint])
    }

    @Test("whether anything vouches for the end is told")
    func vouched() throws {
        let (folder, checkpoints) = try Self.log([83, 120])
        let policy = TrustPolicy(key: try NoteVerifierKey(try folder.vkey()))
        #expect(try Self.verify(folder).vouchedEntries == nil)
        let kept = try SignedCheckpoint(parsing: checkpoints[0])
        let report = try AuditVerifier.verify(directory: folder.log, under: policy, since: [kept])
        #expect(report.isValid && report.vouchedEntries == 83)
        let both = try AuditVerifier.verify(
            directory: folder.log, under: policy, since: try checkpoints.map { try SignedCheckpoint(parsing: $0) })
        #expect(both.isValid && both.vouchedEntries == 120)
        let witness = try Witness(directory: "\(folder.path)/w1", name: "witness.example/w1", logs: [policy.key])
        let unasked = TrustPolicy(key: policy.key, witnesses: [witness.key], quorum: 0)
        let alone = try AuditVerifier.verify(directory: folder.log, under: unasked)
        #expect(alone.isValid && alone.witnessedEntries == nil && alone.vouchedEntries == nil)
        // What the log contradicts vouches for nothing.
        try folder.write("checkpoint", checkpoints[0])
        let newest = try SignedCheckpoint(parsing: checkpoints[1])
        let cut = try AuditVerifier.verify(directory: folder.log, under: policy, since: [newest])
        #expect(!cut.isValid && cut.vouchedEntries == nil)
    }

    @Test("a state that says any number ends no reader")
    func hostileState() throws {
        let (folder, _) = try Self.log([3])
        var state = try LogState(parsing: try folder.read(".state/state"), path: "state")
        state.treeSize = .max
        state.cursors = [:]
        try folder.write(".state/state", state.bytes)
        // More records than the signed entries: what the state says and these are beyond any number.
        let other = try TemporaryFolder()
        let journal = try AuditLog(Sample.options(other.log)).openJournal("loop-0")
        for number in 0..<5 { try journal.append(Sample.entry(number)) }
        let journals = "\(folder.log)/.state/journals"
        try FileManager.default.removeItem(atPath: journals)
        try FileManager.default.copyItem(atPath: "\(other.log)/.state/journals", toPath: journals)
        let report = try Self.verify(folder)
        #expect(!report.isValid && report.pendingEntries == .max, "\(report)")
    }

    @Test("folders that lead back to themselves are not followed")
    func links() throws {
        let (folder, _) = try Self.log([300])
        for number in 0..<1000 {
            let name = "x" + String(repeating: "0", count: 3 - String(number).count) + String(number)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.log)/tile/0/\(name)", withDestinationPath: ".")
        }
        #expect(try Self.verify(folder).isValid)
    }

    @Test("a log that grows by several batches while it is verified is good, wherever that happens")
    func growing() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        for number in 0..<83 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        let written = Mutex(83)
        @Sendable func grow() {
            for _ in 0..<3 {
                let number = written.withLock { written in
                    written += 1
                    return written
                }
                try? log.append(Sample.entry(number))
                guard let checkpoint = try? log.integrateNow() else { continue }
                _ = try? WitnessedCheckpoint(directory: folder.log).store(checkpoint, with: [])
            }
        }
        var files = FileOperations.system
        let (open, list) = (files.open, files.list)
        files.open = { path, mode, permissions throws(FileOperations.Failure) in
            let descriptor = try open(path, mode, permissions)
            // What was opened stays as it is, and everything that is read later is newer.
            if path.hasSuffix("/checkpoint") || path.hasSuffix("/state") { grow() }
            return descriptor
        }
        files.list = { path throws(FileOperations.Failure) in
            if path.hasSuffix("/tile") || path.hasSuffix("/entries") || path.hasSuffix("/timestamps") { grow() }
            let names = try list(path)
            if path.hasSuffix(".p") { grow() }
            return names
        }
        for _ in 0..<5 {
            let report = try Self.verify(folder, files)
            #expect(report.isValid, "\(report.findings)")
        }
        #expect(written.withLock { $0 } > 150)
    }

    @Test("while no checkpoint can be published the tree does not run ahead of the last one by more than a batch")
    func unpublished() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let fails = Mutex(false)
        var files = FileOperations.system
        let rename = files.rename
        files.rename = { from, to throws(FileOperations.Failure) in
            if to.hasSuffix("/checkpoint"), fails.withLock({ $0 }) {
                throw FileOperations.Failure(operation: "rename", path: to, code: EIO)
            }
            try rename(from, to)
        }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        for number in 0..<5 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        fails.withLock { $0 = true }
        for number in 5..<9 {
            try log.append(Sample.entry(number))
            #expect(throws: AuditError.self) { try log.integrateNow() }
            let state = try LogState(parsing: try folder.read(".state/state"), path: "state")
            #expect(state.treeSize == 6)
            let report = try Self.verify(folder)
            #expect(report.isValid && report.treeSize == 5, "\(report)")
        }
        fails.withLock { $0 = false }
        #expect(try log.integrateNow().treeSize == 9)
    }
}
