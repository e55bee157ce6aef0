import Audit
import Crypto
import Foundation
import Synchronization

/// Shows that size costs nothing where it must not: appends and integration in a log of ten entries and in one of
/// millions, proofs by the files they read, and verification by its time, memory and cores.
enum ScaleBenchmark {
    static func run(entries: Int, into results: inout Results) throws {
        let small = try Folder()
        let large = try Folder()
        var entry = EntryMaker()
        func numbered(_ number: Int) -> [UInt8] {
            entry.set(number)
            return entry.bytes
        }
        try small.fill(10, numbered)
        let made = try timed { try large.fill(entries, numbered) }
        print(
            String(
                format: "\n%d entries through the log itself, without waiting for the disk, in %.0f s (%.0f a second)",
                entries, made, Double(entries) / made))
        try appends(small, large, entries, into: &results)
        try proofs(large, into: &results)
        try verification(large, into: &results)
    }

    private static func appends(
        _ small: Folder, _ large: Folder, _ entries: Int, into results: inout Results
    ) throws {
        Results.heading("a log that grows", "\(entries) entries", "10 entries")
        let count = 16_384
        let logs = try [small, large].map { try AuditLog($0.options(.process)) }
        let journals = try logs.map { try $0.openJournal("more") }
        var appended: [[Double]] = [[], []]
        var integrated: [[Double]] = [[], []]
        let entry = EntryMaker().bytes
        for _ in 0..<5 {
            for side in 0..<2 {
                let time = try timed { for _ in 0..<count { try journals[side].append(entry) } }
                appended[side].append(time / Double(count) * 1e9)
                // A whole batch, with the disk waited for.
                integrated[side].append(try timed { try logs[side].integrateNow() } * 1e3)
            }
        }
        results.add(
            "an append, ns", median(appended[1]), median(appended[0]), unit: "ns", peerName: "at 10 entries")
        results.add(
            "integrating 16,384 entries, ms", median(integrated[1]), median(integrated[0]), unit: "ms",
            peerName: "at 10 entries")
    }

    private static func proofs(_ folder: Folder, into results: inout Results) throws {
        let reads = Counter()
        var files = FileOperations.system
        files.open = { path, mode, permissions throws(FileOperations.Failure) in
            reads.value.add(1, ordering: .relaxed)
            return try FileOperations.system.open(path, mode, permissions)
        }
        let reader = AuditReader(directory: "\(folder.path)/log", fileOperations: files)
        let size = try reader.checkpoint().treeSize
        var times: [Double] = []
        var most = 0
        for step in 0..<200 {
            let index = (UInt64(step) &* 0x9e37_79b9_7f4a_7c15) % size
            let before = reads.value.load(ordering: .relaxed)
            times.append(try timed { _ = try reader.transparencyProof(of: index) } * 1e6)
            most = max(most, reads.value.load(ordering: .relaxed) - before)
        }
        results.add("a proof, µs", median(times), unit: "µs", note: "at most \(most) files opened")
    }

    private static func verification(_ folder: Folder, into results: inout Results) throws {
        let log = "\(folder.path)/log"
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let size = try AuditReader(directory: log).checkpoint().treeSize
        let bytes = Double(size) * Double(EntryMaker().bytes.count)
        Results.heading("verification of \(size) entries", "MB/s of entries", "SHA-256, MB/s")
        for threads in Set([1, cores]).sorted() {
            let limit = hashing(threads)
            let once = try VerifyOnce.inProcess(log: log, key: "\(folder.path)/log.vkey", threads: threads)
            results.add(
                "\(threads) thread\(threads == 1 ? "" : "s")", bytes / once.seconds / 1e6, limit, unit: "MB/s",
                peerName: "SHA-256 of 1 MiB pieces",
                note: String(
                    format: "%.0f entries/s, %.1f s, %.1f s of CPU, peak %.0f MiB", Double(size) / once.seconds,
                    once.seconds, once.cpuSeconds, once.peakMebibytes))
        }
    }

    /// What the machine hashes where nothing else is to be done, in MB/s.
    private static func hashing(_ threads: Int) -> Double {
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let pieces = rate(threads, count: threads * 600) { _, times in
            for _ in 0..<times { withExtendedLifetime(SHA256.hash(data: piece)) {} }
        }
        return pieces * Double(piece.count) / 1e6
    }
}
