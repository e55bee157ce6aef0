import Foundation
import Identifiers
import Testing

@testable import Retention
@testable import Vault

/// What is closed before anybody knows what time it is.
@Suite("Evidence of a machine whose clock is wrong at first")
struct WrongClockTests {
    /// What the clock of a machine says that has none of its own.
    private static let epoch = Timestamp(milliseconds: 600_000)
    private static let keep = Duration.seconds(400 * 86_400)
    private static let rules = RetentionRules(usual: [.recordings: keep])
    private static func hour(_ count: Int) -> Timestamp { Cabinet.start.adding(.seconds(3600 * count)) }

    /// A session that began when the clock said that it is 1970.
    private static func owner(at time: Timestamp = epoch) -> EvidenceOwner {
        EvidenceOwner(
            session: UUIDv7(milliseconds: time.milliseconds), issuer: "i", subject: "alice", target: "ledger")
    }

    @Test(
        "the first start is in 1970, then the clock goes right: what was closed before is kept for its time",
        arguments: [false, true])
    func firstStart(restarts: Bool) throws {
        let cabinet = try Cabinet()
        var keeper = try cabinet.keeper(Self.rules)
        let item = try cabinet.record("alice", Self.owner())
        try keeper.tick(at: Self.epoch, elapsed: .zero)
        keeper.closed(item)
        // Sealed at once all the same.
        #expect(keeper.sealClosed(at: Self.epoch) == nil && !keeper.hasWaiting)
        #expect(try cabinet.keyID(item) != nil)
        if restarts {
            // The log's newest entry is of 1970 too.
            keeper = try cabinet.keeper(Self.rules, newest: Self.epoch)
            try keeper.tick(at: Self.hour(0), elapsed: .zero)
        }
        for hour in 1...48 {
            #expect(try keeper.tick(at: Self.hour(hour), elapsed: .seconds(3600)).isEmpty, "\(hour)")
        }
        #expect(try cabinet.read(item) == cabinet.text("alice"))
        // Due when its time has passed since there was a trusted time: 24 hours of running, whenever they were.
        let due = try #require(try keeper.plan(at: Self.hour(48)).first?.due)
        #expect(due >= Self.hour(23).adding(Self.keep) && due <= Self.hour(26).adding(Self.keep), "\(due)")
        #expect(try keeper.tick(at: due.adding(.seconds(-1)), elapsed: .seconds(3600)).isEmpty)
        for _ in 0..<30 { try keeper.tick(at: due, elapsed: .seconds(3600)) }
        #expect(try cabinet.read(item) == nil)
    }

    @Test("however long a clock says that it is 1970, nothing is trusted of it")
    func monthsOf1970() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.rules)
        let item = try cabinet.record("alice", Self.owner())
        for hour in 0..<800 {
            try keeper.tick(at: Self.epoch.adding(.seconds(3600 * hour)), elapsed: hour == 0 ? .zero : .seconds(3600))
            if hour == 700 { keeper.closed(item) }
        }
        #expect(keeper.trustedTime == nil)
        let key = try #require(try Vault(state: cabinet.state).keys.all().first)
        #expect(key.isUndated)
        // The clock is set, and is trusted a day later.
        for hour in 0..<30 { #expect(try keeper.tick(at: Self.hour(hour), elapsed: .seconds(3600)).isEmpty) }
        #expect(try cabinet.read(item) != nil)
        let due = try #require(try keeper.plan(at: Self.hour(30)).first?.due)
        #expect(due >= Self.hour(23).adding(Self.keep), "\(due)")
    }

    @Test("where the file of the clock is lost, or holds no time, nothing is closed before the log's newest entry")
    func learned() throws {
        for clock in [nil, "nonsense", #"{"highest":null,"running_ms":0,"samples":[[0,0,null]],"v":1}"#] {
            let cabinet = try Cabinet()
            try FileManager.default.createDirectory(
                atPath: "\(cabinet.state)/retention", withIntermediateDirectories: true)
            try clock?.write(toFile: "\(cabinet.state)/retention/clock", atomically: true, encoding: .utf8)
            let keeper = try cabinet.keeper(Self.rules, newest: Cabinet.start)
            keeper.closed(try cabinet.record("alice", Self.owner()))
            #expect(keeper.sealClosed(at: Self.epoch) == nil)
            let key = try #require(try Vault(state: cabinet.state).keys.all().first)
            #expect(key.period == KeyPeriod(containing: Cabinet.start, keeping: Self.keep), "\(clock ?? "none")")
            #expect(key.isUndated)
        }
    }

    @Test("a log that is newer than the file of the clock is believed, one that is older changes nothing")
    func newer() throws {
        let cabinet = try Cabinet()
        let first = try cabinet.keeper(Self.rules)
        for hour in 0...25 { try first.tick(at: Self.hour(hour), elapsed: hour == 0 ? .zero : .seconds(3600)) }
        for (newest, expected) in [(-1000, 25), (10_000, 10_000)] {
            let keeper = try cabinet.keeper(Self.rules, newest: Self.hour(newest))
            let item = try cabinet.record("at-\(expected)", Self.owner())
            keeper.closed(item)
            #expect(keeper.sealClosed(at: Self.epoch) == nil)
            let id = try #require(try cabinet.keyID(item))
            let key = try #require(try Vault(state: cabinet.state).keys.all().first { $0.id == id })
            #expect(key.period == KeyPeriod(containing: Self.hour(expected), keeping: Self.keep))
            #expect(!key.isUndated)
        }
    }

    @Test("nothing was closed before its session began")
    func session() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.rules)
        keeper.closed(try cabinet.record("alice", Self.owner(at: Cabinet.start)))
        #expect(keeper.sealClosed(at: Self.epoch) == nil)
        let key = try #require(try Vault(state: cabinet.state).keys.all().first)
        #expect(key.period == KeyPeriod(containing: Cabinet.start, keeping: Self.keep))
    }

    @Test("a key that was made before there was a trusted time is not used after it")
    func keys() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.rules)
        let items = try (0..<3).map { try cabinet.record("r\($0)", Self.owner(at: Cabinet.start)) }
        keeper.closed(items[0])
        try keeper.tick(at: Self.hour(0), elapsed: .zero)
        for hour in 1...24 { try keeper.tick(at: Self.hour(hour), elapsed: .seconds(3600)) }
        keeper.closed(items[1])
        try keeper.tick(at: Self.hour(25), elapsed: .seconds(3600))
        let next = try cabinet.keeper(Self.rules)
        next.closed(items[2])
        try next.tick(at: Self.hour(26), elapsed: .zero)
        let ids = try items.map { try cabinet.keyID($0) }
        #expect(ids[0] != ids[1] && ids[1] == ids[2])
        #expect(try Vault(state: cabinet.state).keys.all().map(\.isUndated) == [true, false])
    }
}
