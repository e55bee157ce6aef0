import Identifiers
import Testing

@testable import Retention

@Suite("TrustedClock")
struct TrustedClockTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)
    private static let decade = Duration.seconds(10 * 365 * 86_400)

    /// A machine whose clock is wrong now and then.
    private struct Machine {
        var clock = TrustedClock(grace: .seconds(86_400), interval: .seconds(3600))
        /// What a right clock would say.
        var now = TrustedClockTests.start
        private var isFirst = true

        /// - Parameter error: By how much its clock is ahead.
        mutating func hour(error: Duration = .zero) {
            if !isFirst { now = now.adding(.seconds(3600)) }
            clock.tick(now.adding(error), elapsed: isFirst ? .zero : .seconds(3600))
            isFirst = false
        }

        /// It was off; another process goes on from what the last one kept.
        mutating func restart(after: Duration) {
            now = now.adding(after)
            var next = TrustedClock(grace: .seconds(86_400), interval: .seconds(3600))
            next.resume(from: clock.bytes)
            #expect(next == clock)
            clock = next
            clock.tick(now, elapsed: .zero)
        }
    }

    @Test("there is no trusted time before the gateway has run for the grace, then it is the clock's")
    func usual() {
        var machine = Machine()
        for hour in 0...24 {
            machine.hour()
            #expect(machine.clock.trusted == (hour < 24 ? nil : machine.now))
        }
        machine.hour()
        #expect(machine.clock.trusted == machine.now)
    }

    @Test("a clock that jumps ten years ahead and comes back has moved nothing", arguments: [1, 12, 23])
    func jumpAndBack(hours: Int) {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        for _ in 0..<hours {
            machine.hour(error: Self.decade)
            #expect(machine.clock.trusted == machine.now)
            #expect(machine.clock.highest == machine.now)
        }
        machine.hour()
        #expect(machine.clock.trusted == machine.now && machine.clock.highest == machine.now)
    }

    @Test("a clock that stays ahead is believed after the grace, and not before")
    func jumpAndStay() throws {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        for hour in 0...24 {
            machine.hour(error: Self.decade)
            let expected = hour < 24 ? machine.now : machine.now.adding(Self.decade)
            #expect(machine.clock.trusted == expected, "\(hour)")
        }
    }

    @Test("a clock that jumps while the gateway is off is not believed at its start")
    func jumpWhileOff() {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        let before = machine.now
        machine.restart(after: Self.decade)
        #expect(machine.clock.trusted == before)
    }

    @Test("a clock that drifts against the measured time is followed all the same", arguments: [-40, 40])
    func drift(milliseconds: Int) {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        machine.hour(error: .zero - Self.decade)
        for hour in 1...48 { machine.hour(error: .milliseconds(milliseconds * hour)) }
        let ahead = machine.clock.trusted?.duration(since: machine.now) ?? Self.decade
        #expect(ahead > .seconds(-2) && ahead < .seconds(2), "\(ahead)")
    }

    @Test("the time that the gateway was off counts after the grace")
    func off() {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        machine.restart(after: .seconds(8 * 3600))
        #expect(machine.clock.trusted == machine.now.adding(.seconds(-8 * 3600)))
        for _ in 0..<24 { machine.hour() }
        #expect(machine.clock.trusted == machine.now)
    }

    @Test("a clock that goes back is believed at once, and what closes then closes at the latest time known")
    func back() {
        var machine = Machine()
        for _ in 0...48 { machine.hour() }
        let known = machine.now
        machine.hour(error: .zero - Self.decade)
        let wrong = machine.now.adding(.zero - Self.decade)
        #expect(machine.clock.trusted == wrong)
        #expect(machine.clock.closing(wrong) == known)
        machine.hour()
        #expect(machine.clock.closing(machine.now) == machine.now)
        #expect(machine.clock.trusted == wrong.adding(.seconds(3600)))
        for _ in 0..<24 { machine.hour() }
        #expect(machine.clock.trusted == machine.now)
    }

    @Test("sleep counts as far as a tick may be late")
    func sleep() {
        var clock = TrustedClock(grace: .zero, interval: .seconds(3600))
        clock.tick(Self.start, elapsed: .zero)
        var slept = TrustedClock(grace: .seconds(7200), interval: .seconds(3600))
        slept.tick(Self.start, elapsed: .zero)
        slept.tick(Self.start.adding(.seconds(86_400)), elapsed: .seconds(86_400))
        #expect(slept.trusted == Self.start.adding(.seconds(7200)))
    }

    @Test("what the log says is taken over where it is later, and kept between two processes")
    func learn() {
        var machine = Machine()
        machine.clock.learn(Self.start)
        #expect(machine.clock.closing(Timestamp(milliseconds: 0)) == Self.start && machine.clock.trusted == nil)
        machine.clock.learn(Timestamp(milliseconds: 5))
        #expect(machine.clock.highest == Self.start && machine.clock.isUndated)
        machine.hour()
        machine.restart(after: .seconds(60))
        #expect(machine.clock.closing(Timestamp(milliseconds: 0)) == Self.start)
    }

    @Test("from the first trusted time on, what is closed has a date; the date of all before is no earlier than then")
    func since() {
        var machine = Machine()
        // As where the machine has no clock of its own.
        machine.hour(error: .milliseconds(-1_790_000_000_000))
        for hour in 1...30 {
            machine.hour()
            // What it said in its first hour is followed for a day, and is no time.
            #expect(machine.clock.isUndated == (hour < 25))
        }
        let since = machine.clock.since
        #expect(since == Self.start.adding(.seconds(25 * 3600)))
        machine.restart(after: .seconds(60))
        #expect(machine.clock.since == since && !machine.clock.isUndated)
    }

    @Test("without a grace the clock is believed as it is")
    func withoutGrace() {
        #expect(!TrustedClock(grace: .zero, interval: .seconds(1)).isUndated)
    }

    @Test("a file of before, that does not say since when there is a trusted time, has one where it has a latest")
    func oldFile() {
        for (highest, isUndated) in [("null", true), (#""2026-11-26T08:00:00.000Z""#, false)] {
            var clock = TrustedClock(grace: .seconds(1), interval: .seconds(1))
            clock.resume(
                from: Array(#"{"highest":\#(highest),"running_ms":9000,"samples":[[9000,1,null]],"v":1}"#.utf8))
            #expect(clock.isUndated == isUndated)
        }
    }

    @Test("what was kept and cannot be read begins anew")
    func unreadable() {
        for text in ["", "{}", #"{"v":1,"running_ms":1,"samples":[],"highest":null}"#, "\u{0}"] {
            var clock = TrustedClock(grace: .seconds(1), interval: .seconds(1))
            clock.resume(from: Array(text.utf8))
            #expect(clock == TrustedClock(grace: .seconds(1), interval: .seconds(1)))
        }
    }

    @Test(
        "however the clock errs for less than the grace, the trusted time is never ahead of the true one",
        arguments: 0..<40)
    func never(seed: UInt64) {
        var random = SplitMix(state: seed)
        var machine = Machine()
        machine.hour()
        for _ in 0..<60 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let error = Duration.seconds(Int.random(in: -500_000_000...500_000_000, using: &random))
                for _ in 0..<Int.random(in: 1...23, using: &random) {
                    machine.hour(error: error)
                    #expect(machine.clock.trusted ?? Self.start <= machine.now)
                }
                machine.hour()
            case 1: machine.restart(after: .seconds(Int.random(in: 0...1_000_000, using: &random)))
            default: for _ in 0..<Int.random(in: 1...40, using: &random) { machine.hour() }
            }
            #expect(machine.clock.trusted ?? Self.start <= machine.now)
        }
        for _ in 0...24 { machine.hour() }
        #expect(machine.clock.trusted == machine.now)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
