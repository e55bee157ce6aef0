import Identifiers

/// How far a long piece of work has come, on standard error: a moving line at a terminal, silence elsewhere.
struct ProgressLine {
    private let verb: String
    private let terminal: Terminal
    private let start = ContinuousClock.now
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
        write("\r\u{1b}[K\(Self.text(verb, done, of: total, after: now - start))")
    }

    /// Takes the line away.
    mutating func finish() {
        guard last != nil else { return }
        last = nil
        write("\r\u{1b}[K")
    }

    private func write(_ text: String) { StandardStreams.complain(text) }
}

extension ProgressLine {
    private static let cells: UInt64 = 20

    /// The line: a bar, the numbers, and, once there is a rate to speak of, how many a second and how long it will take
    /// at that.
    static func text(_ verb: String, _ done: UInt64, of total: UInt64, after elapsed: Duration) -> String {
        let share = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let filled = Int(share * Double(cells))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Int(cells) - filled)
        let text = "\(verb) [\(bar)] \(Int(share * 100)) %  \(grouped(done)) of \(grouped(total))"
        let seconds = elapsed.fractionalSeconds
        guard seconds >= 0.5, done > 0 else { return text }
        let rate = Double(done) / seconds
        let left = done < total ? Double(total - done) / rate : 0
        return "\(text)  \(grouped(UInt64(rate)))/s  \(duration(left)) left"
    }

    /// `1234567` as `1,234,567`.
    private static func grouped(_ number: UInt64) -> String {
        var text = ""
        for (position, digit) in String(number).reversed().enumerated() {
            if position > 0, position % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func duration(_ seconds: Double) -> String {
        // A rate that is next to nothing says nothing.
        guard seconds < 1e6 else { return "long" }
        let whole = Int(seconds.rounded(.up))
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: "\(whole / 60) min \(whole % 60) s"
        default: "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
    }
}
