import Foundation
import Identifiers
import Testing

@testable import Retention
@testable import Vault

/// What is left of a target that was taken out of the configuration.
@Suite("Evidence of a target that is not there any more")
struct RemovedTargetTests {
    private static let start = Cabinet.start
    private static func day(_ count: Int) -> Timestamp { start.adding(.seconds(count * 86_400)) }
    private static let year = Duration.seconds(365 * 86_400)

    private static func rules(
        _ keep: Duration?, own: [String: Duration] = [:], targets: [String]
    ) -> RetentionRules {
        RetentionRules(
            usual: keep.map { [EvidenceKind.recordings: $0] } ?? [:],
            targets: own.mapValues { [EvidenceKind.recordings: $0] },
            configured: targets, grace: .zero)
    }

    private static let before = rules(.seconds(400 * 86_400), own: ["ledger": year * 7], targets: ["ledger", "web"])
    private static let after = rules(.seconds(400 * 86_400), targets: ["web"])

    @Test("it is kept for as long as it was to be kept, though its rule went with it")
    func removed() throws {
        let cabinet = try Cabinet()
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        let other = try cabinet.record("other", Cabinet.owner("alice", target: "web"))
        let keeper = try cabinet.keeper(Self.before)
        keeper.closed(item)
        keeper.closed(other)
        try keeper.tick(at: Self.start, elapsed: .zero)

        let next = try cabinet.keeper(Self.after)
        // Past the end of the month that both are in, and 400 days.
        let deleted = try next.tick(at: Self.day(440), elapsed: .zero)
        #expect(deleted.map(\.target) == ["web"])
        #expect(try cabinet.read(item) == cabinet.text("alice") && cabinet.read(other) == nil)
        let due = try #require(try next.plan(at: Self.day(440)).first)
        #expect(due.rule.map { "\($0)" } == "retention.targets.ledger.recordings: 2555d" && !due.isDue)
        #expect(try next.tick(at: Self.day(2554), elapsed: .zero).isEmpty)
        let last = try next.tick(at: Self.day(2600), elapsed: .zero)
        #expect(last.map(\.rule) == ["retention.targets.ledger.recordings: 2555d"])
        #expect(try cabinet.read(item) == nil)
    }

    @Test("a rule in its old name counts, and a default that is longer by now; what is there goes by the rules of now")
    func present() throws {
        for (rules, expected) in [
            (Self.rules(.seconds(400 * 86_400), own: ["ledger": .seconds(86_400)], targets: ["web"]), "1d"),
            (Self.rules(Self.year * 10, targets: ["web"]), "3650d"),
            (Self.rules(.seconds(400 * 86_400), targets: ["ledger"]), "400d"),
            (Self.rules(nil, targets: ["web"]), nil),
        ] as [(RetentionRules, String?)] {
            let cabinet = try Cabinet()
            let keeper = try cabinet.keeper(Self.before)
            keeper.closed(try cabinet.record("alice", Cabinet.owner("alice")))
            try keeper.tick(at: Self.start, elapsed: .zero)
            let due = try #require(try cabinet.keeper(rules).plan(at: Self.start).first)
            #expect(due.rule?.keep.unitText == expected)
        }
    }

    @Test("what was to be kept for ever is, whatever is usual later")
    func forEver() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.rules(nil, targets: ["ledger"]))
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        keeper.closed(item)
        try keeper.tick(at: Self.start, elapsed: .zero)
        let next = try cabinet.keeper(Self.after)
        #expect(try next.tick(at: Self.day(9999), elapsed: .zero).isEmpty)
        #expect(try next.plan(at: Self.day(9999)).first?.due == nil)
        #expect(try cabinet.read(item) == cabinet.text("alice"))
    }

    @Test("what could be sealed only after its target was gone is kept as what was sealed before")
    func adopted() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.before)
        keeper.closed(try cabinet.record("alice", Cabinet.owner("alice")))
        try keeper.tick(at: Self.start, elapsed: .zero)
        let late = try cabinet.record("late", Cabinet.owner("alice", session: 2))
        let next = try cabinet.keeper(Self.after)
        next.closed(late)
        #expect(try next.tick(at: Self.start, elapsed: .zero).isEmpty)
        #expect(try next.tick(at: Self.day(440), elapsed: .zero).isEmpty)
        #expect(try cabinet.read(late) == cabinet.text("late"))
    }

    @Test("what is held alone remembers too; a longer rule does not come to keys of before")
    func kept() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(Self.rules(.seconds(400 * 86_400), targets: ["ledger"]))
        let owner = Cabinet.owner("alice")
        keeper.closed(try cabinet.record("alice", owner))
        try keeper.tick(at: Self.start, elapsed: .zero)
        let longer = try cabinet.keeper(Self.before)
        let second = try cabinet.record("second", owner)
        longer.closed(second)
        try longer.tick(at: Self.start, elapsed: .zero)
        let keys = try Vault(state: cabinet.state).keys.all()
        #expect(
            Set(keys.map(\.keeping)) == [
                .rule(name: "retention.default.recordings", keep: .seconds(400 * 86_400)),
                .rule(name: "retention.targets.ledger.recordings", keep: Self.year * 7),
            ])
        try longer.add(
            Hold(
                id: UUIDv7(milliseconds: Self.start.milliseconds), subject: .session(owner.session), reason: "case",
                by: ("i", "carol"), time: Self.start))
        try longer.tick(at: Self.day(2700), elapsed: .zero)
        let own = try Vault(state: cabinet.state).keys.all().filter { $0.item != nil }
        #expect(own.count == 2 && own.allSatisfy { $0.keeping != nil })
    }

    @Test(
        "a key of before, which remembers nothing, goes by the rules in force while its target is there, and stays then"
    )
    func oldKey() throws {
        let cabinet = try Cabinet()
        let vault = Vault(state: cabinet.state)
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        let period = KeyPeriod(containing: Self.start, keeping: Self.year)
        let key = try vault.keys.make(target: "ledger", kind: .recordings, period: period, at: Self.start)
        try vault.seal(item, under: key)
        #expect(try vault.keys.all().map(\.keeping) == [nil])
        #expect(try cabinet.keeper(Self.after).tick(at: Self.day(4400), elapsed: .zero).isEmpty)
        let present = RetentionRules(usual: [.recordings: Self.year], grace: .zero, interval: .seconds(3600))
        #expect(try cabinet.keeper(present).tick(at: Self.day(440), elapsed: .zero).count == 1)
    }

    @Test("rules for targets that are not there are named")
    func stray() {
        let rules = Self.rules(nil, own: ["ledger": Self.year, "old": Self.year], targets: ["ledger"])
        #expect(rules.strayTargets == ["old"])
    }
}
