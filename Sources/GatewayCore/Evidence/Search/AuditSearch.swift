import Audit
import Identifiers

/// An entry that a search found.
public struct AuditHit: Sendable, Equatable {
    /// `nil` while the entry stands in a journal, not in the signed tree yet.
    public let index: UInt64?
    /// Canonical JSON, exactly the bytes that the tree covers.
    public let bytes: [UInt8]

    public init(index: UInt64?, bytes: [UInt8]) {
        self.index = index
        self.bytes = bytes
    }
}

/// Finds entries of the audit log, the newest first.
///
/// The index only says where to look: what is found is read from the log, and held against the query there.
public struct AuditSearch: Sendable {
    private let log: AuditReader
    private let index: AuditIndex

    public init(log: AuditReader, index: AuditIndex) {
        self.log = log
        self.index = index
    }

    public struct Page: Sendable {
        public var hits: [AuditHit] = []
        /// Where to go on: entries before this one may match too. `nil` when all were looked at.
        public var next: UInt64?
        /// How many entries the log had.
        public var treeSize: UInt64 = 0

        public init() {}
    }

    /// How many of the newest entries may be missing from the index: they are looked through one by one.
    public static let tailLimit: UInt64 = 65_536

    /// The newest entries that match.
    ///
    /// - Parameters:
    ///   - before: Only entries before this one: `next` of the page before.
    ///   - bundles: Looks into so many files of 256 entries at most; for searches of text, which no index helps.
    ///   - progress: Is told which entries are left, as the first of those that were looked at.
    /// - Throws: `IndexError` when there is no index of this log that helps; `AuditError` when the log cannot be read.
    public func page(
        _ query: EntryQuery, before: UInt64? = nil, limit: Int, bundles budget: Int = .max,
        progress: (_ left: UInt64) -> Void = { _ in }
    ) throws -> Page {
        try index.check(against: log)
        let size = try log.checkpoint().treeSize
        let indexed = try index.position().next
        guard size < indexed + Self.tailLimit else { throw IndexError.behind(indexed: indexed, treeSize: size) }
        let end = min(before ?? size, size)
        var matcher = EntryMatcher(query)
        var callers = SessionCallers(index: index)
        var page = Page()
        page.treeSize = size

        // The bundle that is not whole in the index, and those that are not in it at all.
        let tail = indexed & ~0xff
        if end > tail {
            var found: [AuditHit] = []
            var cursor = try log.entries(in: tail..<end)
            while let entry = try cursor.next() {
                callers.learn(from: entry)
                if try matcher.matches(entry, callerOf: { try callers.caller(of: $0) }) {
                    found.append(AuditHit(entry))
                    if found.count >= 2 * limit { found.removeFirst(found.count - limit) }
                }
            }
            page.hits = Array(found.suffix(limit).reversed())
            if page.hits.count == limit { return page.goingOn(from: page.hits.last?.index) }
        }
        var rest: Int64? = Int64(end > tail ? tail >> 8 : (end + 0xff) >> 8)
        var left = budget
        while let below = rest {
            let candidates = try index.bundles(
                matching: query, below: below, atLeast: query.text == nil ? max(limit, 16) : 1024)
            for bundle in candidates.bundles {
                let start = UInt64(bundle) << 8
                guard left > 0 else { return page.goingOn(from: start + 0x100) }
                left -= 1
                var found: [AuditHit] = []
                var cursor = try log.entries(in: start..<min(start + 0x100, end))
                while let entry = try cursor.next() {
                    if try matcher.matches(entry, callerOf: { try callers.caller(of: $0) }) {
                        found.append(AuditHit(entry))
                    }
                }
                page.hits += found.reversed().prefix(limit - page.hits.count)
                if page.hits.count == limit { return page.goingOn(from: page.hits.last?.index) }
                progress(start)
            }
            rest = candidates.rest
        }
        return page
    }

    /// The same without an index, from the log's first entry to its last.
    ///
    /// - Parameter progress: Is told how many entries were looked at, and of how many.
    public static func scan(
        _ log: AuditReader, for query: EntryQuery, before: UInt64? = nil, limit: Int,
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws -> Page {
        let size = try log.checkpoint().treeSize
        let end = min(before ?? size, size)
        var matcher = EntryMatcher(query)
        var callers = SessionCallers(index: nil)
        var found: [AuditHit] = []
        var cursor = try log.entries(in: 0..<end)
        while let entry = try cursor.next() {
            if query.caller != nil { callers.learn(from: entry) }
            if try matcher.matches(entry, callerOf: { try callers.caller(of: $0) }) { found.append(AuditHit(entry)) }
            if query.caller != nil { callers.forget(after: entry) }
            if found.count >= 2 * limit { found.removeFirst(found.count - limit) }
            progress(cursor.passed, end)
        }
        var page = Page()
        page.treeSize = size
        page.hits = found.suffix(limit).reversed()
        return page.hits.count == limit ? page.goingOn(from: page.hits.last?.index) : page
    }

    /// What stands in journals and not in the signed tree yet, the newest first.
    public static func pending(_ log: AuditReader, for query: EntryQuery, index: AuditIndex?) throws -> [AuditHit] {
        var matcher = EntryMatcher(query)
        var callers = SessionCallers(index: index)
        var found: [AuditEntry] = []
        for entry in try log.pendingEntries() {
            callers.learn(from: entry)
            if try matcher.matches(entry, callerOf: { try callers.caller(of: $0) }) { found.append(entry) }
        }
        return found.sorted { ($0.time ?? "") > ($1.time ?? "") }.map { AuditHit($0) }
    }
}

extension AuditSearch.Page {
    fileprivate func goingOn(from index: UInt64?) -> Self {
        var page = self
        page.next = index.flatMap { $0 == 0 ? nil : $0 }
        return page
    }
}

extension AuditHit {
    init(_ entry: AuditEntry) { self.init(index: entry.index, bytes: entry.bytes) }
}

/// Who the callers of sessions are: as entries said that were seen, or else as the index knows.
private struct SessionCallers {
    let index: AuditIndex?
    private var seen: [UUIDv7: EntryFacets.Party?] = [:]
    private var scanner = FacetScanner()
    /// What the index said is remembered of so many sessions.
    private static let limit = 65_536

    init(index: AuditIndex?) { self.index = index }

    mutating func learn(from entry: AuditEntry) {
        guard entry.kind == "session-start", let session = entry.session.flatMap({ UUIDv7($0) }) else { return }
        scanner.scan(entry.bytes)
        seen[session] = scanner.facets.caller
    }

    mutating func forget(after entry: AuditEntry) {
        guard entry.kind == "session-end", let session = entry.session.flatMap({ UUIDv7($0) }) else { return }
        seen[session] = nil
    }

    mutating func caller(of session: UUIDv7) throws -> EntryFacets.Party? {
        if let known = seen[session] { return known }
        guard let index else { return nil }
        let caller = try index.caller(of: session)
        if seen.count >= Self.limit { seen.removeAll(keepingCapacity: true) }
        seen[session] = .some(caller)
        return caller
    }
}
