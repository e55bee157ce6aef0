import Foundation
import Identifiers
import Testing

@testable import Audit

@Suite("Reading the log")
struct AuditReaderTests {
    @Test("an entry's id, kind and time are found wherever they stand")
    func head() throws {
        let id = "0193a5f0-1234-7abc-8def-0123456789ab"
        let text =
            #"{"a":{"id":"no","list":[1,{"kind":"no"},"]}\""]},"b":"\"id\":","id":"\#(id)","kind":"intent","n":-1.5e3,"#
            + #""time":"2026-11-23T15:04:05.678Z","z":null}"#
        let entry = AuditEntry(index: 1, bytes: Array(text.utf8))
        #expect(entry.id == UUIDv7(id) && entry.id != nil)
        #expect(entry.kind == "intent" && entry.time == "2026-11-23T15:04:05.678Z")
    }

    @Test(
        "bytes that are no entry have no head",
        arguments: ["", "{", "[]", "\"id\"", "{\"id\":", "{\"id\":\"", "{\"a\":\"\\"])
    func noHead(_ text: String) {
        let entry = AuditEntry(index: nil, bytes: Array(text.utf8))
        #expect(entry.id == nil && entry.kind == nil && entry.time == nil)
    }

    @Test("entries come by range, by index and by id")
    func lookups() throws {
        let folder = try TemporaryFolder()
        try folder.makeLog(entries: 600)
        let reader = AuditReader(directory: folder.log)
        for range in [0..<600, 0..<0, 255..<257, 256..<512, 511..<600, 599..<600, 0..<1] {
            var entries = try reader.entries(in: UInt64(range.lowerBound)..<UInt64(range.upperBound))
            var numbers: [Int] = []
            while let entry = try entries.next() { numbers.append(try #require(Sample.number(of: entry))) }
            #expect(numbers == Array(range))
            #expect(entries.passed == UInt64(range.count))
        }
        for index in [0, 255, 256, 599] {
            #expect(try reader.entry(at: UInt64(index)).bytes == Sample.entry(index))
            let id = try #require(Sample.id(index))
            #expect(try reader.entry(id: id)?.index == UInt64(index))
        }
        #expect(try reader.entry(id: try #require(Sample.id(1000))) == nil)
        #expect(throws: AuditError.outOfRange(index: 600, treeSize: 600)) { try reader.entry(at: 600) }
        #expect(throws: AuditError.outOfRange(index: 600, treeSize: 600)) { try reader.entries(in: 0..<601) }
    }

    @Test("a filter goes by kind and time")
    func filter() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        for number in 0..<300 { try log.append(Sample.entry(number, kind: number % 3 == 0 ? "outcome" : "intent")) }
        try log.integrateNow()
        let reader = AuditReader(directory: folder.log)
        let first = Timestamp(milliseconds: 1_700_000_000_000 + 100)
        let last = Timestamp(milliseconds: 1_700_000_000_000 + 110)
        let found = try reader.all(matching: AuditFilter(kinds: ["outcome"], from: first, until: last))
        #expect(found.compactMap { Sample.number(of: $0) } == [102, 105, 108])
        #expect(try reader.all(matching: AuditFilter(kinds: ["other"])).isEmpty)
    }

    @Test("a filter compares moments, however precisely they are written, and what has none is of no time")
    func moments() throws {
        let eight = try #require(Timestamp("2026-11-23T08:00:00Z"))
        let later = try #require(Timestamp("2026-11-23T08:00:00.500Z"))
        func entry(_ time: String) -> AuditEntry {
            AuditEntry(bytes: Array(#"{"kind":"intent","time":"\#(time)"}"#.utf8))
        }
        for (time, isBeforeEight, isBeforeLater) in [
            ("2026-11-23T07:59:59.999Z", true, true), ("2026-11-23T08:00:00.000Z", false, true),
            ("2026-11-23T08:00:00.001Z", false, true), ("2026-11-23T08:00:00.5Z", false, false),
            ("2026-11-23T08:00:00.999Z", false, false),
            // As a text it is behind the later one, as `Z` is behind `.`.
            ("2026-11-23T08:00:00Z", false, true),
        ] {
            for (moment, isBefore) in [(eight, isBeforeEight), (later, isBeforeLater)] {
                #expect(AuditFilter(from: moment).matches(entry(time)) == !isBefore, "\(time)")
                #expect(AuditFilter(until: moment).matches(entry(time)) == isBefore, "\(time)")
            }
        }
        for time in ["", "yesterday", "2026-11-23T08:00:00+02:00"] {
            #expect(!AuditFilter(from: eight).matches(entry(time)) && !AuditFilter(until: eight).matches(entry(time)))
            #expect(AuditFilter().matches(entry(time)))
        }
    }

    @Test("pending entries are seen before they are in the tree, and afterwards not twice")
    func pending() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        let reader = AuditReader(directory: folder.log)
        try journal.append(Sample.entry(1))
        try log.append(Sample.entry(2, kind: "policy"))
        #expect(Set(try reader.pendingEntries().compactMap { Sample.number(of: $0) }) == [1, 2])
        #expect(try reader.pendingEntries(matching: AuditFilter(kinds: ["policy"])).count == 1)
        let id = try #require(Sample.id(1))
        #expect(try reader.entry(id: id)?.index == nil && reader.entry(id: id) != nil)
        try log.integrateNow()
        try journal.append(Sample.entry(3))
        #expect(try reader.pendingEntries().compactMap { Sample.number(of: $0) } == [3])
        #expect(try reader.entry(id: id)?.index != nil)
        #expect(try reader.all().count == 2)
    }

    @Test("what left the journals and no checkpoint covers yet is pending", arguments: [0, 2, 300])
    func betweenStateAndCheckpoint(signed: Int) throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        let reader = AuditReader(directory: folder.log)
        let checkpoint = "\(folder.log)/checkpoint"
        for number in 0..<signed { try journal.append(Sample.entry(number)) }
        if signed > 0 { try log.integrateNow() }
        let before = FileManager.default.contents(atPath: checkpoint)
        for number in signed..<(signed + 3) { try journal.append(Sample.entry(number)) }
        try log.integrateNow()
        try journal.append(Sample.entry(signed + 3))
        // As it is for a moment in each round, and stays when the process ends then.
        try FileManager.default.removeItem(atPath: checkpoint)
        if let before { try before.write(to: URL(fileURLWithPath: checkpoint)) }
        #expect(try reader.pendingEntries().compactMap { Sample.number(of: $0) } == Array(signed..<(signed + 4)))
        #expect(try reader.pendingEntries().allSatisfy { $0.index == nil })
        #expect(try reader.pendingEntries(matching: AuditFilter(kinds: ["policy"])).isEmpty)
        if signed > 0 {
            #expect(try reader.all().count == signed)
            let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
            #expect(report.isValid && report.treeSize == UInt64(signed) && report.pendingEntries == 4, "\(report)")
        }
    }

    @Test("a copy that has the state and not all of its tiles is read as far as it goes")
    func copiedAmidGrowth() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        for number in 0..<3 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        let before = try folder.read("checkpoint")
        for number in 3..<5 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        try folder.write("checkpoint", before)
        try folder.remove("tile/entries/000.p/5")
        let reader = AuditReader(directory: folder.log)
        #expect(try reader.all().count == 3 && reader.pendingEntries().isEmpty)
    }

    @Test("a reader that began before partial tiles were replaced reads on")
    func superseded() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        for number in 0..<100 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        var entries = try AuditReader(directory: folder.log).entries()
        for number in 100..<300 { try log.append(Sample.entry(number)) }
        try log.integrateNow()
        #expect(!FileManager.default.fileExists(atPath: "\(folder.log)/tile/entries/000.p"))
        var count = 0
        while try entries.next() != nil { count += 1 }
        #expect(count == 100)
    }

    @Test("proofs from the stored tiles verify against the checkpoint")
    func proofs() throws {
        let folder = try TemporaryFolder()
        try folder.makeLog(entries: 600)
        let reader = AuditReader(directory: folder.log)
        let checkpoint = try reader.checkpoint()
        for index in stride(from: 0, to: 600, by: 37) {
            let path = try reader.inclusionProof(of: UInt64(index))
            #expect(
                MerkleProof.verifyInclusion(
                    of: .leaf(Sample.entry(index)), index: UInt64(index), size: 600, root: checkpoint.root, path: path))
        }
        #expect(throws: AuditError.self) { try reader.inclusionProof(of: 600) }
        #expect(throws: AuditError.self) { try reader.inclusionProof(of: 0, treeSize: 601) }
    }
}
