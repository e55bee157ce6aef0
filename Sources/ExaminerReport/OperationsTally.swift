import Audit
import Identifiers
import StrictJSON

/// What the gateway tells of itself. What is routine and frequent must not push out what is rare: deletions are summed,
/// and each kind of entry has a list of its own.
struct OperationsTally: Sendable {
    /// An entry that is told with its own words.
    struct Event: Sendable {
        let index: UInt64?
        let time: String
        let kind: String
        let text: String
    }

    struct DeletionKey: Sendable, Hashable {
        let target: String
        /// Of evidence: recordings, for example.
        let evidence: String
        /// As it stood in the configuration.
        let rule: String
    }

    /// Deletions of one target and kind under one rule.
    struct Deletions: Sendable {
        /// Those that were announced, and those that are done.
        var begun = 0
        var done = 0
        var files: Int64 = 0
        /// Files of the same periods that were held and kept.
        var held: Int64 = 0
        let firstTime: String
        var lastTime: String
        let first: UInt64?
        var last: UInt64?
    }

    private static let mostRows = 5_000
    private static let mostKinds = 50
    private static let mostOfKind = 500

    private(set) var deletions = BoundedTable<DeletionKey, Deletions>(most: mostRows)
    private var lists = BoundedTable<String, TopList<Event>>(most: mostKinds)
    /// The kinds, in the order in which they were first seen.
    private var kinds: [String] = []

    mutating func add(_ entry: AuditEntry, _ value: JSONValue, kind: String, at time: String) {
        if kind == "retention-delete", let key = DeletionKey(value) { return addDeletion(key, entry, value, at: time) }
        if lists.rows[kind] == nil, kinds.count < Self.mostKinds { kinds.append(kind) }
        lists.update(kind, default: TopList(most: Self.mostOfKind)) {
            $0.append(Event(index: entry.index, time: time, kind: kind, text: entry.text))
        }
    }

    private mutating func addDeletion(_ key: DeletionKey, _ entry: AuditEntry, _ value: JSONValue, at time: String) {
        let new = Deletions(firstTime: time, lastTime: time, first: entry.index)
        deletions.update(key, default: new) { row in
            row.lastTime = time
            row.last = entry.index
            guard value["step"]?.string == "done" else {
                row.begun += 1
                return
            }
            row.done += 1
            row.files.addClamped(value["items"]?.integer ?? 0)
            row.held.addClamped(value["held"]?.integer ?? 0)
        }
    }

    /// Of the kinds for which `isWanted` says so, in the order of the log.
    func events(where isWanted: (String) -> Bool = { _ in true }) -> (items: [Event], omitted: Int) {
        let chosen = kinds.filter(isWanted).compactMap { lists.rows[$0] }
        // What is not signed yet has no number, and comes last.
        let items = chosen.flatMap(\.items).sorted { ($0.index ?? .max) < ($1.index ?? .max) }
        return (items, chosen.reduce(0) { $0 + $1.omitted })
    }

    /// Events of so many kinds that these are no kinds.
    var eventsOfOtherKinds: Int { lists.omitted }
}

extension OperationsTally.DeletionKey {
    /// `nil` for an entry that names no target, which is then told in its own words.
    fileprivate init?(_ entry: JSONValue) {
        guard let target = entry["target"]?["name"]?.string, let evidence = entry["evidence"]?.string,
            let rule = entry["rule"]?.string
        else { return nil }
        self.init(target: target, evidence: evidence, rule: rule)
    }
}

extension OperationsTally {
    /// Kinds that come with every start and stop of a gateway.
    private static let ofRuns: Set<String> = ["start", "stop"]

    /// Starts and stops, which may be many.
    var runs: (items: [Event], omitted: Int) { events { Self.ofRuns.contains($0) } }
    /// All else: keys, holds, steps of the clock, and whatever is new.
    var others: (items: [Event], omitted: Int) {
        let found = events { !Self.ofRuns.contains($0) }
        return (found.items, found.omitted + eventsOfOtherKinds)
    }
}
