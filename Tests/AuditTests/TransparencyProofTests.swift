import Foundation
import Testing

@testable import Audit

@Suite("Proofs for strangers")
struct TransparencyProofTests {
    private static func log(_ entries: Int) throws -> (TemporaryFolder, AuditReader, TrustPolicy) {
        let folder = try TemporaryFolder()
        try folder.makeLog(entries: entries)
        return (folder, AuditReader(directory: folder.log), TrustPolicy(key: try NoteVerifierKey(folder.vkey())))
    }

    @Test("an entry's proof reads and writes as the same bytes, and proves it")
    func inclusion() throws {
        let (folder, reader, policy) = try Self.log(300)
        defer { withExtendedLifetime(folder) {} }
        for index: UInt64 in [0, 1, 255, 256, 299] {
            let bytes = try reader.transparencyProof(of: index).bytes
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("c2sp.org/tlog-proof@v1\nextra "))
            let proof = try TransparencyProof(parsing: bytes)
            #expect(proof.bytes == bytes && proof.index == index && proof.entry == Sample.entry(Int(index)))
            try proof.verify(under: policy)
            try proof.verify(entry: Sample.entry(Int(index)), under: policy)
        }
    }

    @Test("a proof of another entry, at another place, under another key, or with a changed byte proves nothing")
    func wrong() throws {
        let (folder, reader, policy) = try Self.log(300)
        let (other, _, foreign) = try Self.log(1)
        defer { withExtendedLifetime((folder, other)) {} }
        let proof = try reader.transparencyProof(of: 7)
        #expect(throws: ProofError.notIncluded(index: 7, treeSize: 300)) {
            try proof.verify(entry: Sample.entry(8), under: policy)
        }
        let moved = TransparencyProof(index: 8, entry: proof.entry, path: proof.path, checkpoint: proof.checkpoint)
        #expect(throws: ProofError.notIncluded(index: 8, treeSize: 300)) { try moved.verify(under: policy) }
        #expect(throws: ProofError.self) { try proof.verify(under: foreign) }
        let bare = TransparencyProof(index: 7, entry: nil, path: proof.path, checkpoint: proof.checkpoint)
        #expect(throws: ProofError.noEntry) { try bare.verify(under: policy) }
        // No byte of the file can be changed without notice, but for what is said twice.
        let bytes = proof.bytes
        for place in stride(from: 0, to: bytes.count, by: 3) {
            var changed = bytes
            changed[place] ^= 1
            #expect(throws: (any Error).self, "byte \(place)") {
                let read = try TransparencyProof(parsing: changed)
                try read.verify(under: policy)
                if read == proof { throw NoteError.malformed("the same") }
            }
        }
    }

    @Test("a proof made of files that were changed proves nothing, whoever checks it", arguments: [true, false])
    func changedFiles(isEntry: Bool) throws {
        let (folder, reader, policy) = try Self.log(300)
        defer { withExtendedLifetime(folder) {} }
        let name = isEntry ? "tile/entries/000" : "tile/0/000"
        var bytes = try folder.read(name)
        // A byte of entry 0's text, or of its hash, which stands beside entry 1 on the way up.
        bytes[isEntry ? 60 : 0] ^= 1
        try folder.write(name, bytes)
        let proof = try reader.transparencyProof(of: isEntry ? 0 : 1, under: try reader.checkpoint())
        let error = ProofError.notIncluded(index: isEntry ? 0 : 1, treeSize: 300)
        #expect(throws: error) { try proof.verifyInclusion() }
        #expect(throws: error) { try proof.verify(under: policy) }
        try reader.transparencyProof(of: 299).verifyInclusion()
    }

    @Test(
        "what is no proof is told so",
        arguments: [
            "", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 1\n\n",
            "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
            "c2sp.org/tlog-proof@v1\nindex 01\n\nx\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAAA\n",
            "c2sp.org/tlog-proof@v1\nextra ?\nindex 1\n\nx\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAAA\n",
            "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAAA\n",
        ])
    func malformed(_ text: String) {
        #expect(throws: NoteError.self) { try TransparencyProof(parsing: Array(text.utf8)) }
    }

    @Test("a log proves that it grew from each of its earlier sizes, and from no other tree")
    func consistency() throws {
        let (folder, reader, policy) = try Self.log(300)
        defer { withExtendedLifetime(folder) {} }
        for size: UInt64 in [0, 1, 2, 128, 255, 256, 257, 300] {
            let proof = try ConsistencyProof(parsing: try reader.consistency(from: size).bytes)
            let root = try reader.root(of: size)
            try proof.verify(oldRoot: root, under: policy)
            if size > 0 {
                #expect(throws: ProofError.notConsistent(oldSize: size, newSize: 300)) {
                    try proof.verify(oldRoot: .leaf(Sample.entry(1)), under: policy)
                }
            }
        }
        #expect(throws: AuditError.self) { try reader.consistency(from: 301) }
    }

    @Test("a log that was cut off and signed anew, or made anew, is found by a checkpoint that was kept")
    func kept() throws {
        let (folder, reader, policy) = try Self.log(300)
        let old = try reader.checkpoint()
        #expect(try AuditVerifier.verify(directory: folder.log, under: policy, since: [old]).isValid)

        // The administrator has the key, and makes another log with it.
        for (entries, reason) in [(290, "entries 290 to 299"), (310, "two logs under one key")] {
            let forged = try TemporaryFolder()
            try FileManager.default.copyItem(
                atPath: "\(folder.path)/log.keys/log.key", toPath: "\(forged.path)/log.keys/log.key")
            let log = try AuditLog(Sample.options(forged.log))
            let journal = try log.openJournal("loop-0")
            for number in 0..<entries where number != 5 { try journal.append(Sample.entry(number)) }
            if entries == 290 { try journal.append(Sample.entry(5)) }
            try log.integrateNow()
            #expect(try AuditVerifier.verify(directory: forged.log, under: policy).isValid)
            let report = try AuditVerifier.verify(directory: forged.log, under: policy, since: [old])
            #expect(report.findings.count == 1 && "\(report.findings)".contains(reason), "\(report.findings)")
        }
    }
}
