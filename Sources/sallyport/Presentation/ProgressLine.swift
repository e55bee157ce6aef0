import Foundation

/// How far a long piece of work has come, on standard error: a moving line at a terminal, silence elsewhere.
struct ProgressLine {
    private let verb: String
    private let terminal: Terminal
    private var last: ContinuousClock.Instant?

    /// - Parameter verb: What is being done, e.g. `verifying`.
    init(_ verb: String, terminal: Terminal = .errors) {
        self.verb = verb
        self.terminal = terminal
    }

    /// Shows the numbers, at most ten times a second.
    mutating func update(_ done: UInt64, of total: UInt64) {
        guard terminal.isInteractive else { return }
        let now = ContinuousClock.now
        if done < total, let last, now - last < .milliseconds(100) { return }
        last = now
        let percent = total == 0 ? 100 : done * 100 / total
        write("\r\u{1b}[K\(verb) \(done) of \(total) (\(percent) %)")
    }

    /// Takes the line away.
    mutating func finish() {
        guard last != nil else { return }
        last = nil
        write("\r\u{1b}[K")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
