import Audit
import Foundation

// What recording and verifying costs, beside what the machine itself does with the same bytes. Rounds are interleaved,
// medians are taken. Prints tables and writes .build/bench/audit.json (or into the folder given).
//
//   audit-benchmark [FOLDER]                   the tables, with a log of AUDIT_BENCH_ENTRIES (1,000,000) for the last
//   audit-benchmark verify LOG KEY THREADS     one verification in a process of its own, whose memory is told

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "verify" {
    try VerifyOnce.run(Array(arguments.dropFirst()))
} else {
    let entries = ProcessInfo.processInfo.environment["AUDIT_BENCH_ENTRIES"].flatMap { Int($0) } ?? 1_000_000
    var results = Results()
    try AppendBenchmark.run(into: &results)
    try ScaleBenchmark.run(entries: entries, into: &results)
    try results.write(to: arguments.first ?? ".build/bench")
}
