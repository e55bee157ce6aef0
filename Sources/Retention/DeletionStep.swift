import Identifiers
import StrictJSON
import Vault

/// A deletion that is under way, in `<state>/retention/deletions`:
///
/// - `<key>.names`: the sorted names of what goes, one a line; it stays.
/// - `<key>.intent`: the log's entry of before. While it is there and the log has it, the deletion must be ended.
/// - `<key>.outcome`: the log's entry of after, which it may not have yet.
/// - `<key>.json`: the same, which it has; it stays.
struct DeletionStep {
    let key: UUIDv7
    /// What both entries say.
    private let common: [JSONMember]
    var names: [String]
    var held: Int
    private var outcome: [UInt8]?

    init(key: DataKey, rule: String, due: Timestamp, trusted: Timestamp, names: [String], held: Int) {
        self.key = key.id
        common = [
            JSONMember("due", .string(due.description)), JSONMember("evidence", .string(key.kind.rawValue)),
            JSONMember("key", .string(key.id.description)),
            JSONMember(
                "period",
                ["from": .string(key.period.from.description), "until": .string(key.period.until.description)]),
            JSONMember("rule", .string(rule)), JSONMember("target", ["name": .string(key.target)]),
            JSONMember("trusted_time", .string(trusted.description)),
        ]
        self.names = names
        self.held = held
    }

    private static let commonNames: Set<String> = [
        "due", "evidence", "key", "period", "rule", "target", "trusted_time",
    ]

    private static func path(_ folder: String, _ key: UUIDv7, _ suffix: String) -> String {
        "\(folder)/deletions/\(key).\(suffix)"
    }

    private func write(_ bytes: [UInt8], _ suffix: String, _ files: VaultFiles, _ folder: String) throws {
        try files.replace(
            Self.path(folder, key, suffix), by: Self.path(folder, key, "new"), with: bytes)
    }

    private var nameLines: [UInt8] {
        let lines = names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        return lines.flatMap { $0 + [0x0a] }
    }

    private func entry(_ step: String, _ log: RetentionLog, at time: Timestamp) -> [UInt8] {
        log.entry(
            RetentionEntry.delete, time,
            common + [
                JSONMember("held", .number("\(held)")), JSONMember("items", .number("\(names.count)")),
                JSONMember("names_sha256", .string(Deletions.digest(nameLines))), JSONMember("step", .string(step)),
            ]
        ).bytes
    }

    /// Says in the log what will be deleted.
    func begin(_ files: VaultFiles, _ folder: String, _ log: RetentionLog, at time: Timestamp) throws {
        try files.makeFolder("\(folder)/deletions")
        try writeNames(files, folder)
        let entry = entry("intent", log, at: time)
        try write(entry, "intent", files, folder)
        try log.append(entry)
    }

    func writeNames(_ files: VaultFiles, _ folder: String) throws { try write(nameLines, "names", files, folder) }

    /// Says in the log what was deleted.
    func end(_ files: VaultFiles, _ folder: String, _ log: RetentionLog, at time: Timestamp) throws -> Deletion? {
        var step = self
        let entry = entry("done", log, at: time)
        step.outcome = entry
        try write(entry, "outcome", files, folder)
        try log.append(entry)
        try step.settle(files, folder)
        return (try? JSONValue(parsing: entry, within: .ownRecord)).flatMap(Deletion.init)
    }

    /// Whether all is deleted, and the log alone may not know.
    var isDone: Bool { outcome != nil }

    /// Says in the log what was deleted, unless that was said.
    func sayAgain(_ log: RetentionLog) throws { if let outcome { try log.appendOnce(outcome) } }

    /// Nothing is left to be done.
    func settle(_ files: VaultFiles, _ folder: String) throws {
        try files.remove(Self.path(folder, key, "intent"))
        try files.move(Self.path(folder, key, "outcome"), to: Self.path(folder, key, "json"))
    }

    /// Takes the intent back: nothing was deleted, and all that was to be is held now.
    func abandon(_ files: VaultFiles, _ folder: String) throws {
        try files.remove(Self.path(folder, key, "intent"))
        try files.remove(Self.path(folder, key, "names"))
    }

    /// Those that were begun and not ended. An intent that never came into the log was none, and is forgotten.
    static func begun(_ files: VaultFiles, _ folder: String, _ log: RetentionLog) throws -> [DeletionStep] {
        var steps: [DeletionStep] = []
        let all = try files.names(in: "\(folder)/deletions")
        for name in all where name.hasSuffix(".intent") || name.hasSuffix(".outcome") {
            guard let dot = name.lastIndex(of: "."), let key = UUIDv7(String(name[..<dot])) else { continue }
            let isDone = name.hasSuffix(".outcome")
            if !isDone, all.contains("\(key).outcome") { continue }
            let path = "\(folder)/deletions/\(name)"
            guard let bytes = try files.contents(of: path),
                let entry = try? JSONValue(parsing: bytes, within: .ownRecord),
                let id = entry["id"]?.string.flatMap({ UUIDv7($0) }), let members = entry.object,
                let held = entry["held"]?.integer
            else { throw RetentionError.damaged(path: path) }
            if !isDone, try !log.contains(id) {
                try files.remove(path)
                try files.remove(Self.path(folder, key, "names"))
                continue
            }
            let names = try files.contents(of: Self.path(folder, key, "names")) ?? []
            steps.append(
                DeletionStep(
                    key: key, common: members.filter { commonNames.contains($0.name) },
                    names: names.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) },
                    held: Int(clamping: held), outcome: isDone ? bytes : nil))
        }
        return steps
    }

    private init(key: UUIDv7, common: [JSONMember], names: [String], held: Int, outcome: [UInt8]?) {
        self.key = key
        self.common = common
        self.names = names
        self.held = held
        self.outcome = outcome
    }
}
