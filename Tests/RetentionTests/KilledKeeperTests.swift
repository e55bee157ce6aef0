import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import Retention
@testable import Vault

/// One day of evidence, gone through again and again with the process killed before each of its changes in turn.
@Suite("A keeper that is killed")
struct KilledKeeperTests {
    private struct Day {
        let cabinet: Cabinet
        let alice: [EvidenceItem]
        let bob: EvidenceItem
        let other: EvidenceItem
        let hold: Hold

        init() throws {
            cabinet = try Cabinet()
            alice = [
                try cabinet.record("alice-0", Cabinet.owner("alice", session: 1)),
                try cabinet.record("alice-1", Cabinet.owner("alice", session: 1)),
            ]
            bob = try cabinet.record("bob", Cabinet.owner("bob", session: 2))
            other = try cabinet.record("other", Cabinet.owner("alice", target: "web", session: 3))
            hold = Hold(
                id: UUIDv7(milliseconds: Cabinet.start.milliseconds), subject: .session(bob.owner.session),
                reason: "case", by: ("i", "carol"), time: Cabinet.start)
        }

        var items: [(item: EvidenceItem, name: String)] {
            [(alice[0], "alice-0"), (alice[1], "alice-1"), (bob, "bob"), (other, "other")]
        }

        /// Closes, holds, deletes what is due.
        func morning() throws {
            let keeper = try cabinet.keeper()
            for (item, _) in items { keeper.closed(item) }
            if let failure = keeper.sealClosed(at: Cabinet.start) { throw failure }
            try keeper.add(hold)
            _ = try keeper.tick(at: Cabinet.start.adding(.seconds(60)), elapsed: .zero)
        }

        /// Another process, until all is settled.
        func goOn(holding: Bool) throws {
            let keeper = try cabinet.keeper()
            try keeper.adopt { _, _ in
                Dictionary(items.map { ($0.item.owner.session, $0.item.owner) }) { first, _ in first }
            }
            if holding, !keeper.holds.contains(hold) { try keeper.add(hold) }
            for minute in 2...4 {
                _ = try keeper.tick(at: Cabinet.start.adding(.seconds(60 * minute)), elapsed: .seconds(60))
            }
        }

        /// At any moment: each file reads as it was written, or the log has said that it goes.
        func check(_ place: String) throws {
            let intents = cabinet.entries(RetentionEntry.delete, "intent").compactMap { $0["key"]?.string }
            for (item, name) in items {
                do {
                    if let text = try cabinet.read(item) {
                        #expect(text == cabinet.text(name), "\(place): \(name)")
                    } else {
                        #expect(!intents.isEmpty, "\(place): \(name) is gone without a word")
                    }
                } catch VaultError.keyMissing(_, let key) {
                    #expect(intents.contains(key), "\(place): the key of \(name) is gone without a word")
                }
            }
        }

        /// What of evidence has gone is in the log, once.
        func settled(_ place: String, gone: [EvidenceItem]) throws {
            let (found, unproved, all) = cabinet.deletions()
            #expect(unproved.isEmpty, "\(place)")
            #expect(Set(all.map(\.key)).count == all.count, "\(place): a deletion is told twice")
            for (item, name) in items {
                let isGone = gone.contains(item)
                #expect(try cabinet.read(item) == (isGone ? nil : cabinet.text(name)), "\(place): \(name)")
                #expect((found.deletion(of: item.name) != nil) == isGone, "\(place): \(name)")
            }
            #expect(all.reduce(0) { $0 + $1.count } == gone.count, "\(place)")
            let intents = Set(cabinet.entries(RetentionEntry.delete, "intent").compactMap { $0["key"]?.string })
            for deletion in all { #expect(intents.contains(deletion.key.description), "\(place)") }
            let names = try VaultFiles.system.names(in: "\(cabinet.state)/retention/deletions")
            #expect(names.allSatisfy { $0.hasSuffix(".names") || $0.hasSuffix(".json") }, "\(place): \(names)")
            #expect(try VaultFiles.system.names(in: "\(cabinet.state)/retention/temporary").isEmpty, "\(place)")
        }
    }

    @Test("loses nothing that is held, deletes nothing unsaid, and the next one ends what it began")
    func killed() throws {
        var changes = 0
        while true {
            let day = try Day()
            day.cabinet.kill(after: changes)
            try? day.morning()
            let isWhole = day.cabinet.hasLeft
            day.cabinet.kill(after: nil)
            let place = "killed after \(changes)"
            try day.check(place)
            try day.goOn(holding: true)
            #expect(day.cabinet.entries(RetentionEntry.hold, "add").count == 1, "\(place)")
            try day.settled(place, gone: day.alice)
            // Also where the process ended between giving bob's file its own key and saying so.
            #expect(day.cabinet.deletions().all.reduce(0) { $0 + $1.held } == 1, "\(place)")

            let keeper = try day.cabinet.keeper()
            try keeper.release(day.hold.id, reason: "closed", by: ("i", "carol"), at: Cabinet.start)
            try day.goOn(holding: false)
            try day.settled("\(place), released", gone: day.alice + [day.bob])
            if isWhole { break }
            changes += 1
        }
        #expect(changes > 40)
    }

    @Test("a hold that was not released is in force, one that was is not, whenever it was killed")
    func killedWhileReleasing() throws {
        var changes = 0
        while true {
            let day = try Day()
            try day.morning()
            let keeper = try day.cabinet.keeper()
            day.cabinet.kill(after: changes)
            try? keeper.release(day.hold.id, reason: "closed", by: ("i", "carol"), at: Cabinet.start)
            let isWhole = day.cabinet.hasLeft
            day.cabinet.kill(after: nil)
            let isReleased = !day.cabinet.entries(RetentionEntry.hold, "release").isEmpty
            try day.goOn(holding: false)
            try day.settled("killed after \(changes)", gone: day.alice + (isReleased ? [day.bob] : []))
            #expect(try day.cabinet.keeper().holds.isEmpty == isReleased)
            if isWhole { break }
            changes += 1
        }
        #expect(changes > 4)
    }

    @Test("a hold that comes between the intent and the deletion is kept")
    func heldAfterIntent() throws {
        var changes = 0
        while true {
            let day = try Day()
            let keeper = try day.cabinet.keeper()
            for (item, _) in day.items { keeper.closed(item) }
            #expect(keeper.sealClosed(at: Cabinet.start) == nil)
            day.cabinet.kill(after: changes)
            _ = try? keeper.tick(at: Cabinet.start.adding(.seconds(60)), elapsed: .zero)
            let isWhole = day.cabinet.hasLeft
            day.cabinet.kill(after: nil)
            // The key is there: what is held now can be kept.
            let isThere = (try? day.cabinet.read(day.bob)) == day.cabinet.text("bob")
            let next = try day.cabinet.keeper()
            try next.add(day.hold)
            try day.goOn(holding: false)
            try day.settled("killed after \(changes)", gone: day.alice + (isThere ? [] : [day.bob]))
            // The end of the deletion says what was kept, also where its intent knew of no hold.
            let held = day.cabinet.deletions().all.map(\.held)
            #expect(held == [isThere ? 1 : 0], "killed after \(changes)")
            if isWhole { break }
            changes += 1
        }
        #expect(changes > 15)
    }
}
