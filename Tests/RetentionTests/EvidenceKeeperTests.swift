import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import Retention
@testable import Vault

@Suite("EvidenceKeeper")
struct EvidenceKeeperTests {
    private static let start = Cabinet.start
    private static func after(_ seconds: Int) -> Timestamp { start.adding(.seconds(seconds)) }

    @Test("what was closed is sealed, goes when it is due and not before, and the log says so before and after")
    func due() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        let kept = try cabinet.record("other", Cabinet.owner("alice", target: "web"))
        keeper.closed(item)
        keeper.closed(kept)
        #expect(keeper.sealClosed(at: Self.start) == nil && !keeper.hasWaiting)
        let key = try #require(try cabinet.keyID(item))
        #expect(try cabinet.read(item) == cabinet.text("alice"))

        // Closed within the second that begins at `start`: due ten seconds after its end.
        #expect(try keeper.tick(at: Self.after(11).adding(.milliseconds(-1)), elapsed: .zero).isEmpty)
        #expect(try cabinet.read(item) != nil)
        #expect(cabinet.entries.withLock { $0.isEmpty })
        let deletions = try keeper.tick(at: Self.after(11), elapsed: .seconds(3600))
        #expect(deletions.count == 1 && deletions.first?.count == 1 && deletions.first?.key == key)
        #expect(deletions.first?.rule == "retention.targets.ledger.recordings: 10s")
        #expect(try cabinet.read(item) == nil && cabinet.read(kept) == cabinet.text("other"))
        #expect(!Vault(state: cabinet.state).keys.exists(key))
        let written = cabinet.entries.withLock { $0 }
        #expect(written.map { $0["step"]?.string } == ["intent", "done"])
        for entry in written {
            #expect(entry["items"]?.integer == 1 && entry["target"]?["name"]?.string == "ledger")
            #expect(entry["key"]?.string == key.description && entry["evidence"]?.string == "recordings")
        }
        let (found, unproved, all) = cabinet.deletions()
        #expect(unproved.isEmpty && all.count == 1)
        #expect(found.deletion(of: item.name)?.key == key && found.deletion(of: kept.name) == nil)
        #expect(
            found.deletion(below: "recordings/day/")?.key == key && found.deletion(below: "recordings/night/") == nil)
        #expect(try keeper.tick(at: Self.after(99), elapsed: .seconds(3600)).isEmpty)
    }

    @Test("a name that was added to the names of what was deleted proves nothing")
    func forgedNames() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        keeper.closed(item)
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        let deletion = try #require(try keeper.tick(at: Self.after(20), elapsed: .zero).first)
        let path = "\(cabinet.state)/retention/deletions/\(deletion.key).names"
        try (String(contentsOfFile: path, encoding: .utf8) + "recordings/day/z.jsonl\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let (found, unproved, _) = cabinet.deletions()
        #expect(found.deletion(of: "recordings/day/z.jsonl") == nil && unproved.count == 1)
    }

    @Test("a name is found among any number of others", arguments: [1, 2, 3, 50])
    func names(count: Int) throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let items = try (0..<count).map { try cabinet.record("r\($0 * 7 % count)", Cabinet.owner("alice")) }
        for item in items { keeper.closed(item) }
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        let deleted = try keeper.tick(at: Self.after(20), elapsed: .zero)
        #expect(deleted.map(\.count) == [Set(items.map(\.name)).count])
        let found = cabinet.deletions().found
        for item in items {
            #expect(found.deletion(of: item.name) != nil, "\(item.name)")
            #expect(found.deletion(of: String(item.name.dropLast())) == nil || count > 1)
            #expect(found.deletion(of: "\(item.name)0000") == nil)
        }
        #expect(found.deletion(of: "recordings/a") == nil && found.deletion(of: "recordings/zz") == nil)
    }

    @Test(
        "what is held survives its period with a key of its own, and goes once the hold is released",
        arguments: [true, false])
    func held(bySession: Bool) throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let alice = try cabinet.record("alice", Cabinet.owner("alice", session: 1))
        let bob = try cabinet.record("bob", Cabinet.owner("bob", session: 2))
        keeper.closed(alice)
        keeper.closed(bob)
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        let shared = try cabinet.keyID(bob)
        #expect(try shared == cabinet.keyID(alice))
        let hold = Hold(
            id: UUIDv7(milliseconds: Self.start.milliseconds),
            subject: bySession
                ? .session(bob.owner.session) : .caller(issuer: bob.owner.issuer, subject: bob.owner.subject),
            reason: "case 4711", by: ("https://issuer.example", "carol"), time: Self.start)
        try keeper.add(hold)
        #expect(cabinet.entries(RetentionEntry.hold, "add").count == 1)
        #expect(try keeper.files(coveredBy: hold) == 1)

        let first = try keeper.tick(at: Self.after(20), elapsed: .zero)
        #expect(first.map(\.count) == [1] && first.map(\.held) == [1])
        #expect(try cabinet.read(alice) == nil && cabinet.read(bob) == cabinet.text("bob"))
        #expect(try cabinet.keyID(bob) != shared)
        #expect(try keeper.tick(at: Self.after(30), elapsed: .zero).isEmpty)
        let plan = try keeper.plan(at: Self.after(30))
        #expect(plan.count == 1 && plan[0].held == 1 && !plan[0].isDue && plan[0].key.item == bob.name)

        // In another process.
        let next = try cabinet.keeper()
        #expect(next.holds == [hold])
        #expect(try next.tick(at: Self.after(40), elapsed: .zero).isEmpty)
        #expect(throws: RetentionError.noSuchHold(bob.owner.session)) {
            try next.release(bob.owner.session, reason: "-", by: ("", ""), at: Self.start)
        }
        try next.release(hold.id, reason: "closed", by: ("https://issuer.example", "carol"), at: Self.after(41))
        #expect(cabinet.entries(RetentionEntry.hold, "release").first?["reason"]?.string == "closed")
        #expect(try next.plan(at: Self.after(41)).map(\.isDue) == [true])
        #expect(try next.tick(at: Self.after(42), elapsed: .zero).map(\.count) == [1])
        #expect(try cabinet.read(bob) == nil && cabinet.deletions().found.deletion(of: bob.name) != nil)
    }

    @Test("a hold that was put while the log took nothing is on record before its release, and does not come back")
    func heldUnrecorded() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let hold = Hold(
            id: UUIDv7(milliseconds: Self.start.milliseconds),
            subject: .caller(issuer: "https://issuer.example", subject: "bob"), reason: "case 4711",
            by: ("https://issuer.example", "carol"), time: Self.start)
        cabinet.refusesEntries.withLock { $0 = true }
        #expect(throws: VaultError.self) { try keeper.add(hold) }
        #expect(keeper.holds == [hold], "in force all the same")
        #expect(throws: VaultError.self) {
            try keeper.release(hold.id, reason: "closed", by: ("i", "carol"), at: Self.after(1))
        }
        #expect(keeper.holds == [hold])
        cabinet.refusesEntries.withLock { $0 = false }
        try keeper.release(hold.id, reason: "closed", by: ("i", "carol"), at: Self.after(2))
        #expect(cabinet.entries.withLock { $0.map { $0["step"]?.string } } == ["add", "release"])
        let next = try cabinet.keeper()
        _ = try next.tick(at: Self.after(3), elapsed: .zero)
        #expect(next.holds.isEmpty)
        #expect(cabinet.entries.withLock { $0.count } == 2)
    }

    @Test("a hold of a caller covers nobody of another issuer, whose evidence goes when it is due")
    func otherIssuer() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let held = try cabinet.record("held", Cabinet.owner("bob", session: 1))
        // To another issuer it is somebody else who is called bob.
        let other = try cabinet.record("other", Cabinet.owner("bob", session: 2, issuer: "https://other.example"))
        keeper.closed(held)
        keeper.closed(other)
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        try keeper.add(
            Hold(
                id: UUIDv7(milliseconds: Self.start.milliseconds),
                subject: .caller(issuer: held.owner.issuer, subject: held.owner.subject), reason: "case 4711",
                by: ("https://issuer.example", "carol"), time: Self.start))
        let deletions = try keeper.tick(at: Self.after(20), elapsed: .zero)
        #expect(deletions.map(\.count) == [1] && deletions.map(\.held) == [1])
        #expect(try cabinet.read(held) == cabinet.text("held") && cabinet.read(other) == nil)
    }

    @Test("a hold of a caller covers nobody whose name only looks the same")
    func exactHold() throws {
        let hold = Hold(
            id: UUIDv7(milliseconds: 0), subject: .caller(issuer: "https://issuer.example", subject: "e\u{301}"),
            reason: "-", by: ("i", "s"), time: Self.start)
        let cabinet = try Cabinet()
        #expect(try !hold.covers(cabinet.record("a", Cabinet.owner("\u{e9}"))))
        #expect(try hold.covers(cabinet.record("a", Cabinet.owner("e\u{301}"))))
    }

    @Test(
        "a clock that jumps ten years ahead for less than the grace deletes nothing, also where something closes meanwhile"
    )
    func jump() throws {
        let cabinet = try Cabinet()
        let rules = RetentionRules(usual: [.recordings: .seconds(86_400 * 100)])
        let keeper = try cabinet.keeper(rules)
        let before = try cabinet.record("before", Cabinet.owner("alice"))
        keeper.closed(before)
        for hour in 0...30 {
            _ = try keeper.tick(at: Self.after(hour * 3600), elapsed: hour == 0 ? .zero : .seconds(3600))
        }
        let meanwhile = try cabinet.record("meanwhile", Cabinet.owner("alice"))
        keeper.closed(meanwhile)
        for hour in 31...50 {
            let wrong = Self.after(hour * 3600 + 10 * 365 * 86_400)
            #expect(try keeper.tick(at: wrong, elapsed: .seconds(3600)).isEmpty)
        }
        // Back ten years, where more closes.
        let past = try cabinet.record("past", Cabinet.owner("alice"))
        keeper.closed(past)
        #expect(try keeper.tick(at: Self.after(51 * 3600 - 10 * 365 * 86_400), elapsed: .seconds(3600)).isEmpty)
        for hour in 52...100 { #expect(try keeper.tick(at: Self.after(hour * 3600), elapsed: .seconds(3600)).isEmpty) }
        for (item, name) in [(before, "before"), (meanwhile, "meanwhile"), (past, "past")] {
            #expect(try cabinet.read(item) == cabinet.text(name))
        }
        #expect(cabinet.entries.withLock { $0.isEmpty })
        // All but what closed in the wrong decade goes when its month and the hundred days are over.
        var deleted = 0
        for day in 5...140 {
            for hour in 0..<24 {
                let now = Self.after(day * 86_400 + hour * 3600)
                let deletions = try keeper.tick(at: now, elapsed: .seconds(3600))
                for deletion in deletions { #expect(deletion.period.until.adding(.seconds(86_400 * 100)) <= now) }
                deleted += deletions.reduce(0) { $0 + $1.count }
            }
        }
        #expect(deleted == 2)
        #expect(try cabinet.read(before) == nil && cabinet.read(past) == nil && cabinet.read(meanwhile) != nil)
    }

    @Test("what nobody told of is sealed at the next start, where the log knows whose it is")
    func adopted() throws {
        let cabinet = try Cabinet()
        let known = try cabinet.record("known", Cabinet.owner("alice", session: 1))
        let unknown = try cabinet.record("unknown", Cabinet.owner("alice", session: 2))
        let keeper = try cabinet.keeper()
        try keeper.adopt { sessions, commands in
            #expect(sessions == [known.owner.session, unknown.owner.session] && commands.isEmpty)
            return [known.owner.session: known.owner]
        }
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        #expect(try cabinet.keyID(known) != nil && cabinet.keyID(unknown) == nil)
        _ = try keeper.tick(at: Self.after(20), elapsed: .zero)
        #expect(try cabinet.read(known) == nil && cabinet.read(unknown) != nil)
        try keeper.adopt { sessions, _ in
            #expect(sessions == [unknown.owner.session])
            return [:]
        }
    }

    @Test("a payload that nobody told of is known by its command, is sealed at the next start and goes when it is due")
    func adoptedPayload() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper(
            RetentionRules(usual: [.payloads: .seconds(10)], grace: .zero, interval: .seconds(3600)))
        let command = UUIDv7(milliseconds: Self.start.milliseconds)
        let owner = Cabinet.owner("alice", session: 1)
        let item = try cabinet.payload(of: command, owner)
        try keeper.adopt { sessions, commands in
            #expect(sessions.isEmpty && commands == [command])
            return commands.contains(command) ? [command: owner] : [:]
        }
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        #expect(try cabinet.keyID(item) != nil && cabinet.read(item) == cabinet.text("\(command)"))
        #expect(try keeper.tick(at: Self.after(20), elapsed: .zero).map(\.kind) == [.payloads])
        #expect(try cabinet.read(item) == nil)
    }

    @Test("what could not be sealed waits, and the same keeper seals all of it once it can", arguments: [1, 40])
    func sealedLater(count: Int) throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let items = try (0..<count).map { try cabinet.record("r\($0)", Cabinet.owner("alice")) }
        for item in items { keeper.closed(item) }
        // No change happens, as on a disk that is full; of many the keeper tries some, and the others wait with them.
        cabinet.kill(after: 0)
        for _ in 0..<3 { #expect(keeper.sealClosed(at: Self.start) != nil && keeper.hasWaiting) }
        for (number, item) in items.enumerated() {
            #expect(try cabinet.keyID(item) == nil && cabinet.read(item) == cabinet.text("r\(number)"))
        }
        cabinet.kill(after: nil)
        #expect(keeper.sealClosed(at: Self.start) == nil && !keeper.hasWaiting)
        for (number, item) in items.enumerated() {
            #expect(try cabinet.keyID(item) != nil && cabinet.read(item) == cabinet.text("r\(number)"))
        }
    }

    @Test("without rules nothing is sealed and nothing is deleted")
    func withoutRules() throws {
        let cabinet = try Cabinet()
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        let keeper = try cabinet.keeper(nil)
        keeper.closed(item)
        try keeper.adopt { _, _ in
            Issue.record("nobody is to be asked")
            return [:]
        }
        #expect(try keeper.tick(at: Self.after(1_000_000_000), elapsed: .zero).isEmpty)
        #expect(try cabinet.keyID(item) == nil && cabinet.read(item) == cabinet.text("alice"))
    }

    @Test("while the log takes no entry nothing is deleted, and then it is")
    func logDown() throws {
        let cabinet = try Cabinet()
        let keeper = try cabinet.keeper()
        let item = try cabinet.record("alice", Cabinet.owner("alice"))
        keeper.closed(item)
        _ = try keeper.tick(at: Self.start, elapsed: .zero)
        let down = RetentionLog(
            entry: cabinet.log.entry, append: { _ in throw RetentionError.damaged(path: "log") },
            contains: cabinet.log.contains)
        let other = try EvidenceKeeper(state: cabinet.state, rules: Cabinet.rules, log: down, newest: nil)
        for _ in 0..<3 {
            #expect(throws: RetentionError.damaged(path: "log")) {
                try other.tick(at: Self.after(20), elapsed: .zero)
            }
            #expect(try cabinet.read(item) == cabinet.text("alice"))
        }
        #expect(try cabinet.keeper().tick(at: Self.after(20), elapsed: .zero).count == 1)
        #expect(try cabinet.read(item) == nil)
    }

    @Test("rules are found by target and kind, and named as they stand in the configuration")
    func rules() {
        let rules = RetentionRules(
            usual: [.payloads: .seconds(90 * 86_400)], targets: ["ledger": [.recordings: .milliseconds(1500)]])
        #expect("\(rules.rule(for: .payloads, of: "ledger")!)" == "retention.default.payloads: 90d")
        #expect("\(rules.rule(for: .recordings, of: "ledger")!)" == "retention.targets.ledger.recordings: 1500ms")
        #expect(rules.rule(for: .recordings, of: "web") == nil)
    }
}
