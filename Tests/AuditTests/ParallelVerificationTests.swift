import Foundation
import Synchronization
import Testing

@testable import Audit

@Suite("Verification on several threads")
struct ParallelVerificationTests {
    @Test(
        "pieces of work come back in order, whichever thread is done first", arguments: [1, 2, 7], [0, 1, 2, 100])
    func ordered(_ threads: Int, _ count: UInt64) {
        var seen: [UInt64] = []
        OrderedWork.run(count, threads: threads) { number in
            // The first of each few takes longest.
            usleep(number % 5 == 0 ? 2000 : 10)
            return number
        } each: { (number: UInt64) in
            seen.append(number)
            return true
        }
        #expect(seen == Array(0..<count))
    }

    @Test("only a few results wait for their turn, and an early end stops the work")
    func bounded() {
        let begun = Atomic<Int>(0)
        var taken = 0
        OrderedWork.run(100_000, threads: 3) { _ in
            begun.add(1, ordering: .relaxed)
        } each: { (_: (oldValue: Int, newValue: Int)) in
            taken += 1
            return taken < 10
        }
        #expect(taken == 10)
        #expect((10...25).contains(begun.load(ordering: .relaxed)))
    }

    @Test("an error ends the work and reaches the caller", arguments: [1, 4])
    func thrown(_ threads: Int) {
        #expect(throws: AuditError.entryEmpty) {
            try OrderedWork.run(1000, threads: threads) {
                $0
            } each: { (number: UInt64) throws(AuditError) in
                if number == 20 { throw .entryEmpty }
                return true
            }
        }
    }

    /// A log of more than one shard with something wrong in many places, and more findings than are listed.
    @Test("what is found, and its order, is the same on one thread and on many")
    func sameFindings() throws {
        let folder = try TemporaryFolder()
        var files = FileOperations.system
        files.synchronize = { _ in }
        let log = try AuditLog(Sample.options(folder.log, files: files))
        let journal = try log.openJournal("loop-0")
        for number in 0..<20_000 { try journal.append([UInt8(number & 0xff), UInt8(number >> 8 & 0xff)]) }
        try log.integrateNow()
        func change(_ name: String, _ place: Int) throws {
            var bytes = try folder.read(name)
            bytes[place] ^= 1
            try folder.write(name, bytes)
        }
        for bundle in stride(from: 2, to: 78, by: 7) {
            let name = "tile/entries/0" + (bundle < 10 ? "0\(bundle)" : "\(bundle)")
            for position in 0..<8 { try change(name, position * 4 + 3) }
        }
        try change("tile/0/003", 100)
        try change("tile/0/077", 100)
        try folder.remove("tile/entries/040")
        let vkey = try folder.vkey()
        let expected = try AuditVerifier.verify(directory: folder.log, vkey: vkey, threads: 1)
        #expect(expected.findings.count == 91)
        // The first and the last, as a person would expect them.
        #expect(expected.findings.first?.place == .entry(index: 512, id: nil))
        #expect(expected.findings.last?.place == .tile(path: "tile/0/077"))
        for threads in [2, 3, 8] {
            for _ in 0..<5 {
                #expect(try AuditVerifier.verify(directory: folder.log, vkey: vkey, threads: threads) == expected)
            }
        }
        for position in 8..<40 { try change("tile/entries/051", position * 4 + 3) }
        let more = try AuditVerifier.verify(directory: folder.log, vkey: vkey, threads: 1)
        #expect(more.findings.count == 100 && more.findingsOmitted > 0)
        for threads in [2, 8] {
            #expect(try AuditVerifier.verify(directory: folder.log, vkey: vkey, threads: threads) == more)
        }
    }
}
