import Crypto
import Foundation
import Identifiers
import Synchronization
import Testing

@testable import Audit

@Suite("Witnesses")
struct WitnessTests {
    /// A log that grows, and a witness for it.
    private struct Stage {
        let folder: TemporaryFolder
        let log: AuditLog
        let journal: Journal
        let reader: AuditReader
        var written = 0

        /// - Parameter original: Whose key it has: then it is a log of other entries under the same name.
        init(forging original: Stage? = nil) throws {
            folder = try TemporaryFolder()
            if let original {
                try FileManager.default.copyItem(
                    atPath: "\(original.folder.path)/log.keys/log.key", toPath: "\(folder.path)/log.keys/log.key")
                written = 1000
            }
            log = try AuditLog(Sample.options(folder.log))
            journal = try log.openJournal("loop-0")
            reader = AuditReader(directory: folder.log)
        }

        mutating func grow(_ entries: Int) throws -> SignedCheckpoint {
            for _ in 0..<entries {
                try journal.append(Sample.entry(written))
                written += 1
            }
            return try log.integrateNow()
        }

        func witness(_ name: String = "witness.example/w1") throws -> Witness {
            try Witness(
                directory: "\(folder.path)/\(name.split(separator: "/").last!)", name: name, logs: [log.verifierKey])
        }
    }

    @Test("a cosignature counts for its key alone, and names its time")
    func cosignature() throws {
        let cosigner = Cosigner(name: "w.example", key: Curve25519.Signing.PrivateKey())
        let other = Cosigner(name: "w.example", key: Curve25519.Signing.PrivateKey())
        let text = "log.example\n1\n\(TreeHash.leaf([1]).base64)\n"
        let signature = try cosigner.cosign(text, time: 1_679_315_147)
        let note = SignedNote(text: text, signatures: [signature])
        #expect(
            note.cosignatures(by: [other.key, cosigner.key]) == [Cosignature(key: cosigner.key, time: 1_679_315_147)])
        #expect(SignedNote(text: text + "x\n", signatures: [signature]).cosignatures(by: [cosigner.key]).isEmpty)
        #expect(try CosignerKey(cosigner.key.description) == cosigner.key)
        #expect(throws: NoteError.self) { try NoteVerifierKey(cosigner.key.description) }
    }

    @Test("a witness cosigns what grew from what it saw, and says its size to who does not know it")
    func grows() throws {
        var stage = try Stage()
        let witness = try stage.witness()
        var submission = WitnessSubmission(to: witness.key, knownSize: 0)
        var known: [SignedCheckpoint] = []
        for entries in [3, 300, 1, 0, 700] {
            let checkpoint = try stage.grow(entries)
            known.append(checkpoint)
            let request = try submission.request(for: checkpoint, from: stage.reader)
            let answer = witness.addCheckpoint(request, time: 1_700_000_000)
            #expect(answer.status == 200, "\(answer)")
            let step = submission.take(
                status: answer.status, contentType: answer.contentType, body: Array(answer.body.utf8), for: checkpoint)
            guard case .cosigned(let signature) = step else {
                Issue.record("\(step)")
                return
            }
            try WitnessedCheckpoint(directory: stage.folder.log).store(checkpoint, with: [signature])
        }
        let policy = TrustPolicy(key: stage.log.verifierKey, witnesses: [witness.key])
        let report = try AuditVerifier.verify(directory: stage.folder.log, under: policy)
        #expect(report.isValid && report.witnessedEntries == 1004, "\(report.findings)")
        #expect(throws: ProofError.self) { try policy.check(known[4]) }

        // Somebody who starts anew is told the size, and goes on from there.
        var fresh = WitnessSubmission(to: witness.key, knownSize: 0)
        let checkpoint = try stage.grow(5)
        var steps: [WitnessSubmission.Step] = []
        for _ in 0..<2 {
            let request = try fresh.request(for: checkpoint, from: stage.reader)
            let answer = witness.addCheckpoint(request, time: 1)
            steps.append(
                fresh.take(
                    status: answer.status, contentType: answer.contentType, body: Array(answer.body.utf8),
                    for: checkpoint))
        }
        #expect(steps.first == .again && steps.count == 2)
        if case .cosigned? = steps.last {} else { Issue.record("\(steps)") }
    }

    @Test("a cosignature that was lost on its way makes no contradiction, however often that happens")
    func lost() throws {
        var stage = try Stage()
        let witness = try stage.witness()
        var submission = WitnessSubmission(to: witness.key, knownSize: 0)
        for round in 1...3 {
            // The witness cosigns, and nobody hears of it.
            let unheard = try stage.grow(2)
            let request = try stage.reader.consistency(from: UInt64(3 * (round - 1)), to: unheard).bytes
            #expect(witness.addCheckpoint(request, time: 1).status == 200)
            let checkpoint = try stage.grow(1)
            var steps: [WitnessSubmission.Step] = []
            for _ in 0..<2 {
                let answer = witness.addCheckpoint(
                    try submission.request(for: checkpoint, from: stage.reader), time: 2)
                steps.append(
                    submission.take(
                        status: answer.status, contentType: answer.contentType, body: Array(answer.body.utf8),
                        for: checkpoint))
            }
            #expect(steps.first == .again)
            if case .cosigned? = steps.last {} else { Issue.record("round \(round): \(steps)") }
        }
    }

    @Test("a log that was made anew with its own key is not cosigned, also when the witness started again")
    func forked() throws {
        var stage = try Stage()
        do {
            let witness = try stage.witness()
            let checkpoint = try stage.grow(10)
            let request = try stage.reader.consistency(from: 0, to: checkpoint).bytes
            #expect(witness.addCheckpoint(request, time: 1).status == 200)
        }
        let witness = try stage.witness()
        for entries in [5, 10, 20] {
            var forged = try Stage(forging: stage)
            let checkpoint = try forged.grow(entries)
            var submission = WitnessSubmission(to: witness.key, knownSize: 0)
            var step = WitnessSubmission.Step.again
            for _ in 0..<3 where step == .again {
                let request = try submission.request(for: checkpoint, from: forged.reader)
                let answer = witness.addCheckpoint(request, time: 2)
                #expect(answer.status == 409 || answer.status == 422, "\(answer)")
                step = submission.take(
                    status: answer.status, contentType: answer.contentType, body: Array(answer.body.utf8),
                    for: checkpoint)
            }
            guard case .contradiction = step else {
                Issue.record("\(entries): \(step)")
                return
            }
        }
        #expect(throws: AuditError.self) { try stage.witness() }
    }

    @Test("proofs are made under what witnesses cosigned, as far as that goes, and else under the newest checkpoint")
    func proofs() throws {
        var stage = try Stage()
        let witness = try stage.witness()
        let policy = TrustPolicy(key: stage.log.verifierKey, witnesses: [witness.key])
        let first = try stage.grow(300)
        #expect(try stage.reader.transparencyProof(of: 0).checkpoint == first)
        let answer = witness.addCheckpoint(try stage.reader.consistency(from: 0, to: first).bytes, time: 1)
        var submission = WitnessSubmission(to: witness.key, knownSize: 0)
        let step = submission.take(
            status: answer.status, contentType: answer.contentType, body: Array(answer.body.utf8), for: first)
        guard case .cosigned(let signature) = step else {
            Issue.record("\(step)")
            return
        }
        let kept = WitnessedCheckpoint(directory: stage.folder.log)
        let cosigned = try kept.store(first, with: [signature])
        let newest = try stage.grow(20)

        for index: UInt64 in [0, 255, 299] {
            let proof = try TransparencyProof(parsing: try stage.reader.transparencyProof(of: index).bytes)
            #expect(proof.checkpoint == cosigned)
            try proof.verify(under: policy)
        }
        let later = try stage.reader.transparencyProof(of: 300)
        #expect(later.checkpoint == newest)
        #expect(throws: ProofError.tooFewWitnesses(cosigned: [], quorum: 1)) { try later.verify(under: policy) }
        for size: UInt64 in [0, 1, 299, 300] {
            let grew = try ConsistencyProof(parsing: try stage.reader.consistency(from: size).bytes)
            #expect(grew.checkpoint == cosigned)
            try grew.verify(oldRoot: try stage.reader.root(of: size), under: policy)
        }
        #expect(try stage.reader.consistency(from: 301).checkpoint == newest)
        #expect(try stage.reader.consistency(from: 1, to: newest).checkpoint == newest)
        #expect(try stage.reader.checkpoint(of: 300) == cosigned && stage.reader.checkpoint(of: 320) == newest)
        #expect(try stage.reader.checkpoint(of: 310) == nil && stage.reader.checkpoint(of: 321) == nil)
        #expect(throws: AuditError.self) { try stage.reader.transparencyProof(of: 320) }
        #expect(throws: AuditError.self) { try stage.reader.transparencyProof(of: .max) }

        // One of another tree under the same name and key, and one that is ahead, are not gone by.
        for entries in [100, 400] {
            var forged = try Stage(forging: stage)
            try kept.store(try forged.grow(entries), with: [])
            #expect(try stage.reader.transparencyProof(of: 0).checkpoint == newest)
            #expect(try stage.reader.consistency(from: 1).checkpoint == newest)
        }
    }

    @Test("monitors see what a witness cosigned last, with its cosignature alone, and never more than it keeps")
    func monitored() throws {
        var stage = try Stage()
        let full = Mutex(false)
        var files = FileOperations.system
        let rename = files.rename
        files.rename = { from, to throws(FileOperations.Failure) in
            if full.withLock({ $0 }) { throw FileOperations.Failure(operation: "rename", path: to, code: 28) }
            try rename(from, to)
        }
        func open() throws -> Witness {
            try Witness(
                directory: "\(stage.folder.path)/w1", name: "witness.example/w1", logs: [stage.log.verifierKey],
                fileOperations: files)
        }
        let log = SHA256.hash(data: Array(Sample.origin.utf8)).hexadecimal
        let policy: TrustPolicy
        let seen: String
        do {
            let witness = try open()
            policy = TrustPolicy(key: stage.log.verifierKey, witnesses: [witness.key])
            #expect(witness.checkpoint(ofLog: log).status == 404)
            let first = try stage.grow(3)
            // What others wrote on it is not passed on.
            let stranger = Cosigner(name: "stranger.example", key: Curve25519.Signing.PrivateKey())
            let decorated = first.adding([try stranger.cosign(first.note.text, time: 1)])
            let asked = try stage.reader.consistency(from: 0, to: decorated).bytes
            #expect(witness.addCheckpoint(asked, time: 1_700_000_000).status == 200)
            let answer = witness.checkpoint(ofLog: log)
            #expect(answer.status == 200 && answer.contentType == "text/plain; charset=utf-8")
            seen = answer.body
            let checkpoint = try SignedCheckpoint(parsing: Array(seen.utf8))
            try policy.check(checkpoint)
            #expect(checkpoint.note.signatures.count == 2 && checkpoint.note.text == first.note.text)
            #expect(checkpoint.note.cosignatures(by: [witness.key]).map(\.time) == [1_700_000_000])
            for other in ["", Sample.origin, log.uppercased(), String(log.dropLast())] {
                #expect(witness.checkpoint(ofLog: other).status == 404)
            }

            let second = try stage.grow(2)
            let request = try stage.reader.consistency(from: 3, to: second).bytes
            full.withLock { $0 = true }
            #expect(witness.addCheckpoint(request, time: 2).status == 500)
            #expect(witness.checkpoint(ofLog: log).body == seen)
            full.withLock { $0 = false }
        }
        let witness = try open()
        #expect(witness.checkpoint(ofLog: log).body == seen)
        let request = try stage.reader.consistency(from: 3, to: try stage.reader.checkpoint()).bytes
        #expect(witness.addCheckpoint(request, time: 3).status == 200)
        let checkpoint = try SignedCheckpoint(parsing: Array(witness.checkpoint(ofLog: log).body.utf8))
        try policy.check(checkpoint)
        #expect(checkpoint.treeSize == 5)
    }

    @Test("requests that are not by the specification get the status that it names")
    func refused() throws {
        var stage = try Stage()
        let witness = try stage.witness()
        let checkpoint = try stage.grow(4)
        let good = String(decoding: try stage.reader.consistency(from: 0, to: checkpoint).bytes, as: UTF8.self)
        func status(_ text: String) -> Int { witness.addCheckpoint(Array(text.utf8), time: 1).status }
        #expect(status("") == 400)
        #expect(status(good.replacing("old 0", with: "old 00")) == 400)
        #expect(status(good.replacing("old 0", with: "old 5")) == 400)
        #expect(status(good.replacing("old 0", with: "old 1")) == 409)
        #expect(status(good.replacing("old 0\n", with: "old 0\n\(TreeHash.emptyTree.base64)\n")) == 422)
        #expect(status(good.replacing(Sample.origin, with: "other.example/log")) == 404)
        #expect(status(good.replacing("\n4\n", with: "\n5\n")) == 403)
        #expect(status(good) == 200)
        #expect(status(good) == 409)
        let answer = witness.addCheckpoint(Array(good.utf8), time: 1)
        #expect(answer.body == "4\n" && answer.contentType == "text/x.tlog.size")
    }
}
