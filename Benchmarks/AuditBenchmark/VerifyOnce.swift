import Audit
import Foundation

/// One verification in a process of its own, so that its memory is nobody else's.
struct VerifyOnce {
    let seconds: Double
    let cpuSeconds: Double
    let peakMebibytes: Double

    /// What the process does: verifies, and prints the three numbers.
    static func run(_ arguments: [String]) throws {
        guard arguments.count == 3, let threads = Int(arguments[2]) else {
            throw BenchmarkFailure("usage: audit-benchmark verify LOG KEY THREADS")
        }
        let key = try String(contentsOfFile: arguments[1], encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let elapsed = try timed {
            let report = try AuditVerifier.verify(directory: arguments[0], vkey: key, threads: threads)
            guard report.isValid, report.entriesChecked == report.treeSize else {
                throw BenchmarkFailure("\(report.findings)")
            }
        }
        var usage = rusage()
        getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        let cpu = [usage.ru_utime, usage.ru_stime].reduce(0.0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        print(elapsed, cpu, Double(usage.ru_maxrss) / 1024)
    }

    /// Starts the process and reads what it says.
    static func inProcess(log: String, key: String, threads: Int) throws -> VerifyOnce {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["verify", log, key, String(threads)]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard process.terminationStatus == 0, numbers.count == 3 else { throw BenchmarkFailure(text) }
        return VerifyOnce(seconds: numbers[0], cpuSeconds: numbers[1], peakMebibytes: numbers[2])
    }
}
