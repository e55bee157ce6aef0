import Audit
import Foundation
import Identifiers
import Testing

@testable import GatewayCore

@Suite("Searching the audit log", .serialized)
struct AuditSearchTests {
    private static let log = Task { try LargeLog(entries: 30_000, seed: 7) }

    /// The log, and an index over its first entries.
    private func indexed(_ name: String, first count: UInt64 = .max) async throws -> (LargeLog, AuditIndex) {
        let log = try await Self.log.value
        let index = try AuditIndex.kept(at: "\(log.folder)/\(name)-\(UUID().uuidString).sqlite")
        try index.follow(log.reader, atMost: count)
        return (log, index)
    }

    /// What the generator's own notes say of a query: the indices of the entries that match, newest first.
    private func expected(_ query: EntryQuery, in log: LargeLog) -> [UInt64] {
        log.facts.enumerated().reversed().compactMap { index, fact in
            if !query.kinds.isEmpty, !query.kinds.contains(fact.kind) { return nil }
            if let name = query.caller {
                let people = [fact.caller, fact.requester].compactMap { $0 }
                guard people.contains(where: { $0.subject == name || $0.label == name }) else { return nil }
            }
            if let target = query.target, fact.target != target { return nil }
            if let action = query.action,
                !fact.actions.contains(where: { $0 == action || $0.hasPrefix("\(action).") })
            {
                return nil
            }
            if let rule = query.rule, !fact.rules.contains(rule) { return nil }
            if let decision = query.decision, fact.decision != decision { return nil }
            if let session = query.session, fact.session != session { return nil }
            if let from = query.from, fact.time < from { return nil }
            if let to = query.to, fact.time >= to { return nil }
            if let text = query.text, !fact.text.contains(text) { return nil }
            return UInt64(index)
        }
    }

    private func randomQuery(_ log: LargeLog, _ numbers: inout LargeLog.Numbers) -> EntryQuery {
        func one(_ chance: Int) -> Bool { Int.random(in: 0..<chance, using: &numbers) == 0 }
        let sample = log.facts.randomElement(using: &numbers)!
        let other = log.facts.randomElement(using: &numbers)!
        var query = EntryQuery()
        if one(3) {
            query.kinds = [["intent", "refusal"], [sample.kind], ["nothing"]].randomElement(using: &numbers)!
        }
        if one(3) { query.caller = one(2) ? sample.caller?.subject : other.caller?.label }
        if one(3) { query.target = sample.target }
        if one(3) { query.action = one(8) ? "sql" : sample.actions.first }
        if one(3) { query.rule = one(8) ? "analyst" : sample.rules.last }
        if one(4) { query.decision = one(2) ? "deny" : "allow" }
        if one(6) { query.session = sample.session }
        if one(4) { query.from = min(sample.time, other.time) }
        if one(4) { query.to = max(sample.time, other.time) }
        if one(8) { query.text = ["\"x\"\nFROM t12", "t2999 -- \\d", "no such"].randomElement(using: &numbers)! }
        return query
    }

    /// What comes page by page, up to `count`.
    private func found(
        _ query: EntryQuery, _ search: AuditSearch, limit: Int, count: Int, bundles: Int = .max
    ) throws -> [UInt64] {
        var all: [UInt64] = []
        var next: UInt64?
        repeat {
            let page = try search.page(query, before: next, limit: limit, bundles: bundles)
            #expect(page.hits.count <= limit)
            all += page.hits.compactMap(\.index)
            if let next, let going = page.next { #expect(going < next, "a search comes to an end") }
            next = page.next
        } while next != nil && all.count < count
        return all
    }

    @Test("what is found, page by page, is what stands in the log, whichever conditions are joined")
    func equality() async throws {
        let (log, index) = try await indexed("all")
        let search = AuditSearch(log: log.reader, index: index)
        var numbers = LargeLog.Numbers(seed: 11)
        var hits = 0
        for round in 0..<60 {
            let query = randomQuery(log, &numbers)
            let wanted = expected(query, in: log).prefix(60)
            let limit = [20, 30, 60][round % 3]
            let got = try found(query, search, limit: limit, count: 60).prefix(60)
            #expect(got == wanted, "\(query)")
            hits += got.count
        }
        #expect(hits > 300, "the queries find something")
    }

    @Test("what the index does not hold yet is found all the same", arguments: [0, 15_000, 29_999] as [UInt64])
    func behind(indexed count: UInt64) async throws {
        let (log, index) = try await indexed("behind", first: count)
        let search = AuditSearch(log: log.reader, index: index)
        for query in [EntryQuery(kinds: ["outcome"], caller: "user-3"), EntryQuery(rule: "extra"), EntryQuery()] {
            let wanted = expected(query, in: log).prefix(400)
            #expect(try found(query, search, limit: 100, count: 400) == Array(wanted), "\(query)")
        }
    }

    @Test(
        "of a bundle whose first entry alone is in the index, all others are found too",
        arguments: [29_696, 29_952] as [UInt64])
    func begunBundle(first: UInt64) async throws {
        let (log, index) = try await indexed("begun", first: first + 1)
        let search = AuditSearch(log: log.reader, index: index)
        // The one entry that the index knows there leads to no other session, and to no later time.
        let known = log.facts[Int(first)]
        let others = log.facts.dropFirst(Int(first)).prefix(256).filter { $0.session != known.session }
        let sessions = Set(others.compactMap(\.session))
        #expect(sessions.count > 1)
        var queries = sessions.map { EntryQuery(session: $0) }
        queries += Set(others.compactMap { $0.caller?.subject }).map { EntryQuery(caller: $0) }
        queries.append(EntryQuery(from: known.time.adding(.milliseconds(1))))
        for query in queries {
            let wanted = expected(query, in: log).prefix(100)
            #expect(try found(query, search, limit: 100, count: 100) == Array(wanted), "\(query)")
        }
    }

    @Test("a step on a ticket is found by who took it and by whose ticket it is, by subject and by label")
    func people() async throws {
        let (log, index) = try await indexed("people", first: 25_000)
        let search = AuditSearch(log: log.reader, index: index)
        let others = log.facts.filter { $0.requester != nil && $0.caller?.subject != "user-1" }
        let taken = try #require(others.first { $0.caller?.label != nil })
        for name in ["user-1", "p1@example.com", taken.caller?.subject, taken.caller?.label].compactMap({ $0 }) {
            let query = EntryQuery(kinds: ["approval"], caller: name)
            let wanted = expected(query, in: log)
            #expect(wanted.count > 0)
            #expect(try found(query, search, limit: 100, count: .max) == wanted, "\(name)")
        }
        let ofTickets = expected(EntryQuery(kinds: ["approval"], caller: "user-1"), in: log)
        #expect(others.count > 100 && ofTickets.count > others.count, "all of them are on tickets of user-1")
    }

    @Test("sessions are counted and known wherever the index has come to", arguments: [0, 15_000, 30_000] as [UInt64])
    func loggedSessions(indexed count: UInt64) async throws {
        let (log, index) = try await indexed("sessions", first: count)
        let sessions = LoggedSessions(log: log.reader, index: index)
        let started = log.facts.filter { $0.kind == "session-start" }
        for fact in [try #require(started.first), try #require(started.last)] {
            let (session, caller) = (try #require(fact.session), try #require(fact.caller))
            #expect(try sessions.contains(session))
            let wanted = started.count { $0.caller?.subject == caller.subject }
            #expect(try sessions.count(issuer: "https://issuer.example", subject: caller.subject) == wanted)
            #expect(try sessions.count(issuer: "https://another.example", subject: caller.subject) == 0)
        }
        #expect(try !sessions.contains(UUIDv7(milliseconds: 1_790_000_000_000)))
        #expect(try sessions.count(issuer: "https://issuer.example", subject: "user-90") == 0)
    }

    @Test("a kind that no entry can have is told apart, with the one that was probably meant")
    func kinds() throws {
        for kind in AuditSchema.kindNames { #expect(EntryQuery.fault(inKind: kind) == nil, "\(kind)") }
        let near = try #require(EntryQuery.fault(inKind: "refusals"))
        #expect(near == #"no entry is of the kind "refusals" (did you mean "refusal"?)"#)
        #expect(EntryQuery.fault(inKind: "nothing at all") == #"no entry is of the kind "nothing at all""#)
        #expect(EntryQuery.fault(inKind: "") != nil && EntryQuery.fault(inKind: "Intent") != nil)
    }

    @Test("a period has the moment that it begins with, and not the one that it ends with")
    func period() async throws {
        let (log, index) = try await indexed("period", first: 29_000)
        let search = AuditSearch(log: log.reader, index: index)
        // Amid a bundle, to which earlier entries lead; and where the index does not reach.
        for place in [12_345, 29_990] {
            let moment = log.facts[place].time
            for (query, has) in [
                (EntryQuery(from: moment, to: moment.adding(.milliseconds(1))), true), (EntryQuery(to: moment), false),
            ] {
                let wanted = expected(query, in: log).prefix(60)
                #expect(wanted.contains(UInt64(place)) == has)
                #expect(try found(query, search, limit: 60, count: 60) == Array(wanted), "\(query)")
            }
        }
    }

    @Test("where the clock went back amid a bundle, what follows is found by its time")
    func clockWentBack() async throws {
        let (log, index) = try await indexed("clock")
        let search = AuditSearch(log: log.reader, index: index)
        let place = try #require(
            log.facts.indices.dropFirst().first { log.facts[$0].time < log.facts[$0 - 1].time })
        let moment = log.facts[place].time
        #expect(moment < log.facts[place & ~0xff].time, "its bundle began later")
        let query = EntryQuery(from: moment, to: moment.adding(.milliseconds(1)))
        let wanted = expected(query, in: log)
        #expect(wanted.contains(UInt64(place)))
        #expect(try found(query, search, limit: 60, count: .max) == wanted)
    }

    @Test("without an index, all entries are looked at, and the same is found")
    func scan() async throws {
        let log = try await Self.log.value
        var seen: UInt64 = 0
        let query = EntryQuery(kinds: ["outcome"], caller: "p7@example.com")
        let page = try AuditSearch.scan(log.reader, for: query, limit: 20) { done, total in
            #expect(total == 30_000)
            seen = done
        }
        #expect(seen == 30_000)
        let wanted = expected(query, in: log)
        #expect(page.hits.compactMap(\.index) == Array(wanted.prefix(20)))
        let rest = try AuditSearch.scan(log.reader, for: query, before: page.next, limit: 20)
        #expect(rest.hits.compactMap(\.index) == Array(wanted.dropFirst(20).prefix(20)))
    }

    @Test("a search of text stops where it was told to, and goes on from there")
    func portions() async throws {
        let (log, index) = try await indexed("text")
        let search = AuditSearch(log: log.reader, index: index)
        let query = EntryQuery(text: "FROM t1234 ")
        let wanted = expected(query, in: log)
        #expect(wanted.count > 1)
        #expect(try found(query, search, limit: 50, count: .max, bundles: 10) == wanted)
        let first = try search.page(query, limit: 50, bundles: 10)
        #expect(first.next.map { $0 >= 27_000 } ?? false)
    }

    @Test("all entries of a session come in their order, signed or not")
    func history() async throws {
        let (log, index) = try await indexed("history", first: 20_000)
        let counts = log.facts.reduce(into: [UUIDv7: Int]()) { if let id = $1.session { $0[id, default: 0] += 1 } }
        let session = try #require(counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key)
        for session in [session, try #require(log.facts.last { $0.session != nil }?.session)] {
            let history = try SessionHistory(of: session, log: log.reader, index: index)
            var got: [UInt64] = []
            while let entries = try history.next() { got += entries.compactMap(\.index) }
            #expect(got == expected(EntryQuery(session: session), in: log).reversed())
        }
    }

    // MARK: The index is never the truth

    @Test("an index of another log, or of one that was longer, is told apart")
    func disagreement() async throws {
        let (log, index) = try await indexed("theirs", first: 600)
        let other = try LargeLog(entries: 1000, seed: 8)
        #expect(throws: IndexError.self) { try index.check(against: other.reader) }
        #expect(throws: IndexError.self) {
            try AuditSearch(log: other.reader, index: index).page(EntryQuery(), limit: 1)
        }
        try index.check(against: log.reader)
        let short = try LargeLog(entries: 500, seed: 7)
        #expect(throws: IndexError.disagrees(path: index.path, detail: "it knows 600 entries, and the log has 500")) {
            try index.check(against: short.reader)
        }
        let session = try #require(log.facts.compactMap(\.session).first)
        for reader in [other.reader, short.reader] {
            #expect(throws: IndexError.self) { try SessionHistory(of: session, log: reader, index: index) }
        }
        try index.renew()
        #expect(try index.position().next == 0)
        try index.follow(short.reader)
        try index.check(against: short.reader)
        #expect(try AuditSearch(log: short.reader, index: index).page(EntryQuery(), limit: 1).hits.first?.index == 499)
    }

    @Test("what is no index of ours, or is damaged, is put aside and told", arguments: ["garbage", "other", "old"])
    func unusable(_ what: String) async throws {
        let log = try await Self.log.value
        let path = "\(log.folder)/unusable-\(what).sqlite"
        switch what {
        case "garbage": try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: path))
        case "other": try Data().write(to: URL(fileURLWithPath: path))
        default:
            let index = try AuditIndex.kept(at: path)
            try index.follow(log.reader, atMost: 100)
            try index.write { try $0.execute(sql: "PRAGMA user_version = 1") }
        }
        #expect(throws: IndexError.self) { try AuditIndex.reading(path) }
        var told: [IndexError] = []
        let index = try AuditIndex.kept(at: path) { told.append($0) }
        #expect(told.count == 1, "\(told)")
        #expect(try index.position().next == 0)
    }

    @Test("an index is made anew beside the old one, which it replaces when it is whole, and nobody else writes then")
    func rebuild() async throws {
        let log = try await Self.log.value
        let path = "\(log.folder)/rebuilt.sqlite"
        #expect(throws: IndexError.missing(path: path)) { try AuditIndex.reading(path) }
        try AuditIndex.rebuild(at: path) { try $0.follow(log.reader, atMost: 300) }
        let old = try AuditIndex.reading(path)
        #expect(try old.position().next == 300)
        struct Stopped: Error {}
        #expect(throws: Stopped.self) {
            try AuditIndex.rebuild(at: path) { index in
                try index.follow(log.reader, atMost: 100)
                throw Stopped()
            }
        }
        #expect(try AuditIndex.reading(path).position().next == 300)

        var kept: AuditIndex? = try AuditIndex.kept(at: path)
        #expect(throws: IndexError.self) { try AuditIndex.rebuild(at: path) { _ in } }
        #expect(throws: IndexError.self) { try AuditIndex.kept(at: path) }
        kept = nil
        // A gateway that starts meanwhile keeps what it has.
        #expect(throws: IndexError.inUse(path: path, holder: "process \(getpid())")) {
            try AuditIndex.rebuild(at: path) { _ in kept = try AuditIndex.kept(at: path) }
        }
        #expect(try kept?.position().next == 300)
        kept = nil
        // The write-ahead log of another index is never taken for the new one's.
        let foreign = try AuditIndex.kept(at: "\(log.folder)/foreign.sqlite")
        try foreign.follow(log.reader, atMost: 50)
        try? FileManager.default.removeItem(atPath: "\(path)-wal")
        try FileManager.default.copyItem(atPath: "\(foreign.path)-wal", toPath: "\(path)-wal")
        try AuditIndex.rebuild(at: path) { try $0.follow(log.reader, atMost: 400) }
        #expect(try AuditIndex.reading(path).position().next == 400)
        #expect(try old.position().next == 300, "who reads the old one still does")
        // Beside those of a reader that was let go just now.
        let left = try FileManager.default.contentsOfDirectory(atPath: log.folder)
            .filter { $0.hasPrefix("rebuilt") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        #expect(left.sorted() == ["rebuilt.sqlite", "rebuilt.sqlite.lock"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode == 0o600)
    }

    @Test("a child process that is just being started, and has all files open, does not keep an index")
    func lockAndChild() async throws {
        let path = "\(try await Self.log.value.folder)/inherited.sqlite"
        var kept: AuditIndex? = try AuditIndex.kept(at: path)
        let inherited = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            .filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == "\(path).lock"
            }
            .map { dup($0) }
        defer { for descriptor in inherited { close(descriptor) } }
        #expect(inherited.count == 1)
        #expect(throws: IndexError.self) { try AuditIndex.kept(at: path) }
        withExtendedLifetime(kept) {}
        kept = nil
        #expect(throws: Never.self) { try AuditIndex.kept(at: path) }
    }

    // MARK: Pieces

    @Test("a set of bundles is stored and read back, and what is none is refused")
    func bundleSets() {
        for count in [0, 1, 63, 64, 65, 1024] {
            var set = BundleSet()
            for number in 0..<count { set.insert(number * 7 % 1024) }
            #expect(set.count == count)
            #expect(set.stored.count == (count < 64 ? 2 * count : 128))
            #expect(BundleSet(set.stored) == set)
            #expect(set.descending == (0..<count).map { $0 * 7 % 1024 }.sorted(by: >))
        }
        #expect(BundleSet(Data([1])) == nil && BundleSet(Data([0, 4])) == nil)
        #expect(BundleSet(Data(repeating: 0, count: 130)) == nil)
    }
}
