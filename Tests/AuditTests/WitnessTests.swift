import Crypto
import Foundation
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

        init() throws {
            folder = try TemporaryFolder()
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
            let forged = try TemporaryFolder()
            try FileManager.default.copyItem(
                atPath: "\(stage.folder.path)/log.keys/log.key", toPath: "\(forged.path)/log.keys/log.key")
            let log = try AuditLog(Sample.options(forged.log))
            let journal = try log.openJournal("loop-0")
            for number in 0..<entries { try journal.append(Sample.entry(number + 1000)) }
            let checkpoint = try log.integrateNow()
            var submission = WitnessSubmission(to: witness.key, knownSize: 0)
            var step = WitnessSubmission.Step.again
            for _ in 0..<3 where step == .again {
                let request = try submission.request(for: checkpoint, from: AuditReader(directory: forged.log))
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
