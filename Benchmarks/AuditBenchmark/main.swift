import Audit
import Foundation

// What recording and verifying costs, beside what the machine itself does with the same bytes. Rounds are interleaved,
// medians are taken. Prints tables and writes .build/bench/audit.json (or into the folder given).
//
//   audit-benchmark [FOLDER]                   the tables, with a log of AUDIT_BENCH_ENTRIES (1,000,000) for the last
//   audit-benchmark search [FOLDER]            searches of a log of AUDIT_BENCH_ENTRIES (10,000,000), to search.json
//   audit-benchmark verify LOG KEY THREADS     one verification in a process of its own, whose memory is told

let arguments = CommandLine.arguments.dropFirst()
let wanted = ProcessInfo.processInfo.environment["AUDIT_BENCH_ENTRIES"].flatMap { Int($0) }
if arguments.first == "verify" {
    try VerifyOnce.run(Array(arguments.dropFirst()))
} else if arguments.first == "search" {
    var results = Results()
    try SearchBenchmark.run(entries: wanted ?? 10_000_000, into: &results)
    try results.write("search", to: arguments.dropFirst().first ?? ".build/bench")
} else {
    var results = Results()
    try AppendBenchmark.run(into: &results)
    try ScaleBenchmark.run(entries: wanted ?? 1_000_000, into: &results)
    try results.write("audit", to: arguments.first ?? ".build/bench")
}
