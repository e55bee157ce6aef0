import Crypto
import Foundation
import Testing

@testable import Audit

@Suite("Verification")
struct AuditVerifierTests {
    typealias Place = VerificationReport.Finding.Place

    /// A log of this many entries, verified after `tamper` had its way with it.
    private func verify(_ count: Int, _ tamper: (TemporaryFolder) throws -> Void) throws -> VerificationReport {
        let folder = try TemporaryFolder()
        try folder.makeLog(entries: count)
        try tamper(folder)
        return try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
    }

    private static func entry(_ index: Int) -> Place { .entry(index: UInt64(index), id: Sample.id(index)) }

    /// Where entry `position` of a bundle starts (its length), when all are of `Sample`.
    private static func offset(_ first: Int, _ position: Int) -> Int {
        (first..<(first + position)).reduce(0) { $0 + 2 + Sample.entry($1).count }
    }

    @Test("a good log of any shape is good", arguments: [0, 1, 2, 255, 256, 257, 600])
    func good(_ count: Int) throws {
        let report = try verify(count) { _ in }
        #expect(report.isValid, "\(report.findings)")
        #expect(report.treeSize == UInt64(count) && report.entriesChecked == UInt64(count))
        #expect(report.origin == Sample.origin && report.pendingEntries == 0)
    }

    @Test("a good log of three levels is good, and progress reaches its end")
    func threeLevels() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(Sample.options(folder.log))
        let journal = try log.openJournal("loop-0")
        for number in 0..<66_000 { try journal.append([UInt8(number & 0xff), UInt8(number >> 8 & 0xff)]) }
        try log.integrateNow()
        var last: (UInt64, UInt64) = (0, 0)
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey()) { last = ($0, $1) }
        #expect(report.isValid && last == (66_000, 66_000))
        #expect(FileManager.default.fileExists(atPath: "\(folder.log)/tile/2/000.p/1"))
    }

    @Test("a changed byte names exactly its entry", arguments: [(70, 5), (600, 0), (600, 255), (600, 300), (600, 599)])
    func changedEntry(_ count: Int, _ index: Int) throws {
        let report = try verify(count) { folder in
            let first = index & ~0xff
            let name = TilePath(
                .entries, index: UInt64(index >> 8),
                width: TilePath.width(level: 0, index: UInt64(index >> 8), size: UInt64(count)))
            var bytes = try folder.read(name.path)
            bytes[Self.offset(first, index - first) + 2 + Sample.entry(index).count - 40] ^= 1
            try folder.write(name.path, bytes)
        }
        #expect(report.findings.map(\.place) == [Self.entry(index)])
        #expect(report.findings.first?.reason == "its bytes are not those that were signed")
    }

    @Test("swapped entries are both named, with where they belong")
    func swapped() throws {
        let report = try verify(20) { folder in
            let entries = (0..<20).map { Sample.entry($0 == 3 ? 7 : $0 == 7 ? 3 : $0) }
            try folder.write(
                "tile/entries/000.p/20", entries.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xff)] + $0 })
        }
        #expect(
            report.findings.map(\.description) == [
                "entry 3 (\(try #require(Sample.id(7)))): it stands here but was signed at 7",
                "entry 7 (\(try #require(Sample.id(3)))): it stands here but was signed at 3",
            ])
    }

    @Test("a dropped last entry is missed")
    func droppedLast() throws {
        let report = try verify(20) { folder in
            let bytes = try folder.read("tile/entries/000.p/20")
            try folder.write("tile/entries/000.p/20", Array(bytes[..<Self.offset(0, 19)]))
        }
        #expect(report.findings.map(\.place) == [.entry(index: 19, id: nil)])
    }

    @Test("a last entry dropped from bundle, tile and checkpoint breaks the signature")
    func droppedEverywhere() throws {
        let report = try verify(20) { folder in
            let bytes = try folder.read("tile/entries/000.p/20")
            try folder.write("tile/entries/000.p/19", Array(bytes[..<Self.offset(0, 19)]))
            try folder.write("tile/0/000.p/19", Array(try folder.read("tile/0/000.p/20").dropLast(32)))
            try folder.remove("tile/entries/000.p/20")
            try folder.remove("tile/0/000.p/20")
            var tree = TreeFrontier()
            for number in 0..<19 { tree.append(.leaf(Sample.entry(number))) { _, _, _ in } }
            let old = try SignedCheckpoint(parsing: folder.read("checkpoint"))
            let body = SignedCheckpoint.body(origin: old.origin, treeSize: 19, root: tree.root)
            try folder.write("checkpoint", SignedNote(text: body, signatures: old.note.signatures).bytes)
        }
        #expect(report.findings.map(\.place) == [.checkpoint])
        #expect(report.findings.first?.reason.contains("was changed after it was signed") == true)
    }

    @Test("a truncated bundle names the entry that it ends in", arguments: [1, 2, 20])
    func truncated(_ kept: Int) throws {
        let report = try verify(300) { folder in
            let bytes = try folder.read("tile/entries/000")
            try folder.write("tile/entries/000", Array(bytes[..<(Self.offset(0, 100) + kept)]))
        }
        #expect(report.findings.map(\.place) == [.entry(index: 100, id: nil)])
        #expect(report.findings.first?.reason.contains("all up to 255 are missing") == true)
    }

    @Test("a changed length names the first entry that it shifts")
    func changedLength() throws {
        let report = try verify(300) { folder in
            var bytes = try folder.read("tile/entries/000")
            bytes[Self.offset(0, 100) + 1] ^= 1
            try folder.write("tile/entries/000", bytes)
        }
        guard case .entry(100, _) = report.findings.first?.place else {
            Issue.record("\(report.findings)")
            return
        }
    }

    @Test(
        "missing files are named",
        arguments: ["tile/entries/000", "tile/entries/001.p/44", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
    func missing(_ name: String) throws {
        let report = try verify(300) { try $0.remove(name) }
        #expect(report.findings.map(\.place) == [.tile(path: name)])
    }

    @Test(
        "a changed hash tile is told from a changed entry",
        arguments: ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
    func changedTile(_ name: String) throws {
        let report = try verify(300) { folder in
            var bytes = try folder.read(name)
            bytes[0] ^= 1
            try folder.write(name, bytes)
        }
        #expect(report.findings.map(\.place) == [.tile(path: name)])
    }

    @Test("a truncated hash tile is named", arguments: ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
    func truncatedTile(_ name: String) throws {
        let report = try verify(300) { folder in try folder.write(name, Array(try folder.read(name).dropLast(5))) }
        #expect(report.findings.map(\.place) == [.tile(path: name)])
    }

    @Test("an entry that was changed together with its hash is narrowed to its bundle")
    func changedWithTile() throws {
        let report = try verify(600) { folder in
            var bytes = try folder.read("tile/entries/001")
            let offset = Self.offset(256, 10) + 2
            bytes[offset + 60] ^= 1
            try folder.write("tile/entries/001", bytes)
            var hashes = try folder.read("tile/0/001")
            let entry = Array(bytes[offset..<(offset + Sample.entry(266).count)])
            hashes.replaceSubrange(320..<352, with: TreeHash.leaf(entry).bytes)
            try folder.write("tile/0/001", hashes)
        }
        #expect(report.findings.map(\.place) == [.entries(256...511)])
    }

    @Test("a tree made anew under an old signature is found at the checkpoint")
    func rewritten() throws {
        let forged = try TemporaryFolder()
        let log = try AuditLog(Sample.options(forged.log))
        for number in 0..<20 { try log.append(Sample.entry(number == 4 ? 400 : number)) }
        try log.integrateNow()
        let report = try verify(20) { folder in
            for name in ["tile/entries/000.p/20", "tile/0/000.p/20"] { try folder.write(name, try forged.read(name)) }
        }
        #expect(report.findings.map(\.place) == [.checkpoint])
        #expect(report.findings.first?.reason.contains("made anew") == true)
    }

    @Test("a log signed by another key is not ours")
    func otherKey() throws {
        let folder = try TemporaryFolder()
        let other = try TemporaryFolder()
        try folder.makeLog(entries: 5)
        try other.makeLog(entries: 1)
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try other.vkey())
        #expect(report.findings.map(\.place) == [.checkpoint])
        #expect(report.findings.first?.reason.contains("not signed by the key") == true)
        #expect(throws: AuditError.self) { try AuditVerifier.verify(directory: folder.log, vkey: "nonsense") }
    }

    @Test("a missing or damaged checkpoint is named", arguments: [nil, [], Array("x\n5\n".utf8)] as [[UInt8]?])
    func checkpoint(_ bytes: [UInt8]?) throws {
        let report = try verify(5) { folder in
            if let bytes { try folder.write("checkpoint", bytes) } else { try folder.remove("checkpoint") }
        }
        #expect(report.findings.map(\.place) == [.checkpoint])
    }

    @Test("where there is no log, none is judged, and whoever reads it is told so")
    func noLog() throws {
        let folder = try TemporaryFolder()
        let key = NoteVerifierKey(name: Sample.origin, key: Curve25519.Signing.PrivateKey().publicKey)
        for _ in 0..<2 {
            #expect(throws: AuditError.noLog(path: folder.log)) {
                try AuditVerifier.verify(directory: folder.log, under: TrustPolicy(key: key))
            }
            #expect(throws: AuditError.noLog(path: folder.log)) {
                try AuditReader(directory: folder.log).entry(at: 0)
            }
            try FileManager.default.createDirectory(atPath: folder.log, withIntermediateDirectories: true)
        }
        // Of a log that lost all but its state there is something to say.
        var state = LogState()
        state.treeSize = 7
        try FileManager.default.createDirectory(atPath: "\(folder.log)/.state", withIntermediateDirectories: true)
        try folder.write(".state/state", state.bytes)
        let report = try AuditVerifier.verify(directory: folder.log, under: TrustPolicy(key: key))
        #expect(report.findings.map(\.place) == [.checkpoint])
    }

    @Test("a forged size does not keep the verifier busy for ever")
    func hugeSize() throws {
        let report = try verify(5) { folder in
            let old = try SignedCheckpoint(parsing: folder.read("checkpoint"))
            let body = SignedCheckpoint.body(origin: old.origin, treeSize: .max, root: old.root)
            try folder.write("checkpoint", SignedNote(text: body, signatures: old.note.signatures).bytes)
        }
        #expect(report.findings.first?.place == .checkpoint)
        #expect(!report.isValid)
    }

    @Test("bytes behind the last entry are found", arguments: [5, 256])
    func trailing(_ count: Int) throws {
        let name = count == 256 ? "tile/entries/000" : "tile/entries/000.p/5"
        let report = try verify(count) { folder in try folder.write(name, try folder.read(name) + [0, 1, 65]) }
        #expect(report.findings.map(\.place) == [.tile(path: name)])
    }

    @Test("pending entries are counted, unfinished and damaged journals told apart")
    func pending() throws {
        let folder = try TemporaryFolder()
        // Without room set aside, so that the file ends where its records do.
        var files = FileOperations.system
        files.mapForWriting = { _, _, _ in nil }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        let journal = try log.openJournal("loop-0")
        try journal.append(Sample.entry(0))
        try log.integrateNow()
        for number in 1..<4 { try journal.append(Sample.entry(number)) }
        func verify() throws -> VerificationReport {
            try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        }
        #expect(try verify().isValid && verify().treeSize == 1 && verify().pendingEntries == 3)

        let name = ".state/journals/loop-0.00000001.journal"
        let bytes = try folder.read(name)
        try folder.write(name, Array(bytes.dropLast(3)))
        #expect(try verify().isValid && verify().pendingEntries == 2 && verify().unfinishedJournals == [name])

        var damaged = bytes
        let offset = 24 + 16 + Sample.entry(0).count
        damaged[offset + 20] ^= 1
        try folder.write(name, damaged)
        #expect(try verify().findings.map(\.place) == [.journal(path: name, offset: UInt64(offset))])
    }
}
