import Audit
import Foundation
import Synchronization

/// Appends a second at each durability and with more and more writers, beside a loop of `write(2)` with the same bytes,
/// followed by `fdatasync(2)` where the log's record has to be on the disk too.
enum AppendBenchmark {
    private static let rounds = 3

    static func run(into results: inout Results) throws {
        Results.heading("appends a second", "ours", "write(2), then fdatasync")
        for durability in Durability.allCases {
            for writers in [1, 8, 64] {
                let count = durability == .process ? 200_000 : 1000 * min(writers, 8)
                var ours: [Double] = []
                var theirs: [Double] = []
                var flushes: [Double] = []
                for _ in 0..<rounds {
                    let (rate, flushed) = try appends(durability, writers: writers, count: count)
                    ours.append(rate)
                    flushes.append(flushed)
                    theirs.append(try plainWrites(durability, writers: writers, count: count))
                }
                results.add(
                    "\(durability), \(writers) writer\(writers == 1 ? "" : "s")", median(ours), median(theirs),
                    unit: "appends/s", peerName: durability == .process ? "write" : "write+fdatasync",
                    note: durability == .process
                        ? "" : String(format: "%.3f fdatasync an append", median(flushes)))
            }
        }
    }

    /// Appends with a journal for each writer, as each event loop has one; how many a second, and how many `fdatasync`
    /// each took.
    private static func appends(
        _ durability: Durability, writers: Int, count: Int
    ) throws -> (rate: Double, flushes: Double) {
        let folder = try Folder()
        let flushes = Counter()
        var files = FileOperations.system
        files.synchronizeData = { descriptor throws(FileOperations.Failure) in
            flushes.value.add(1, ordering: .relaxed)
            try FileOperations.system.synchronizeData(descriptor)
        }
        var options = folder.options(durability, files: files)
        options.journalSizeLimit = 1 << 36
        let log = try AuditLog(options)
        let entry = EntryMaker().bytes
        let refused = Counter()
        let before = flushes.value.load(ordering: .relaxed)
        let rate = rate(writers, count: count) { writer, times in
            guard let journal = try? log.openJournal("writer-\(writer)") else {
                refused.value.add(times, ordering: .relaxed)
                return
            }
            for _ in 0..<times where (try? journal.append(entry)) == nil { refused.value.add(1, ordering: .relaxed) }
        }
        guard refused.value.load(ordering: .relaxed) == 0 else { throw BenchmarkFailure("appends were refused") }
        return (rate, Double(flushes.value.load(ordering: .relaxed) - before) / Double(count))
    }

    /// The same bytes without a log.
    private static func plainWrites(_ durability: Durability, writers: Int, count: Int) throws -> Double {
        let folder = try Folder()
        let path = folder.path
        let entry = EntryMaker().bytes
        return rate(writers, count: count) { writer, times in
            let descriptor = open("\(path)/\(writer)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(descriptor) }
            for _ in 0..<times {
                _ = entry.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if durability == .disk { fdatasync(descriptor) }
            }
        }
    }
}

final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
