import Foundation
import Testing

@testable import Audit

/// Whoever has the disk changes one file of the log, whichever, and verification says which entry or which tile.
@Suite("Every file of a log, attacked")
struct AttackTests {
    typealias Place = VerificationReport.Finding.Place

    /// Full and partial tiles on the level of the leaves, and a partial one above: 2 * 256 + 88 entries.
    private static let stage = Result { try makeLog(600) }
    /// Three levels, for the tiles that only such a log has: 65,536 + 256 + 44 entries.
    private static let highStage = Result { try makeLog(65_836) }

    private static func makeLog(_ size: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        var files = FileOperations.system
        // The disk need not have it for good.
        files.synchronize = { _ in }
        files.synchronizeData = { _ in }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        let journal = try log.openJournal("loop-0")
        // The last bundle and the last tile of level 0 leave an older partial one behind.
        for number in 0..<(size - 24) { try journal.append(entry(number)) }
        try log.integrateNow()
        for number in (size - 24)..<size { try journal.append(entry(number)) }
        try log.integrateNow()
        return folder
    }

    /// Small, as there are many.
    private static func entry(_ number: Int) -> [UInt8] { Array(#"{"number":\#(number)}"#.utf8) }

    /// Where entry `position` of the bundle that begins with `first` starts, its length included.
    private static func offset(_ first: Int, _ position: Int) -> Int {
        (first..<(first + position)).reduce(0) { $0 + 2 + entry($1).count }
    }

    /// A copy of the log that shares the files which nobody changes.
    private func attacked(
        _ name: String, of stage: Result<TemporaryFolder, any Error> = Self.stage, _ change: ([UInt8]) -> [UInt8]?
    ) throws -> TemporaryFolder {
        let origin = try stage.get()
        let copy = try TemporaryFolder()
        let linked = Process()
        linked.executableURL = URL(filePath: "/bin/cp")
        linked.arguments = ["-al", origin.log, copy.log]
        try linked.run()
        linked.waitUntilExit()
        try FileManager.default.removeItem(atPath: "\(copy.path)/log.keys")
        try FileManager.default.copyItem(atPath: "\(origin.path)/log.keys", toPath: "\(copy.path)/log.keys")
        let bytes = try copy.read(name)
        try copy.remove(name)
        if let changed = change(bytes) { try copy.write(name, changed) }
        return copy
    }

    enum Change: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case firstByte = "its first hash or entry changed"
        case lastByte = "its last byte changed"
        case cut = "cut short by a byte"
        case emptied = "emptied"
        case removed = "removed"
        case longer = "a byte added"
        case swapped = "its first two hashes or entries swapped"
        case dropped = "its last hash or entry dropped"

        var testDescription: String { rawValue }

        func apply(_ bytes: [UInt8], piece: (_ position: Int) -> Range<Int>, count: Int) -> [UInt8]? {
            var bytes = bytes
            switch self {
            case .firstByte: bytes[piece(0).upperBound - 2] ^= 1
            case .lastByte: bytes[bytes.count - 1] ^= 1
            case .cut: bytes.removeLast()
            case .emptied: bytes = []
            case .removed: return nil
            case .longer: bytes.append(0x20)
            case .swapped:
                let (first, second) = (piece(0), piece(1))
                bytes = Array(bytes[second] + bytes[first] + bytes[second.upperBound...])
            case .dropped: bytes.removeSubrange(piece(count - 1).lowerBound...)
            }
            return bytes
        }
    }

    /// A hash tile or bundle of the log, and which entries it is about.
    struct Target: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: TilePath.Kind
        let first: Int
        let width: Int

        var testDescription: String { name }

        static let all = [
            Target(name: "tile/entries/000", kind: .entries, first: 0, width: 256),
            Target(name: "tile/entries/001", kind: .entries, first: 256, width: 256),
            Target(name: "tile/entries/002.p/88", kind: .entries, first: 512, width: 88),
            Target(name: "tile/0/000", kind: .hashes(level: 0), first: 0, width: 256),
            Target(name: "tile/0/001", kind: .hashes(level: 0), first: 256, width: 256),
            Target(name: "tile/0/002.p/88", kind: .hashes(level: 0), first: 512, width: 88),
            Target(name: "tile/1/000.p/2", kind: .hashes(level: 1), first: 0, width: 2),
        ]
        static let high = [
            Target(name: "tile/1/000", kind: .hashes(level: 1), first: 0, width: 256),
            Target(name: "tile/1/001.p/1", kind: .hashes(level: 1), first: 65_536, width: 1),
            Target(name: "tile/2/000.p/1", kind: .hashes(level: 2), first: 0, width: 1),
        ]
        static let older = [
            Target(name: "tile/entries/002.p/64", kind: .entries, first: 512, width: 64),
            Target(name: "tile/0/002.p/64", kind: .hashes(level: 0), first: 512, width: 64),
        ]

        func piece(_ position: Int) -> Range<Int> {
            guard kind == .entries else { return (position * 32)..<(position * 32 + 32) }
            return AttackTests.offset(first, position)..<AttackTests.offset(first, position + 1)
        }

        /// What is to be named, and nothing else.
        func expected(_ change: Change) -> [Place] {
            let tile = Place.tile(path: name)
            guard kind == .entries else { return [tile] }
            func entry(_ position: Int) -> Place { .entry(index: UInt64(first + position), id: nil) }
            return switch change {
            case .firstByte, .emptied: [entry(0)]
            case .lastByte, .cut, .dropped: [entry(width - 1)]
            case .swapped: [entry(0), entry(1)]
            case .removed, .longer: [tile]
            }
        }
    }

    @Test(
        "a tile or bundle that was changed is named, and nothing beside it",
        arguments: Target.all, Change.allCases)
    func tiles(_ target: Target, _ change: Change) throws {
        let folder = try attacked(target.name) { change.apply($0, piece: target.piece, count: target.width) }
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        #expect(report.findings.map(\.place) == target.expected(change), "\(report.findings)")
    }

    @Test(
        "so is a tile of the levels that only a large log has", arguments: Target.high,
        [Change.firstByte, .cut, .removed])
    func highTiles(_ target: Target, _ change: Change) throws {
        let folder = try attacked(target.name, of: Self.highStage) {
            change.apply($0, piece: target.piece, count: target.width)
        }
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        #expect(report.findings.map(\.place) == [.tile(path: target.name)], "\(report.findings)")
    }

    @Test(
        "an older partial tile, which a mirror may be reading, is held against the newest",
        arguments: Target.older, Change.allCases)
    func older(_ target: Target, _ change: Change) throws {
        let folder = try attacked(target.name) { change.apply($0, piece: target.piece, count: target.width) }
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        // It may go at any time, and then nobody can be misled by it.
        #expect(report.findings.map(\.place) == (change == .removed ? [] : [.tile(path: target.name)]))
        if change == .firstByte {
            let named = target.kind == .entries ? "entry 512" : "hash 0"
            #expect(report.findings.first?.reason.contains("its \(named) is not the one of") == true)
        }
    }

    @Test(
        "an older partial tile that was left beside the full one is held against that",
        arguments: ["tile/entries", "tile/0"])
    func besideFull(_ folderName: String) throws {
        let folder = try attacked("\(folderName)/001") { $0 }
        func leave(_ bytes: [UInt8]) throws {
            let directory = "\(folder.log)/\(folderName)/001.p"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try folder.write("\(folderName)/001.p/7", bytes)
        }
        let end = folderName == "tile/0" ? 7 * 32 : Self.offset(256, 7)
        var bytes = Array(try folder.read("\(folderName)/001").prefix(end))
        try leave(bytes)
        #expect(try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey()).isValid)
        bytes[bytes.count - 1] ^= 1
        try leave(bytes)
        let report = try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        #expect(report.findings.map(\.place) == [.tile(path: "\(folderName)/001.p/7")])
    }

    @Test("a changed byte anywhere in the checkpoint, and each cut of it, is the checkpoint's")
    func checkpoint() throws {
        let origin = try Self.stage.get()
        let bytes = try origin.read("checkpoint")
        for place in bytes.indices {
            var changed = bytes
            changed[place] = changed[place] == UInt8(ascii: "7") ? UInt8(ascii: "1") : UInt8(ascii: "7")
            try expectCheckpoint(changed, "byte \(place)")
            try expectCheckpoint(Array(bytes[..<place]), "cut at \(place)")
        }
    }

    /// Without the tree, which would take the same time for each.
    private func expectCheckpoint(_ bytes: [UInt8], _ name: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.log, withIntermediateDirectories: true)
        try folder.write("checkpoint", bytes)
        let key = try NoteVerifierKey(try Self.stage.get().vkey())
        let report = try AuditVerifier.verify(directory: folder.log, under: TrustPolicy(key: key))
        #expect(report.findings.first?.place == .checkpoint, "\(name)")
    }

    @Test("a state that was changed, emptied or set back is named; without one it is a mirror")
    func state() throws {
        let name = ".state/state"
        func verify(_ change: ([UInt8]) -> [UInt8]?) throws -> VerificationReport {
            let folder = try attacked(name, change)
            return try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey())
        }
        for change in [Change.firstByte, .lastByte, .cut, .emptied, .longer] {
            let report = try verify { change.apply($0, piece: { _ in 0..<40 }, count: 1) }
            #expect(report.findings.map(\.place) == [.tile(path: name)], "\(change)")
        }
        #expect(try verify { _ in nil }.isValid)
        let other = try verify { bytes in
            var state = try? LogState(parsing: bytes, path: name)
            state?.treeSize -= 1
            return state?.bytes
        }
        #expect(other.findings.map(\.place) == [.tile(path: name)])
        #expect(other.findings.first?.reason.contains("it was set back") == true)
        let root = try verify { bytes in
            var state = try? LogState(parsing: bytes, path: name)
            state?.root = .emptyTree
            return state?.bytes
        }
        #expect(root.findings.first?.reason.contains("is not the signed one") == true)
    }

    @Test("another key than the log's own, or a changed one, convinces nobody")
    func key() throws {
        let folder = try Self.stage.get()
        let text = try folder.vkey()
        var refused = 0
        for (place, character) in text.enumerated() {
            var changed = Array(text)
            // Not the other case: the key id's digits are the same in both.
            changed[place] = character == "A" || character == "a" ? "b" : "A"
            do {
                let key = try NoteVerifierKey(String(changed))
                let checkpoint = try folder.read("checkpoint")
                #expect(throws: NoteError.self) { try SignedCheckpoint(parsing: checkpoint, verifiedBy: key) }
            } catch {
                refused += 1
            }
        }
        // The key id binds name and key, so that no change makes another key.
        #expect(refused == text.count)
    }

    @Test("a log made shorter and signed anew by whoever has the key is named by the entries that are gone")
    func signedAnew() throws {
        let log = try TemporaryFolder()
        try log.makeLog(entries: 300)
        let kept = try SignedCheckpoint(parsing: try log.read("checkpoint"))
        let forged = try TemporaryFolder()
        try FileManager.default.removeItem(atPath: "\(forged.path)/log.keys")
        try FileManager.default.copyItem(atPath: "\(log.path)/log.keys", toPath: "\(forged.path)/log.keys")
        try forged.makeLog(entries: 280)
        let policy = TrustPolicy(key: try NoteVerifierKey(try log.vkey()))
        #expect(try AuditVerifier.verify(directory: forged.log, under: policy).isValid)
        let report = try AuditVerifier.verify(directory: forged.log, under: policy, since: [kept])
        #expect(report.findings.map(\.place) == [.entries(280...299)])
    }
}
