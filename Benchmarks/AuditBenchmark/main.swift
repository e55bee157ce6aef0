import Audit
import Foundation
import Logging
import StrictJSON
import Synchronization

// Appends a second at each durability, with one writer and with eight, beside what the machine itself does with the
// same bytes: a loop of write(2), followed by fdatasync(2) where the log does that too. Rounds are interleaved, medians
// are taken. Prints a table and writes .build/bench/audit.json (or the folder given).

let entry = Array(
    #"{"id":"01a20951-1f72-78d0-9a0e-b2083fb9e513","kind":"intent","pad":"\#(String(repeating: "x", count: 560))"}"#
        .utf8)
let rounds = 5

/// Runs `body` on `writers` threads at once, `count` times in all, and returns how often a second.
func rate(_ writers: Int, count: Int, _ body: @Sendable @escaping (_ writer: Int, _ times: Int) -> Void) -> Double {
    let clock = ContinuousClock()
    let elapsed = clock.measure {
        DispatchQueue.concurrentPerform(iterations: writers) { writer in body(writer, count / writers) }
    }
    return Double(count / writers * writers)
        / (Double(elapsed.components.attoseconds) / 1e18 + Double(elapsed.components.seconds))
}

func temporaryFolder() -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("audit-bench-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// Appends to one journal a writer; each thread opens its own, as each event loop does.
func appends(_ durability: Durability, writers: Int, count: Int) throws -> Double {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let log = try AuditLog(
        AuditOptions(
            directory: "\(folder)/log", origin: "bench.example/log", keyPath: "\(folder)/key", durability: durability,
            journalSizeLimit: 1 << 40, logger: logger))
    return rate(writers, count: count) { writer, times in
        guard let journal = try? log.openJournal("writer-\(writer)") else { return }
        for _ in 0..<times { try? journal.append(entry) }
    }
}

/// The same bytes without a log.
func plainWrites(_ durability: Durability, writers: Int, count: Int) -> Double {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return rate(writers, count: count) { writer, times in
        let descriptor = open("\(folder)/\(writer)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        for _ in 0..<times {
            _ = entry.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if durability == .disk { fdatasync(descriptor) }
        }
    }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

var rows: [JSONValue] = []
print("case                                ours/s      write(2)/s   ratio")
for durability in Durability.allCases {
    for writers in [1, 8] {
        let count = durability == .process ? 200_000 : 800
        var ours: [Double] = []
        var theirs: [Double] = []
        for _ in 0..<rounds {
            ours.append(try appends(durability, writers: writers, count: count))
            theirs.append(plainWrites(durability, writers: writers, count: count))
        }
        let (own, plain) = (median(ours), median(theirs))
        let name = "append, \(durability), \(writers) writer\(writers == 1 ? "" : "s")"
        print(
            name.padding(toLength: 32, withPad: " ", startingAt: 0),
            String(format: "%10.0f  %12.0f  %6.2f", own, plain, own / plain))
        rows.append([
            "case": .string(name), "metric": "throughput", "unit": "appends/s",
            "ours": .number(String(format: "%.1f", own)), "peer": .number(String(format: "%.1f", plain)),
            "peer_name": .string(durability == .process ? "write" : "write+fdatasync"),
            "ratio": .number(String(format: "%.4f", own / plain)),
        ])
    }
}
let folder = CommandLine.arguments.dropFirst().first ?? ".build/bench"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
try Data(JSONValue.array(rows).canonicalBytes).write(to: URL(fileURLWithPath: "\(folder)/audit.json"))
