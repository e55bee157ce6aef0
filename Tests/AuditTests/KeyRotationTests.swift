import Crypto
import Foundation
import Identifiers
import StrictJSON
import Synchronization
import Testing

@testable import Audit

@Suite("Key rotation")
struct KeyRotationTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    /// A log of 300 entries, its key rotated once, and 300 more.
    private struct Stage {
        let folder: TemporaryFolder
        let old: NoteVerifierKey
        let rotation: KeyRotation
        let before: SignedCheckpoint
        /// The old private key, as somebody who stole it has it.
        let stolen: Curve25519.Signing.PrivateKey

        init(overlap: Duration = .seconds(86_400 * 365 * 100), then more: Int = 300) throws {
            folder = try TemporaryFolder()
            try folder.makeLog(entries: 300)
            old = try NoteVerifierKey(try folder.vkey())
            before = try SignedCheckpoint(parsing: try folder.read("checkpoint"), verifiedBy: old)
            let options = Sample.options(folder.log)
            let file = SigningKeyFile(holder: .log, path: options.keyPath, files: .system)
            stolen = try #require(try file.load(name: Sample.origin))
            rotation = try AuditLog.rotateKey(
                options, overlap: overlap, reason: "yearly", now: KeyRotationTests.now
            ).rotation
            try grow(more)
        }

        func grow(_ count: Int) throws {
            let log = try AuditLog(Sample.options(folder.log))
            log.retireKey(at: KeyRotationTests.now)
            for number in 0..<count { try log.append(Sample.entry(1000 + number)) }
            try log.integrateNow()
        }

        func verify(
            _ key: NoteVerifierKey, since kept: [SignedCheckpoint] = []
        ) throws -> VerificationReport {
            try AuditVerifier.verify(directory: folder.log, under: TrustPolicy(key: key), since: kept)
        }
    }

    @Test("while the overlap lasts, whoever knows either key accepts; the keys are told in the log")
    func overlap() throws {
        let stage = try Stage()
        let rotation = stage.rotation
        #expect(rotation.treeSize == 300 && rotation.old == stage.old && rotation.new != stage.old)
        let checkpoint = try SignedCheckpoint(parsing: try stage.folder.read("checkpoint"))
        #expect(checkpoint.treeSize == 601 && checkpoint.note.signatures.count == 2)
        for key in [rotation.old, rotation.new] {
            try TrustPolicy(key: key).check(checkpoint)
            #expect(try stage.verify(key, since: [stage.before]).isValid)
        }
        // The old one's checkpoint, seen by who has the new key alone.
        #expect(try stage.verify(rotation.new, since: [stage.before]).followedRotations == [300])

        let entry = try AuditReader(directory: stage.folder.log).entry(at: 300)
        #expect(entry.kind == "key-rotation" && entry.time == Self.now.description)
        let value = try JSONValue(parsing: entry.bytes)
        #expect(value["reason"]?.string == "yearly" && value["old"]?.string == stage.old.description)
        #expect(try stage.folder.vkey() == "\(rotation.new)\n")
        let retired = "\(stage.folder.path)/log.keys/log.\(NoteKeyName.hex(stage.old.keyID)).vkey"
        #expect(try String(contentsOfFile: retired, encoding: .utf8) == "\(stage.old)\n")
        for name in ["log.key", "log.key.retiring"] {
            let path = "\(stage.folder.path)/log.keys/\(name)"
            #expect(try FileOperations.system.statusIfPresent(path)?.permissions == 0o600)
        }
    }

    @Test("after the overlap the old private key is gone, and its public half still leads to the new one")
    func retired() throws {
        let stage = try Stage(overlap: .zero)
        #expect(!FileManager.default.fileExists(atPath: "\(stage.folder.path)/log.keys/log.key.retiring"))
        let checkpoint = try SignedCheckpoint(parsing: try stage.folder.read("checkpoint"))
        #expect(checkpoint.note.signatures.map(\.keyID) == [stage.rotation.new.keyID])
        #expect(throws: ProofError.self) { try TrustPolicy(key: stage.old).check(checkpoint) }
        let report = try stage.verify(stage.old, since: [stage.before])
        #expect(report.isValid && report.followedRotations == [300], "\(report.findings)")
        let kinds = try AuditReader(directory: stage.folder.log).all(matching: AuditFilter(kinds: ["key-retirement"]))
        #expect(kinds.count == 1)
        // Whoever has the new key does not need the rotations.
        #expect(try stage.verify(stage.rotation.new).followedRotations.isEmpty)
    }

    @Test("three rotations on end are followed from any of the keys, onward and back")
    func chain() throws {
        let stage = try Stage(overlap: .seconds(1 << 40), then: 0)
        var keys = [stage.rotation.old, stage.rotation.new]
        var kept = [stage.before]
        for _ in 0..<2 {
            try stage.grow(5)
            kept.append(try SignedCheckpoint(parsing: try stage.folder.read("checkpoint")))
            keys.append(
                try AuditLog.rotateKey(
                    Sample.options(stage.folder.log), overlap: .zero, endingOverlap: true, now: Self.now
                ).rotation.new)
        }
        try stage.grow(300)
        for key in keys {
            let report = try stage.verify(key, since: kept)
            #expect(report.isValid && report.followedRotations.count == 3, "\(report.findings)")
        }
        let stranger = NoteVerifierKey(name: Sample.origin, key: Curve25519.Signing.PrivateKey().publicKey)
        let report = try stage.verify(stranger)
        #expect(report.findings.map(\.place) == [.checkpoint] && report.followedRotations.isEmpty)
    }

    @Test("a checkpoint of the old key alone, signed after the rotation, is not the log's")
    func oldKeyAfterRotation() throws {
        let stage = try Stage(overlap: .zero)
        let forged = try SignedCheckpoint(
            origin: Sample.origin, treeSize: 400, root: .leaf([1]),
            signer: NoteSigner(name: Sample.origin, key: stage.stolen))
        let report = try stage.verify(stage.rotation.new, since: [forged])
        #expect(report.findings.map(\.place) == [.checkpoint], "\(report.findings)")
    }

    /// How somebody with the disk but without one of the keys may make an entry of a rotation.
    enum Forgery: String, CaseIterable {
        case oldSignature = "signature of the old key"
        case newSignature = "signature of the new key"
        case oldMissing = "not signed by the old key"
        case newMissing = "not signed by the new key"
        case otherPlace = "signed for entry 7, not for this one"
        case otherTree = "signed over another tree of 20 entries"
        case unreadable = "cannot be read"
        case otherKey = "and the log's key before it is"
    }

    @Test(
        "a broken chain of keys is told by the entry that breaks it and by what is wrong there",
        arguments: Forgery.allCases)
    func forged(_ forgery: Forgery) throws {
        let (first, second) = (Curve25519.Signing.PrivateKey(), Curve25519.Signing.PrivateKey())
        let old = Ed25519Signer(name: Sample.origin, key: first)
        let new = Ed25519Signer(name: Sample.origin, key: second)
        let folder = try TemporaryFolder()
        // A log signed by the new key, with a rotation in it that its owner could not have made.
        try SigningKeyFile(holder: .log, path: "\(folder.path)/log.keys/log.key", files: .system).store(
            second, name: Sample.origin)
        let log = try AuditLog(Sample.options(folder.log))
        for number in 0..<20 { try log.append(Sample.entry(number)) }
        let checkpoint = try log.integrateNow()
        var signers: [any CheckpointSigner] = [old, new]
        if forgery == .otherKey {
            signers[0] = Ed25519Signer(name: Sample.origin, key: Curve25519.Signing.PrivateKey())
            let good = try KeyRotation(from: old, to: old, treeSize: 20, root: checkpoint.root)
            try log.append(good.entry(id: UUIDv7(milliseconds: 1), time: Self.now, until: Self.now, reason: nil))
        }
        let size = try log.integrateNow()
        let rotation = try KeyRotation(
            from: signers[0], to: signers[1], treeSize: forgery == .otherPlace ? 7 : size.treeSize,
            root: forgery == .otherTree ? .emptyTree : size.root)
        var statement = String(decoding: rotation.note.bytes, as: UTF8.self)
        let lines = rotation.note.signatures.map(\.line)
        let wrong = SignedNote.Signature(
            name: Sample.origin, keyID: 0, signature: [UInt8](repeating: 1, count: 64))
        func line(_ signature: SignedNote.Signature, as key: NoteVerifierKey) -> String {
            SignedNote.Signature(name: key.name, keyID: key.keyID, signature: signature.signature).line
        }
        switch forgery {
        case .oldSignature: statement = statement.replacing(lines[0], with: line(wrong, as: old.verifierKey))
        case .newSignature: statement = statement.replacing(lines[1], with: line(wrong, as: new.verifierKey))
        case .oldMissing: statement = statement.replacing(lines[0], with: "")
        case .newMissing: statement = statement.replacing(lines[1], with: "")
        case .unreadable: statement = statement.replacing("rotation v1", with: "rotation v9")
        case .otherPlace, .otherTree, .otherKey: break
        }
        try log.append(
            LogEntry.bytes(kind: "key-rotation", time: Self.now, [JSONMember("statement", .string(statement))]))
        try log.integrateNow()
        let report = try AuditVerifier.verify(directory: folder.log, under: TrustPolicy(key: old.verifierKey))
        let named = report.findings.filter {
            if case .entry(size.treeSize, .some) = $0.place { $0.reason.contains(forgery.rawValue) } else { false }
        }
        #expect(named.count == 1, "\(report.findings)")
        // The log's own key is not reached either.
        #expect(report.findings.contains { $0.place == .checkpoint } || forgery == .otherKey, "\(report.findings)")
    }

    @Test("a rotation that is cut off anywhere is not begun or whole, and the log goes on")
    func cutOff() throws {
        let base = MemoryDisk()
        for folder in ["/var", "/var/log.keys"] { try base.files.makeDirectory(folder, 0o700) }
        let old: NoteVerifierKey
        do {
            let log = try AuditLog(Sample.options("/var/log", files: base.files))
            old = log.verifierKey
            for number in 0..<5 { try log.append(Sample.entry(number)) }
            try log.integrateNow()
        }
        var rotated = 0
        var operation = 0
        while true {
            let number = operation
            let disk = MemoryDisk(base.afterKill) { $0 == number ? .crashAfter : nil }
            _ = try? AuditLog.rotateKey(
                Sample.options("/var/log", files: disk.files), overlap: .seconds(1 << 40), now: Self.now)
            if !disk.hasCrashed { break }
            let next = MemoryDisk(disk.afterKill)
            let log = try AuditLog(Sample.options("/var/log", files: next.files))
            try log.append(Sample.entry(5))
            let checkpoint = try log.integrateNow()
            try TrustPolicy(key: log.verifierKey).check(checkpoint)
            let report = try AuditVerifier.verify(
                directory: "/var/log", vkey: old.description, fileOperations: next.files)
            #expect(report.isValid, "crash at \(number): \(report.findings)")
            let history = try KeyHistory(
                of: "/var/log", trusting: old, treeSize: checkpoint.treeSize, fileOperations: next.files)
            #expect(history.faults.isEmpty)
            if log.verifierKey == old {
                #expect(history.rotations.isEmpty && checkpoint.treeSize == 6, "crash at \(number)")
            } else {
                rotated += 1
                #expect(history.rotations.count == 1 && checkpoint.treeSize == 7, "crash at \(number)")
                #expect(history.key(at: 7) == log.verifierKey && history.key(at: 5) == old)
            }
            operation += 1
        }
        #expect(rotated > 10 && operation - rotated > 10)
    }

    @Test("a witness that knows the old key cosigns through the overlap, and needs the new one afterwards")
    func witness() throws {
        let stage = try Stage()
        let reader = AuditReader(directory: stage.folder.log)
        func ask(knowing keys: [NoteVerifierKey]) throws -> Int {
            let witness = try Witness(directory: "\(stage.folder.path)/witness", name: "w.example", logs: keys)
            let checkpoint = try reader.checkpoint()
            var submission = WitnessSubmission(to: witness.key, knownSize: 0)
            var status = 0
            for _ in 0..<2 {
                let answer = witness.addCheckpoint(try submission.request(for: checkpoint, from: reader), time: 1)
                status = answer.status
                let step = submission.take(
                    status: status, contentType: answer.contentType, body: Array(answer.body.utf8), for: checkpoint)
                if step != .again { break }
            }
            return status
        }
        #expect(try ask(knowing: [stage.old]) == 200)
        try stage.grow(5)
        #expect(try ask(knowing: [stage.old, stage.rotation.new]) == 200)
        let last = try AuditLog.rotateKey(
            Sample.options(stage.folder.log), overlap: .zero, endingOverlap: true, now: Self.now
        ).rotation.new
        try stage.grow(5)
        #expect(try ask(knowing: [stage.old, stage.rotation.new]) == 403)
        #expect(try ask(knowing: [stage.rotation.new, last]) == 200)
    }

    @Test("a running gateway's log is not rotated, nor keys of another time used")
    func refused() throws {
        let stage = try Stage(then: 0)
        let options = Sample.options(stage.folder.log)
        do {
            let log = try AuditLog(options)
            #expect(throws: AuditError.directoryInUse(path: stage.folder.log, processID: getpid())) {
                try AuditLog.rotateKey(options, overlap: .zero)
            }
            withExtendedLifetime(log) {}
        }
        // A log of before the rotation, restored from a backup under the keys of after it.
        let other = try TemporaryFolder()
        try other.makeLog(entries: 200)
        let backup = "\(other.path)/backup"
        try FileManager.default.copyItem(atPath: other.log, toPath: backup)
        do {
            let log = try AuditLog(Sample.options(other.log))
            for number in 0..<100 { try log.append(Sample.entry(1000 + number)) }
            try log.integrateNow()
        }
        _ = try AuditLog.rotateKey(Sample.options(other.log), overlap: .seconds(1 << 30), now: Self.now)
        try FileManager.default.removeItem(atPath: other.log)
        try FileManager.default.moveItem(atPath: backup, toPath: other.log)
        let error = #expect(throws: AuditError.self) { try AuditLog(Sample.options(other.log)) }
        #expect("\(try #require(error))".contains("not of the same time"), "\(String(describing: error))")
    }

    @Test("the log says that the old key is gone once, and it is gone in the end, however often its removal fails")
    func removalFails() throws {
        let stage = try Stage(then: 0)
        let fails = Mutex(true)
        var files = FileOperations.system
        let remove = files.remove
        files.remove = { path throws(FileOperations.Failure) in
            if path.hasSuffix(".retiring"), fails.withLock({ $0 }) {
                throw FileOperations.Failure(operation: "unlink", path: path, code: 5)
            }
            try remove(path)
        }
        let log = try AuditLog(Sample.options(stage.folder.log, files: files))
        let until = try #require(log.retiringKey).until
        let path = "\(stage.folder.path)/log.keys/log.key.retiring"
        for _ in 0..<2 {
            log.retireKey(at: until)
            #expect(FileManager.default.fileExists(atPath: path) && log.retiringKey != nil)
        }
        // Its signature is no more, and what says so stands in the signed tree already.
        #expect(log.checkpoint().note.signatures.map(\.keyID) == [stage.rotation.new.keyID])
        fails.withLock { $0 = false }
        log.retireKey(at: until)
        #expect(!FileManager.default.fileExists(atPath: path) && log.retiringKey == nil)
        let told = try AuditReader(directory: stage.folder.log).all(matching: AuditFilter(kinds: ["key-retirement"]))
        #expect(told.count == 1)
    }

    @Test("without an overlap the old key signs nothing after its rotation, and is gone when that returns")
    func noOverlap() throws {
        let folder = try TemporaryFolder()
        try folder.makeLog(entries: 3)
        let rotated = try AuditLog.rotateKey(Sample.options(folder.log), overlap: .zero, now: Self.now)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/log.keys/log.key.retiring"))
        #expect(rotated.checkpoint.note.signatures.map(\.keyID) == [rotated.rotation.new.keyID])
        #expect(try AuditReader(directory: folder.log).entry(at: 4).kind == "key-retirement")
    }

    @Test("what a rotation promised those who know the old key alone, the next one does not take back unasked")
    func overlapLasts() throws {
        let stage = try Stage(overlap: .seconds(100), then: 0)
        let until = Self.now.adding(.seconds(100))
        let options = Sample.options(stage.folder.log)
        let before = try stage.folder.read("checkpoint")
        let error = #expect(throws: AuditError.overlapLasts(key: "\(stage.old)", until: until)) {
            try AuditLog.rotateKey(options, overlap: .zero, now: Self.now)
        }
        #expect("\(try #require(error))".contains("until \(until)"))
        #expect(try stage.folder.read("checkpoint") == before)
        #expect(try AuditLog(options).retiringKey?.key == stage.old)
        // When it is over nobody need ask.
        let next = try AuditLog.rotateKey(options, overlap: .zero, now: until)
        #expect(next.rotation.old == stage.rotation.new)
        #expect(next.checkpoint.note.signatures.map(\.keyID) == [next.rotation.new.keyID])
    }

    @Test("a key that is kept elsewhere signs through the same door", .enabled(if: OpenSSLSigner.isPossible))
    func elsewhere() throws {
        let folder = try TemporaryFolder()
        let signer = try OpenSSLSigner(name: Sample.origin, in: folder.path)
        let note = try NoteSigner(signer).sign("\(Sample.origin)\n0\n\(TreeHash.emptyTree.base64)\n")
        try TrustPolicy(key: signer.verifierKey).check(try SignedCheckpoint(parsing: note.bytes))
    }

    @Test("a key of another kind than a file is refused, with what is possible")
    func reference() throws {
        #expect(try SigningKeyReference("file:/etc/log.key") == .file("/etc/log.key"))
        for text in ["pkcs11:token=hsm;object=log", "awskms:alias/log", "/etc/log.key", "file:", ""] {
            let error = #expect(throws: AuditError.signingKeyUnknown(text)) { try SigningKeyReference(text) }
            #expect("\(try #require(error))".contains("give file:PATH"))
        }
    }
}

/// Signs with a key in the hands of the openssl command.
private struct OpenSSLSigner: CheckpointSigner {
    let verifierKey: NoteVerifierKey
    private let folder: String

    static let program = "/usr/bin/openssl"
    static let isPossible = FileManager.default.isExecutableFile(atPath: program)

    init(name: String, in folder: String) throws {
        self.folder = folder
        try Self.run(["genpkey", "-algorithm", "ed25519", "-out", "\(folder)/key.pem"])
        try Self.run(["pkey", "-in", "\(folder)/key.pem", "-pubout", "-outform", "DER", "-out", "\(folder)/key.der"])
        let der = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/key.der"))
        verifierKey = NoteVerifierKey(name: name, key: try .init(rawRepresentation: der.suffix(32)))
    }

    func sign(_ message: [UInt8]) throws -> [UInt8] {
        try Data(message).write(to: URL(fileURLWithPath: "\(folder)/message"))
        try Self.run([
            "pkeyutl", "-sign", "-inkey", "\(folder)/key.pem", "-rawin", "-in", "\(folder)/message", "-out",
            "\(folder)/signature",
        ])
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/signature")))
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
