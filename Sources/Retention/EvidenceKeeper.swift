import Foundation
import Identifiers
import StrictJSON
import Synchronization
import Vault

/// Keeps evidence for as long as the rules say, and no longer: seals what was closed under the key of its target, kind and
/// period; when all of a period is due, destroys the key and then the bytes.
///
/// What holds whenever the process ends:
/// - nothing is deleted of which the log does not have the intent; what the log has the intent of is deleted, and the
///   log is told, by the next process at the latest;
/// - what is held survives: it has a key of its own before its period's key is destroyed;
/// - nothing goes before the *trusted* time (`TrustedClock`) says that it is due, and nothing is due for having been
///   closed by a clock that was wrong: see `seal`.
///
/// Calls wait for the disk and for one another: never make one on an event loop, but for `closed`.
public final class EvidenceKeeper: Sendable {
    /// When the evidence of a key is deleted.
    public struct Due: Sendable {
        public let key: DataKey
        /// `nil` for what is kept for ever.
        public let rule: RetentionRules.Rule?
        public let due: Timestamp?
        public let items: Int
        /// How many of them are held.
        public let held: Int
        /// Whether it goes at the next look.
        public let isDue: Bool
    }

    private let vault: Vault
    private let files: VaultFiles
    private let log: RetentionLog
    private let rules: RetentionRules?
    private let waiting = Mutex<[EvidenceItem]>([])
    private let work: Mutex<Work>

    private struct Work {
        var clock: TrustedClock
        var holds: Holds
        /// The keys that are being sealed under.
        var keys: [KeyUse: DataKey] = [:]
    }

    private struct KeyUse: Hashable {
        let target: ExactText
        let kind: EvidenceKind
        let period: KeyPeriod
        let isUndated: Bool
    }

    /// - Parameters:
    ///   - state: The gateway's state folder.
    ///   - rules: `nil` seals and deletes nothing.
    ///   - newest: The time of the newest entry that the log has.
    /// - Throws: `VaultError` or `RetentionError` when what is there cannot be read.
    public init(
        state: String, rules: RetentionRules?, log: RetentionLog, newest: Timestamp?, files: VaultFiles = .system
    ) throws {
        vault = Vault(state: state, files: files)
        self.files = files
        self.log = log
        self.rules = rules
        var clock = TrustedClock(grace: rules?.grace ?? .zero, interval: rules?.interval ?? .zero)
        if let bytes = try files.contents(of: "\(state)/retention/clock") {
            clock.resume(from: bytes)
        }
        // Also where the file is there: it may be older than the log, or hold no time yet.
        if let newest { clock.learn(newest) }
        work = Mutex(Work(clock: clock, holds: try Holds(state: state, files: files, log: log)))
    }

    private var folder: String { "\(vault.state)/retention" }

    // MARK: Sealing

    /// Notes that a file was written and closed. Does not wait.
    public func closed(_ item: EvidenceItem) {
        guard rules != nil else { return }
        waiting.withLock { $0.append(item) }
    }

    public var hasWaiting: Bool { waiting.withLock { !$0.isEmpty } }

    /// Seals what was closed. What cannot be sealed now stays as it is, waits, and is not deleted.
    ///
    /// - Returns: What went wrong, the first of it.
    @discardableResult
    public func sealClosed(at wall: Timestamp) -> (any Error)? {
        work.withLock { work in sealClosed(&work, at: wall) }
    }

    private func sealClosed(_ work: inout Work, at wall: Timestamp) -> (any Error)? {
        let items = waiting.withLock { items in
            defer { items = [] }
            return items
        }
        var failure: (any Error)?
        var failed: [EvidenceItem] = []
        for (number, item) in items.enumerated() {
            do {
                try seal(item, &work, at: wall)
            } catch {
                failure = failure ?? error
                failed.append(item)
                // A full disk is not tried again for each of thousands; the next round begins with the others.
                if failed.count > 16 {
                    waiting.withLock { $0 += items[(number + 1)...] }
                    break
                }
            }
        }
        waiting.withLock { $0 += failed }
        return failure
    }

    /// Seals a file under the key of the period that now is in, which is never earlier than what is trusted, than the
    /// log's newest entry of before, or than the file's own session.
    ///
    /// Where nothing is trusted yet the clock may say 1970, and go right the next minute; what is sealed then must not
    /// be due at once. To wait with it would leave it in the clear for a day, and all of it in memory: so it is sealed,
    /// under a key that says so in its file and is due only after the time at which something was trusted first. That
    /// holds in the next process too, and where the file of the clock is lost, as then that time is a later one.
    private func seal(_ item: EvidenceItem, _ work: inout Work, at wall: Timestamp) throws {
        let began = Timestamp(milliseconds: item.owner.session.milliseconds)
        let closing = max(work.clock.closing(wall), began)
        let keeping = try keeping(item)
        let period = KeyPeriod(containing: closing, keeping: keeping.duration)
        let use = KeyUse(
            target: ExactText(item.owner.target), kind: item.kind, period: period, isUndated: work.clock.isUndated)
        if let known = work.keys[use] {
            try vault.seal(item, under: known)
            return
        }
        // One of the last process, where there is one; destroyed ones are never used again.
        let key: DataKey
        if let kept = try vault.keys.all().last(where: {
            $0.target.isExactly(item.owner.target) && $0.kind == item.kind && $0.period == period && $0.item == nil
                && $0.keeping == keeping && $0.isUndated == use.isUndated
        }) {
            key = kept
        } else {
            key = try vault.keys.make(
                target: item.owner.target, kind: item.kind, period: period, keeping: keeping,
                isUndated: use.isUndated, at: closing)
        }
        if work.keys.count >= 256 { work.keys = [:] }
        work.keys[use] = key
        try vault.seal(item, under: key)
    }

    /// For how long a file that is sealed now is to be kept: as the rules say, and where its target was taken out of the
    /// configuration before it could be sealed, for as long as any that was sealed before.
    private func keeping(_ item: EvidenceItem) throws(VaultError) -> KeepingTime {
        var longest = KeepingTime(rules?.rule(for: item.kind, of: item.owner.target))
        guard rules?.hasNoRule(for: item.kind, of: item.owner.target) ?? false else { return longest }
        for key in try vault.keys.all() where key.kind == item.kind && key.target.isExactly(item.owner.target) {
            if let keeping = key.keeping, keeping.isLonger(than: longest) { longest = keeping }
        }
        return longest
    }

    // MARK: Deleting

    /// Notes the time, ends what was begun, seals what was closed, and deletes what is due.
    ///
    /// - Parameter elapsed: Since the last tick of this process, by a clock that nobody sets; zero at its first.
    /// - Returns: What was deleted.
    @discardableResult
    public func tick(at wall: Timestamp, elapsed: Duration) throws -> [Deletion] {
        try work.withLock { work in
            guard let rules else {
                try resume(&work, at: wall)
                return []
            }
            work.clock.tick(wall, elapsed: elapsed)
            try files.makeFolder(folder)
            try files.replace("\(folder)/clock", by: "\(folder)/clock.new", with: work.clock.bytes)
            let failure = sealClosed(&work, at: wall)
            try resume(&work, at: wall)
            var deletions: [Deletion] = []
            for key in try vault.keys.all() {
                guard let (rule, due) = due(key, rules, work.clock, at: wall), isDue(due, work.clock, wall),
                    let deletion = try delete(key, under: rule, due: due, &work, at: wall)
                else { continue }
                deletions.append(deletion)
            }
            if let failure { throw failure }
            return deletions
        }
    }

    private func due(
        _ key: DataKey, _ rules: RetentionRules, _ clock: TrustedClock, at wall: Timestamp
    ) -> (RetentionRules.Rule, Timestamp)? {
        // Until something is trusted nothing is deleted, and this is not the last word.
        let end = key.isUndated ? max(key.period.until, clock.since ?? clock.closing(wall)) : key.period.until
        return rules.rule(for: key.kind, of: key.target, keeping: key.keeping).map { ($0, end.adding($0.keep)) }
    }

    private func isDue(_ due: Timestamp, _ clock: TrustedClock, _ wall: Timestamp) -> Bool {
        guard let trusted = clock.trusted else { return false }
        return trusted >= due && wall >= due
    }

    /// When which evidence goes, the first first.
    public func plan(at wall: Timestamp) throws -> [Due] {
        try work.withLock { work in
            let all = try vault.keys.all().map { key in
                let sorted = try sort(key, work.holds.all)
                let found = rules.flatMap { due(key, $0, work.clock, at: wall) }
                let goes =
                    found.map { isDue($0.1, work.clock, wall) } ?? false && (key.item == nil || sorted.held.isEmpty)
                return Due(
                    key: key, rule: found?.0, due: found?.1, items: sorted.held.count + sorted.others.count,
                    held: sorted.held.count, isDue: goes)
            }
            return all.sorted { ($0.due?.milliseconds ?? .max, $0.key.id) < ($1.due?.milliseconds ?? .max, $1.key.id) }
        }
    }

    /// The time that deletions go by; `nil` until the gateway has run for the grace.
    public var trustedTime: Timestamp? { work.withLock { $0.clock.trusted } }

    /// The files that are sealed under the key, held or not.
    private func sort(_ key: DataKey, _ holds: [Hold]) throws -> (held: [EvidenceItem], others: [EvidenceItem]) {
        let items = try sealed(under: key)
        return (
            items.filter { item in holds.contains { $0.covers(item) } },
            items.filter { item in !holds.contains { $0.covers(item) } }
        )
    }

    /// The files that are sealed under the key. Those that are not there, or under another key by now, are none of it.
    ///
    /// - Parameter isWanted: Only such ones are opened to see.
    private func sealed(
        under key: DataKey, where isWanted: (EvidenceItem) -> Bool = { _ in true }
    ) throws -> [EvidenceItem] {
        var seen: Set<ExactText> = []
        var items: [EvidenceItem] = []
        try vault.keys.items(of: key) { (item: EvidenceItem) throws(VaultError) in
            guard isWanted(item), seen.insert(ExactText(item.name)).inserted else { return }
            if try isSealed(item.name, under: key.id) { items.append(item) }
        }
        return items
    }

    private func isSealed(_ name: String, under key: UUIDv7) throws(VaultError) -> Bool {
        do throws(VaultError) {
            return try vault.keyID(of: name) == key
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    private func delete(
        _ key: DataKey, under rule: RetentionRules.Rule, due: Timestamp, _ work: inout Work, at wall: Timestamp
    ) throws -> Deletion? {
        let (held, others) = try sort(key, work.holds.all)
        // One that is held alone, and nothing else: it waits.
        if key.item != nil, !held.isEmpty { return nil }
        work.keys = work.keys.filter { $0.value.id != key.id }
        guard !held.isEmpty || !others.isEmpty else {
            // Nothing was ever sealed under it, or all of it has gone to other keys.
            try vault.keys.destroy(key.id)
            try vault.keys.forgetItems(of: key.id)
            return nil
        }
        try rescue(held, from: key, at: wall)
        let step = DeletionStep(
            key: key, rule: "\(rule)", due: due, trusted: work.clock.trusted ?? wall, names: others.map(\.name),
            held: try rescued(from: key.id))
        try step.begin(files, folder, log, at: wall)
        return try finish(step, at: wall)
    }

    /// Gives what is held a key of its own.
    private func rescue(_ held: [EvidenceItem], from key: DataKey, at wall: Timestamp) throws {
        for item in held {
            let own = try vault.keys.make(
                target: key.target, kind: key.kind, period: key.period, item: item.name, keeping: key.keeping,
                isUndated: key.isUndated, at: wall)
            try vault.seal(item, under: own)
        }
    }

    /// How many files of a key have keys of their own. It is counted on the disk, as a process that was killed may have
    /// rescued some of them.
    private func rescued(from key: UUIDv7) throws -> Int {
        let own = try vault.keys.all().filter { $0.item != nil && $0.id != key }
        guard !own.isEmpty else { return 0 }
        let names = try vault.keys.itemNames(of: key)
        return try own.count { other in
            guard let name = other.item, names.contains(ExactText(name)) else { return false }
            return try isSealed(name, under: other.id)
        }
    }

    private func finish(_ begun: DeletionStep, at wall: Timestamp) throws -> Deletion? {
        var step = begun
        try vault.keys.destroy(step.key)
        for name in step.names {
            do throws(VaultError) {
                // Else it is under another key by now, or gone already, by an attempt that was cut off.
                if try isSealed(name, under: step.key) { try vault.remove(name) }
            } catch {
                if !error.isNotFound { throw error }
            }
        }
        step.held = try rescued(from: step.key)
        let deletion = try step.end(files, folder, log, at: wall)
        try vault.keys.forgetItems(of: step.key)
        return deletion
    }

    /// Ends deletions that the last process began: what the log has the intent of is done.
    private func resume(_ work: inout Work, at wall: Timestamp) throws {
        try work.holds.resume()
        for step in try DeletionStep.begun(files, folder, log) {
            if step.isDone {
                try step.sayAgain(log)
                try step.settle(files, folder)
                try vault.keys.forgetItems(of: step.key)
                continue
            }
            var step = step
            // Somebody may have put a hold since: as long as the key is there, what it covers can be kept.
            if let key = try vault.keys.all().first(where: { $0.id == step.key }) {
                let (held, others) = try sort(key, work.holds.all)
                if key.item != nil, !held.isEmpty {
                    try step.abandon(files, folder)
                    continue
                }
                try rescue(held, from: key, at: wall)
                step.names = others.map(\.name)
                try step.writeNames(files, folder)
            }
            _ = try finish(step, at: wall)
        }
    }

    // MARK: What was there before

    /// Seals files that nobody told of: of before there were rules, or of a process that was killed.
    ///
    /// - Parameter owners: Finds whose these sessions and commands are, by the log; of others it knows nothing.
    public func adopt(owners: (_ sessions: Set<UUIDv7>, _ commands: Set<UUIDv7>) throws -> [UUIDv7: EvidenceOwner])
        throws
    {
        guard rules != nil else { return }
        try work.withLock { _ in try vault.removeLeftovers() }
        for kind in EvidenceKind.allCases {
            var found: [(path: String, id: UUIDv7)] = []
            try files.forEachFile(below: "\(vault.state)/\(kind.rawValue)") { path in
                guard let id = Self.id(in: path, kind), vault.isUnsealed("\(kind.rawValue)/\(path)") else { return }
                found.append((path, id))
            }
            guard !found.isEmpty else { continue }
            let ids = Set(found.map(\.id))
            let known = kind == .payloads ? try owners([], ids) : try owners(ids, [])
            for (path, id) in found {
                guard let owner = known[id] else { continue }
                closed(EvidenceItem(kind, path: path, owner: owner))
            }
        }
    }

    /// The command of a payload, the session of all else: the first UUID in the path.
    private static func id(in path: String, _ kind: EvidenceKind) -> UUIDv7? {
        guard !path.hasSuffix(".part") else { return nil }
        return path.split(separator: "/").lazy.compactMap { UUIDv7($0.prefix(UUIDv7.characterCount)) }.first
    }

    // MARK: Holds

    public var holds: [Hold] { work.withLock { $0.holds.all } }

    /// How many files that are sealed by now `hold` covers.
    public func files(coveredBy hold: Hold) throws -> Int {
        try work.withLock { _ in
            try vault.keys.all().reduce(0) { try $0 + sealed(under: $1) { hold.covers($0) }.count }
        }
    }

    /// Holds evidence from now on.
    ///
    /// - Throws: When it could not be recorded; it is in force all the same where its file could be written.
    public func add(_ hold: Hold) throws { try work.withLock { try $0.holds.add(hold) } }

    /// - Throws: `RetentionError.noSuchHold`; or when it could not be recorded: then it stays in force.
    public func release(
        _ id: UUIDv7, reason: String, by: (issuer: String, subject: String), at time: Timestamp
    ) throws {
        try work.withLock { try $0.holds.release(id, reason: reason, by: by, at: time) }
    }
}
