import Crypto
import Foundation
import Identifiers
import Synchronization
import Testing
import Vault

@testable import Originals

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

    @Test("a file in which nothing was sealed is gone once it is closed, and nobody is told of it")
    func empty() throws {
        let workshop = Workshop()
        for count in [0, 1] {
            var told = 0
            do {
                let sealer = try workshop.sealer()
                sealer.whenClosed = { told += 1 }
                for _ in 0..<count { _ = try workshop.seal(["1"], of: Self.first, by: sealer) }
                withExtendedLifetime(sealer) { #expect(FileManager.default.fileExists(atPath: workshop.path())) }
            }
            #expect(told == count)
            #expect(FileManager.default.fileExists(atPath: workshop.path()) == (count > 0))
        }
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

    @Test("what is wrong with a copy is told under the name of its original")
    func namedErrors() {
        let copy = "/tmp/copy"
        let errors: [OriginalsError] = [
            .notFound(path: copy), .unreadable(path: copy, reason: "r"), .notSealedOriginals(path: copy, reason: "r"),
            .otherKey(path: copy, sealedTo: "k"), .notOpened(path: copy, sequence: 3),
        ]
        for error in errors {
            #expect("\(error.naming("day/s-1.sealed"))" == "\(error)".replacing(copy, with: "day/s-1.sealed"))
        }
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
