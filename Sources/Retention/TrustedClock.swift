import Identifiers
import StrictJSON

/// A time that deletion can go by: the latest moment that has passed for certain, as far as a machine can know that whose
/// clock may jump.
///
/// Only time that the gateway itself has measured while it ran counts. At each tick the clock's *lead* is noted: how far
/// it is ahead of that measured time. The trusted time is the measured time and the least lead within the last `grace`
/// of it. So a clock that
/// - jumps ahead must stay there for `grace` of running time before anybody goes by it: one that comes back has moved
///   nothing. What the gateway was stopped for counts after `grace` likewise.
/// - jumps back is believed at once: that deletes later.
///
/// Before the first `grace` has passed there is no trusted time. What is closed until then may be closed at any moment
/// that a wrong clock says, 1970 for one: it counts as closed when there first was a trusted time (`since`), by which it
/// surely was.
public struct TrustedClock: Sendable, Equatable {
    private struct Sample: Sendable, Equatable {
        /// Measured milliseconds when it was taken.
        let running: Int64
        /// The wall clock's milliseconds since 1970, less the measured ones.
        let lead: Int64
        /// Measured milliseconds at the tick after it, until when nobody knew better.
        var next: Int64?
    }

    private let grace: Int64
    /// The most that one tick adds, in milliseconds: the machine may have slept.
    private let longestStep: Int64
    /// Milliseconds that were measured in all.
    private var running: Int64 = 0
    /// Leads that may yet be the least, each greater than the one before: the usual queue for the least of a window.
    private var samples: [Sample] = []
    /// The latest time that was ever trusted, or that an entry of the log had at a start; it never goes back.
    public private(set) var highest: Timestamp?
    /// What the clock said, or a later time that was known, when there first was a trusted time.
    public private(set) var since: Timestamp?

    /// - Parameter interval: How often it ticks.
    public init(grace: Duration, interval: Duration) {
        self.grace = grace.wholeMilliseconds
        longestStep = 2 * interval.wholeMilliseconds
    }

    /// Notes what the clock says.
    ///
    /// - Parameter elapsed: Since the tick before, by a clock that nobody sets; zero at the first one of a process.
    public mutating func tick(_ wall: Timestamp, elapsed: Duration) {
        running += max(0, min(elapsed.wholeMilliseconds, longestStep))
        let sample = Sample(running: running, lead: Int64(clamping: wall.milliseconds) - running)
        if !samples.isEmpty { samples[samples.count - 1].next = running }
        while let last = samples.last, last.lead >= sample.lead { samples.removeLast() }
        samples.append(sample)
        // A least one goes when the clock has stood ahead of it, from the very next tick on, for all of `grace`.
        while let next = samples[0].next, next + grace <= running { samples.removeFirst() }
        if let trusted {
            highest = max(highest ?? trusted, trusted)
            // Not the trusted time itself: a clock that was right only after its first hour is followed at the pace of
            // that hour yet.
            since = since ?? closing(wall)
        }
    }

    /// Whether the moment at which something is closed now may be one of a clock that nobody has reason to believe.
    /// Without a grace the clock is believed as it is.
    public var isUndated: Bool { since == nil && grace > 0 }

    private static let floor = Timestamp(milliseconds: 1_420_070_400_000)  // 2015-01-01

    /// `nil` until the gateway has run for `grace`, and while the clock is years behind.
    public var trusted: Timestamp? {
        guard let least = samples.first, running >= grace else { return nil }
        let time = Timestamp(milliseconds: UInt64(max(0, running + least.lead)))
        // However long a clock says so: before this program was written it did not run.
        return time < Self.floor ? nil : time
    }

    /// The moment at which something is closed: the clock's, or a later one where the clock has gone back.
    ///
    /// What is closed while the clock is wrong must not count as closed years ago once it is right again.
    public func closing(_ wall: Timestamp) -> Timestamp { max(wall, highest ?? wall) }

    /// Takes over that it is later than `time`: an entry of the log says so. The entry of a clock that was ahead makes
    /// all that is closed after it late: then it is kept for longer, but never for less.
    public mutating func learn(_ time: Timestamp) { highest = max(highest ?? time, time) }
}

// MARK: Between two processes

extension TrustedClock {
    /// What is kept in a file.
    public var bytes: [UInt8] {
        let samples = samples.map { sample in
            JSONValue.array(
                [sample.running, sample.lead, sample.next].map { $0.map { .number("\($0)") } ?? .null })
        }
        return JSONValue.object([
            JSONMember("highest", highest.map { .string($0.description) } ?? .null),
            JSONMember("running_ms", .number("\(running)")), JSONMember("samples", .array(samples)),
            JSONMember("since", since.map { .string($0.description) } ?? .null), JSONMember("v", 1),
        ]).canonicalBytes
    }

    /// Goes on from what was kept; from the beginning, and so after another `grace`, where that cannot be read.
    public mutating func resume(from bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes), value["v"]?.integer == 1,
            let measured = value["running_ms"]?.integer, measured >= 0, let kept = value["samples"]?.array
        else { return }
        let read = kept.compactMap { pair -> Sample? in
            guard let running = pair[0]?.integer, let lead = pair[1]?.integer, (0...measured).contains(running),
                abs(lead) < 1 << 52
            else { return nil }
            return Sample(running: running, lead: lead, next: pair[2]?.integer)
        }
        // A process starts where the last one stopped, so that two may have been taken at one measured time.
        let hasEnd = read.last?.next == nil && read.dropLast().allSatisfy { $0.next != nil }
        let isQueue = zip(read, read.dropFirst()).allSatisfy { $0.running <= $1.running && $0.lead < $1.lead }
        guard read.count == kept.count, !read.isEmpty, hasEnd, isQueue, measured < 1 << 52 else { return }
        running = measured
        samples = read
        highest = value["highest"]?.string.flatMap { Timestamp($0) }
        // A file of before this was noted: what was sealed by it bears no mark either.
        since = value["since"].map { $0.string.flatMap { Timestamp($0) } } ?? highest
    }
}
