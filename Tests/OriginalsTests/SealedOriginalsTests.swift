import Crypto
import Foundation
import Identifiers
import Masking
import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import Vault

@testable import Originals

/// Seals real maskers' originals into a folder that goes away.
final class Workshop {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("originals-\(UUID().uuidString)").path
    let key = AuditorPrivateKey()
    let session = UUIDv7(milliseconds: 1_764_000_000_000)
    let file: GrowingFile

    init(_ file: GrowingFile = .system) { self.file = file }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func sealer(part: Int = 1, session: UUIDv7? = nil) throws -> SessionSealer {
        try OriginalsStore(directory: directory, key: key.publicKey, log: "gate.example/log", file: file)
            .begin(session: session ?? self.session, part: part)
    }

    /// Masks `{"ssn":…}` for each of the texts, and seals them as one chunk of `command`.
    func seal(_ texts: [String], of command: UUIDv7, by sealer: SessionSealer) throws -> [SealedChunk] {
        final class Sink: OriginalsSink {
            let sealer: SessionSealer
            let command: UUIDv7
            var chunks: [SealedChunk] = []
            var error: OriginalsError?

            init(_ sealer: SessionSealer, _ command: UUIDv7) {
                self.sealer = sealer
                self.command = command
            }

            func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure) {
                do throws(OriginalsError) {
                    chunks.append(try sealer.seal(chunk, of: command))
                } catch {
                    self.error = error
                    throw OriginalsFailure(reason: "\(error)")
                }
            }
        }
        let sink = Sink(sealer, command)
        let loop = EmbeddedEventLoop()
        let rule = MaskingRule(selector: .field("ssn"), transform: .redact)
        let plan = try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "pii", rules: [rule])], pseudonymKey: SymmetricKey(size: .bits256)
        ).plan(["pii"]).keepingOriginals(in: OriginalsTap(sink: sink), on: loop)
        for text in texts {
            var masker = try StreamMasker(plan: plan, format: .json)
            _ = try masker.mask(ByteBuffer(string: #"{"ssn":"\#(text)"}"#))
            _ = try masker.finish()
        }
        do {
            try plan.sealOriginals()
        } catch {
            throw sink.error ?? .broken(path: "")
        }
        return sink.chunks
    }

    var place: @Sendable (String) -> EvidencePlace {
        { [directory] in EvidencePlace(path: "\(directory)/\($0)") }
    }

    func path(part: Int = 1) -> String { "\(directory)/\(OriginalsStore.path(session: session, part: part))" }

    func contents() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path()))) }

    func replace(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path())) }

    /// The frames of the file, the first among them.
    func frames() throws -> [[UInt8]] {
        let bytes = try contents()
        var frames: [[UInt8]] = []
        var index = 0
        func length(_ start: Int) -> Int { bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
        while index < bytes.count {
            let header = length(index)
            let end = index + 8 + header + length(index + 4 + header)
            frames.append(Array(bytes[index..<end]))
            index = end
        }
        return frames
    }

    /// What can be opened, until something cannot.
    func opened(_ key: AuditorPrivateKey? = nil) throws -> (values: [String], error: OriginalsError?) {
        var values: [String] = []
        do throws(OriginalsError) {
            var opener = try OriginalsOpener(SealedOriginalsReader(path: path()), key: key ?? self.key)
            while let chunk = try opener.next() {
                values += chunk.records.map { "\($0.field.name)=\(String(decoding: $0.bytes, as: UTF8.self))" }
            }
            return (values, nil)
        } catch {
            return (values, error)
        }
    }
}

@Suite("Sealed originals")
struct SealedOriginalsTests {
    private static let first = UUIDv7(milliseconds: 1_764_000_001_000)
    private static let second = UUIDv7(milliseconds: 1_764_000_002_000)

    /// Three chunks of two commands.
    private static func sealed(_ workshop: Workshop) throws -> [SealedChunk] {
        let sealer = try workshop.sealer()
        return try workshop.seal(["536-22-0001", "536-22-0002"], of: first, by: sealer)
            + workshop.seal(["536-22-0003"], of: second, by: sealer)
            + workshop.seal(["536-22-0004"], of: first, by: sealer)
    }

    @Test("what was sealed is opened with the private key, and stands nowhere in the clear")
    func roundTrip() throws {
        let workshop = Workshop()
        let chunks = try Self.sealed(workshop)
        #expect(chunks.map(\.sequence) == [0, 1, 2])
        let opened = try workshop.opened()
        #expect(opened.error == nil)
        #expect(opened.values == (1...4).map { "$.ssn=536-22-000\($0)" })
        #expect(!String(decoding: try workshop.contents(), as: UTF8.self).contains("536-22"))
        let attributes = try FileManager.default.attributesOfItem(atPath: workshop.path())
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // The digests are those of the whole frames.
        let digests = try workshop.frames().dropFirst().map { SHA256.hash(data: $0).hexadecimal }
        #expect(digests == chunks.map(\.digest))
    }

    @Test("a file whose first frame cannot be written is gone, and the next try makes it", arguments: [true, false])
    func firstFrame(isShort: Bool) throws {
        let isFull = Mutex(true)
        var file = GrowingFile.system
        file.write = { descriptor, bytes in
            guard isFull.withLock({ $0 }) else { return GrowingFile.system.write(descriptor, bytes) }
            return isShort
                ? GrowingFile.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(5)))
                : -Int(ENOSPC)
        }
        let workshop = Workshop(file)
        #expect(throws: OriginalsError.self) { try workshop.sealer() }
        #expect(!FileManager.default.fileExists(atPath: workshop.path()))
        isFull.withLock { $0 = false }
        _ = try Self.sealed(workshop)
        #expect(try workshop.opened().values.count == 4)
    }

    @Test("where the log is on the disk before it answers, so is what it names")
    func synchronized() throws {
        let synchronized = Mutex(0)
        var file = GrowingFile.system
        file.synchronize = { descriptor in
            synchronized.withLock { $0 += 1 }
            return GrowingFile.system.synchronize(descriptor)
        }
        let workshop = Workshop(file)
        _ = try Self.sealed(workshop)
        #expect(synchronized.withLock { $0 } == 0)
        let store = OriginalsStore(
            directory: workshop.directory, key: workshop.key.publicKey, log: "gate.example/log", synchronizes: true,
            file: file)
        let sealer = try store.begin(session: workshop.session, part: 2)
        _ = try workshop.seal(["536-22-0001"], of: Self.first, by: sealer)
        #expect(synchronized.withLock { $0 } == 2)
        var failing = file
        failing.synchronize = { _ in EIO }
        #expect(throws: OriginalsError.self) {
            try OriginalsStore(
                directory: workshop.directory, key: workshop.key.publicKey, log: "gate.example/log",
                synchronizes: true, file: failing
            ).begin(session: workshop.session, part: 3)
        }
    }

    @Test("another key opens nothing, also if it claims the id")
    func wrongKey() throws {
        let workshop = Workshop()
        _ = try Self.sealed(workshop)
        let other = AuditorPrivateKey()
        #expect(
            try workshop.opened(other).error == .otherKey(path: workshop.path(), sealedTo: workshop.key.publicKey.id))
        // The same file with the other key's id written over the right one.
        let text = try workshop.contents()
        let id = Array(workshop.key.publicKey.id.utf8)
        let start = try #require(text.indices.first { text[$0...].starts(with: id) })
        try workshop.replace(text[..<start] + Array(other.publicKey.id.utf8) + text[(start + id.count)...])
        let opened = try workshop.opened(other)
        #expect(opened.values.isEmpty && opened.error == .notOpened(path: workshop.path(), sequence: 0))
    }

    @Test("no byte of a chunk can be changed")
    func bitFlips() throws {
        let workshop = Workshop()
        _ = try Self.sealed(workshop)
        let frames = try workshop.frames()
        let start = frames[0].count
        let whole = try workshop.contents()
        for index in start..<(start + frames[1].count) {
            var changed = whole
            changed[index] ^= 1
            try workshop.replace(changed)
            let opened = try workshop.opened()
            // A length that reaches beyond the end makes a torn file, which holds nothing of this chunk either.
            #expect(opened.values.isEmpty, "byte \(index)")
        }
    }

    @Test("chunks cannot be swapped, repeated or dropped from the middle")
    func order() throws {
        let workshop = Workshop()
        _ = try Self.sealed(workshop)
        let frames = try workshop.frames()
        for order in [[0, 2, 1, 3], [0, 1, 1, 2], [0, 1, 3], [0, 2, 3]] {
            try workshop.replace(order.flatMap { frames[$0] })
            let opened = try workshop.opened()
            #expect(opened.error != nil, "\(order)")
            #expect(opened.values.count < 4)
        }
        // Cut off, it is a shorter file: that the log names more is for `check-masking` to say.
        try workshop.replace(frames[...2].flatMap { $0 } + frames[3].prefix(20))
        let opened = try workshop.opened()
        #expect(opened.error == nil && opened.values.count == 3)
    }

    @Test("a ciphertext cannot be given out as another command's, field's, session's or log's")
    func swaps() throws {
        let workshop = Workshop()
        _ = try Self.sealed(workshop)
        let frames = try workshop.frames()
        func header(_ frame: [UInt8]) -> String {
            let length = frame[..<4].reduce(0) { $0 << 8 | Int($1) }
            return String(decoding: frame[4..<(4 + length)], as: UTF8.self)
        }
        func with(_ header: String, _ frame: [UInt8]) -> [UInt8] {
            let length = frame[..<4].reduce(0) { $0 << 8 | Int($1) }
            return withUnsafeBytes(of: UInt32(header.utf8.count).bigEndian) { Array($0) } + Array(header.utf8)
                + frame[(4 + length)...]
        }
        let told = header(frames[1])
        for (text, other) in [
            ("\(Self.first)", "\(Self.second)"), ("$.ssn", "$.iban"), ("field ssn", "field pan"),
            ("gate.example/log", "gate.example/two"), ("\"part\":1", "\"part\":2"), ("\"values\":2", "\"values\":3"),
            ("\(workshop.session)", "\(UUIDv7(milliseconds: 1_764_000_000_001))"),
        ] {
            #expect(told.contains(text), "\(text)")
            try workshop.replace(frames[0] + with(told.replacing(text, with: other), frames[1]))
            let opened = try workshop.opened()
            #expect(opened.values.isEmpty && opened.error == .notOpened(path: workshop.path(), sequence: 0), "\(text)")
        }
        // The header of the second command's chunk over the body of the first's.
        try workshop.replace(frames[0] + with(header(frames[2]), frames[1]))
        #expect(try workshop.opened().values.isEmpty)
        // A chunk of another session's file, by the same key.
        let own = try workshop.contents()
        let session = UUIDv7(milliseconds: 1_764_000_009_000)
        let other = try workshop.sealer(session: session)
        _ = try workshop.seal(["536-22-9999"], of: Self.first, by: other)
        try workshop.replace(
            Array(try Data(contentsOf: URL(fileURLWithPath: "\(workshop.directory)/\(other.path)"))))
        let foreign = try workshop.frames()[1]
        try workshop.replace(own.prefix(frames[0].count) + foreign)
        #expect(try workshop.opened().values.isEmpty)
    }

    @Test("what the disk does not take is not there, and no number seals twice", arguments: [0, 5, -1])
    func fullDisk(taken: Int) throws {
        let fails = Mutex(false)
        let system = GrowingFile.system
        var file = system
        file.write = { descriptor, bytes in
            guard fails.withLock({ $0 }) else { return system.write(descriptor, bytes) }
            if taken < 0 { return -28 }
            return system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(taken)))
        }
        let workshop = Workshop(file)
        let sealer = try workshop.sealer()
        _ = try workshop.seal(["1"], of: Self.first, by: sealer)
        let before = try workshop.contents()
        fails.withLock { $0 = true }
        let expected: OriginalsError =
            taken < 0 ? .storeFull(path: workshop.path()) : .shortWrite(path: workshop.path())
        #expect(throws: expected) { try workshop.seal(["2"], of: Self.first, by: sealer) }
        #expect(try workshop.contents() == before)
        fails.withLock { $0 = false }
        // The number of the lost chunk is used up, so that this file is closed; a next part goes on.
        #expect(sealer.isBroken)
        #expect(throws: OriginalsError.broken(path: workshop.path())) {
            try workshop.seal(["3"], of: Self.first, by: sealer)
        }
        let next = try workshop.sealer(part: 2)
        _ = try workshop.seal(["3"], of: Self.first, by: next)
        #expect(try workshop.opened().values == ["$.ssn=1"])
        #expect(FileManager.default.fileExists(atPath: workshop.path(part: 2)))
    }

    @Test("a file that is there already is not written over")
    func exists() throws {
        let workshop = Workshop()
        let sealer = try workshop.sealer()
        #expect(throws: OriginalsError.self) { try workshop.sealer() }
        _ = sealer
    }

    @Test("keys are read back, and refused when a character is wrong or it is the other half")
    func keys() throws {
        let key = AuditorPrivateKey()
        #expect(try AuditorPrivateKey(parsing: key.secretText).publicKey == key.publicKey)
        #expect(try AuditorPublicKey(parsing: "\(key.publicKey)") == key.publicKey)
        #expect(throws: OriginalsKeyError.privateKey) { try AuditorPublicKey(parsing: key.secretText) }
        #expect(throws: OriginalsKeyError.notAKey) { try AuditorPrivateKey(parsing: "\(key.publicKey)") }
        let other = AuditorPrivateKey().publicKey
        #expect(throws: OriginalsKeyError.damaged) {
            try AuditorPublicKey(parsing: "\(key.publicKey)".replacing(key.publicKey.id, with: other.id))
        }
        #expect(throws: OriginalsKeyError.notAKey) { try AuditorPublicKey(parsing: "sallyport-auditor+0+AA==") }
        #expect(throws: OriginalsKeyError.notAKey) { try AuditorPublicKey(parsing: "") }
    }
}

@Suite("Check of sealed originals against the log")
struct OriginalsCheckTests {
    private static let commands = (1...3).map { UUIDv7(milliseconds: 1_764_000_000_000 + $0) }

    /// A session of three commands with a chunk each, and what the log says of it.
    private static func stage() throws -> (workshop: Workshop, logged: [LoggedOriginals]) {
        let workshop = Workshop()
        let sealer = try workshop.sealer()
        let logged = try commands.enumerated().map { index, command in
            var logged = LoggedOriginals(command: command)
            logged.chunks = try workshop.seal(
                Array(repeating: "536-22-000\(index)", count: index + 1), of: command, by: sealer)
            logged.isOver = true
            logged.masked = [
                MaskCount(rule: "pii/field ssn", selector: "field ssn", count: index + 1),
                MaskCount(rule: "upstream-credential", selector: "credential", count: 1),
            ]
            logged.file = sealer.path
            logged.head = sealer.headDigest
            return logged
        }
        return (workshop, logged)
    }

    private static func findings(_ workshop: Workshop, _ logged: [LoggedOriginals]) -> [String] {
        let name = OriginalsStore.path(session: workshop.session, part: 1)
        return OriginalsCheck(logged, of: workshop.session, at: workshop.place)
            .findings.map {
                commands.enumerated().reduce("\($0)".replacing(name, with: "F")) { text, command in
                    text.replacing("\(command.element)", with: "C\(command.offset)")
                }
            }
    }

    @Test("what agrees has no findings, and tells counts by rule and place")
    func good() throws {
        let (workshop, logged) = try Self.stage()
        let check = OriginalsCheck(
            logged, of: workshop.session, at: workshop.place)
        #expect(check.findings.isEmpty && check.notes.isEmpty && check.chunksChecked == 3)
        let field = OriginalsField(name: "$.ssn", rule: "pii/field ssn", selector: "field ssn", encoding: .text)
        #expect(
            check.sealed == [Self.commands[0]: [field: 1], Self.commands[1]: [field: 2], Self.commands[2]: [field: 3]])
    }

    @Test("each attack is named by its chunk")
    func attacks() throws {
        let (workshop, logged) = try Self.stage()
        let frames = try workshop.frames()
        func found(_ bytes: [UInt8]) throws -> [String] {
            try workshop.replace(bytes)
            return Self.findings(workshop, logged)
        }
        let counts = { (command: Int) in
            "of command C\(command), pii/field ssn (field ssn) masked \(command + 1) values and 0 are sealed"
        }
        // Any byte of the second chunk but those of its lengths.
        for offset in [10, frames[2].count - 1] {
            var changed = frames
            changed[2][offset] ^= 1
            #expect(
                try found(changed.flatMap { $0 }) == ["chunk 1 of F (command C1) was changed", counts(1)], "\(offset)")
        }
        #expect(
            try found(frames[0] + frames[1] + frames[3]) == ["chunk 1 of F (command C1) is missing", counts(1)])
        #expect(
            try found(frames[0] + frames[1] + frames[2]) == ["chunk 2 of F (command C2) is missing", counts(2)])
        #expect(
            try found(frames[0] + frames[1] + frames[3] + frames[2])
                == ["chunk 1 of F (command C1) was moved behind chunk 2"])
        #expect(
            try found(frames[0] + frames[1] + frames[2] + frames[3].prefix(30))
                == ["chunk 2 of F (command C2) is missing", counts(2)])
        var head = frames
        head[0][head[0].count - 1] ^= 1
        #expect(
            try found(head.flatMap { $0 })
                == ["the first frame of F was changed, so that nothing in it can be opened"])
        // A chunk that nobody logged, from a session of its own.
        let other = try workshop.sealer(session: UUIDv7(milliseconds: 1_764_000_100_000))
        _ = try workshop.seal(["x"], of: Self.commands[0], by: other)
        let foreign = Array(try Data(contentsOf: URL(fileURLWithPath: "\(workshop.directory)/\(other.path)")))
        let start = SealedFormatProbe.firstFrameLength(foreign)
        #expect(
            try found(frames.flatMap { $0 } + foreign[start...])
                == ["the chunk at place 3 of F is none that the log names"])
        try FileManager.default.removeItem(atPath: workshop.path())
        #expect(Self.findings(workshop, logged).first == "the file F is missing")
    }

    @Test("a value that a rule masked and nobody sealed is missed, and one too many told")
    func counts() throws {
        let (workshop, logged) = try Self.stage()
        var changed = logged
        changed[0].masked = [MaskCount(rule: "pii/field ssn", selector: "field ssn", count: 2)]
        changed[1].masked = []
        #expect(
            Self.findings(workshop, changed) == [
                "of command C0, pii/field ssn (field ssn) masked 2 values and 1 are sealed",
                "of command C1, pii/field ssn (field ssn) masked 0 values and 2 are sealed",
            ])
    }

    @Test("a killed gateway leaves a torn end and chunks of commands without an outcome, which are no contradiction")
    func killed() throws {
        let (workshop, logged) = try Self.stage()
        var running = Array(logged.prefix(2))
        var last = LoggedOriginals(command: Self.commands[2])
        last.isOver = false
        running.append(last)
        try workshop.replace(try workshop.contents() + [0, 0, 1, 0, 7])
        let check = OriginalsCheck(
            running, of: workshop.session, at: workshop.place)
        #expect(check.findings.isEmpty, "\(check.findings)")
        #expect(check.notes.count == 2 && check.notes[0].contains("\(Self.commands[2])"), "\(check.notes)")
        #expect(check.notes[1].contains("ends within a chunk"))
    }
}

private enum SealedFormatProbe {
    static func firstFrameLength(_ bytes: [UInt8]) -> Int {
        func length(_ start: Int) -> Int { bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let header = length(0)
        return 8 + header + length(4 + header)
    }
}
