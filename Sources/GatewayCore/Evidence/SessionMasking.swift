import Audit
import Identifiers
import Masking
import Originals
import StrictJSON

/// What a session's entries say of masking, gathered one entry at a time in the order of the log.
public struct SessionMasking: Sendable {
    /// A command under masking rules that masked something, or that may have.
    public struct Command: Sendable {
        /// The rule sets that applied.
        public let ruleSets: [String]
        /// The digest of the policies that it was judged by.
        public let policy: String
        public var originals: LoggedOriginals
    }

    /// Commands that something was masked for, or that have no outcome, in their order.
    public private(set) var commands: [Command] = []
    /// Commands under masking rules whose answer had nothing to mask.
    public private(set) var untouched = 0
    /// Commands without masking rules.
    public private(set) var withoutRules = 0
    private var places: [UUIDv7: Int] = [:]

    public init() {}

    public mutating func add(_ entry: AuditEntry) {
        guard let kind = entry.kind, ["intent", "outcome", "originals"].contains(kind),
            let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord)
        else { return }
        add(value)
    }

    /// The same for an entry that came from elsewhere than a log's files.
    public mutating func add(_ value: JSONValue) {
        let kind = value["kind"]?.string
        if kind == "intent" {
            guard let id = value["id"]?.string.flatMap({ UUIDv7($0) }) else { return }
            let decision = value["decision"]
            let ruleSets = decision?["masks"]?.array?.compactMap(\.string) ?? []
            guard !ruleSets.isEmpty else {
                withoutRules += 1
                return
            }
            places[id] = commands.count
            commands.append(
                Command(
                    ruleSets: ruleSets, policy: decision?["policy"]?.string ?? "",
                    originals: LoggedOriginals(command: id)))
            return
        }
        guard let id = value["command"]?.string.flatMap({ UUIDv7($0) }), let place = places[id] else { return }
        if let originals = value["originals"] { commands[place].originals.add(originals) }
        guard kind == "outcome" else { return }
        places[id] = nil
        commands[place].originals.isOver = true
        commands[place].originals.masked = (value["outcome"]?["masked"]?.array ?? []).map { count in
            MaskCount(
                rule: count["rule"]?.string ?? "", selector: count["selector"]?.string ?? "",
                count: count["count"]?.integer.flatMap { Int(exactly: $0) } ?? 0)
        }
        // Most commands have their outcome right behind; they need not be kept.
        let originals = commands[place].originals
        if place == commands.count - 1, originals.masked.isEmpty, originals.file == nil {
            commands.removeLast()
            untouched += 1
        }
    }
}

extension LoggedOriginals {
    /// Takes what the member `originals` of an entry says.
    fileprivate mutating func add(_ value: JSONValue) {
        file = value["file"]?.string
        head = value["head"]?.string
        key = value["key"]?.string
        rules = value["rules"]?.string
        for chunk in value["chunks"]?.array ?? [] {
            guard let sequence = chunk["sequence"]?.integer.flatMap({ UInt64(exactly: $0) }),
                let digest = chunk["sha256"]?.string
            else { continue }
            chunks.append(SealedChunk(sequence: sequence, digest: digest))
        }
    }
}
