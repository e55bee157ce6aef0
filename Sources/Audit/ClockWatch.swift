import Identifiers
import StrictJSON

/// Notices that the wall clock was set, by a clock that nobody sets.
///
/// Entries carry the wall clock's time as it was when they were made, and their ids begin with it. Neither says in which
/// order entries came: that is their index alone, which only grows. So a clock that goes back makes no entry wrong; the
/// log says when it happened, so that whoever reads times knows.
struct ClockWatch {
    /// A step that is smaller is the work of NTP, or of a machine that is busy.
    static let tolerance: Int64 = 1000

    /// A change of the wall clock.
    struct Step: Equatable {
        /// What the clock would have said.
        let expected: Timestamp
        let found: Timestamp

        /// Negative where the clock went back.
        var milliseconds: Int64 { Int64(found.milliseconds) - Int64(expected.milliseconds) }
    }

    private var last: (wall: Timestamp, steady: ContinuousClock.Instant)

    init(wall: Timestamp, steady: ContinuousClock.Instant) { last = (wall, steady) }

    /// Looks at both clocks; says when the wall clock went another way since the last look.
    mutating func observe(wall: Timestamp, steady: ContinuousClock.Instant) -> Step? {
        let expected = last.wall.adding(last.steady.duration(to: steady))
        last = (wall, steady)
        let step = Step(expected: expected, found: wall)
        return abs(step.milliseconds) > Self.tolerance ? step : nil
    }

    /// The step that a log shows whose newest entry is of a later time than now: the clock went back while nobody wrote.
    /// A clock that went forward meanwhile cannot be told from time that passed.
    static func step(since newest: Timestamp?, now: Timestamp) -> Step? {
        guard let newest, Int64(newest.milliseconds) - Int64(now.milliseconds) > tolerance else { return nil }
        return Step(expected: newest, found: now)
    }
}

extension LogEntry {
    /// `kind: clock-step`: the wall clock was set, and times in the log are not in the order of their entries around here.
    static func clockStep(_ step: ClockWatch.Step, whileRunning: Bool) -> [UInt8] {
        bytes(
            kind: "clock-step", time: step.found,
            [
                JSONMember("expected", .string(step.expected.description)),
                JSONMember("milliseconds", .number(String(step.milliseconds))),
                JSONMember("while", .string(whileRunning ? "running" : "stopped")),
            ])
    }
}
