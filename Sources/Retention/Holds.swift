import Identifiers
import StrictJSON
import Vault

/// The holds in force, in `<state>/retention/holds`, a file each.
///
/// A hold is in force from when its file is written, which is before the log says so, until its file is removed, which
/// is after the log says so: whenever the process ends, too much is held rather than too little.
struct Holds {
    private let folder: String
    private let files: VaultFiles
    private let log: RetentionLog
    private(set) var all: [Hold] = []

    /// - Throws: What is wrong with a file: nothing may be deleted while it is not known what it holds.
    init(state: String, files: VaultFiles, log: RetentionLog) throws {
        folder = "\(state)/retention/holds"
        self.files = files
        self.log = log
        for name in try files.names(in: folder) where name.hasSuffix(".json") || name.hasSuffix(".adding") {
            let value = try value(name)
            guard let hold = value["hold"].flatMap(Hold.init) else {
                throw RetentionError.damaged(path: "\(folder)/\(name)")
            }
            if !all.contains(hold) { all.append(hold) }
        }
    }

    private func path(_ id: UUIDv7, _ suffix: String) -> String { "\(folder)/\(id).\(suffix)" }

    private func value(_ name: String) throws -> JSONValue {
        guard let bytes = try files.contents(of: "\(folder)/\(name)"),
            let value = try? JSONValue(parsing: bytes, within: .ownRecord)
        else { throw RetentionError.damaged(path: "\(folder)/\(name)") }
        return value
    }

    /// Ends what was begun and could not be ended.
    mutating func resume() throws {
        for name in try files.names(in: folder) {
            if name.hasSuffix(".adding") {
                try completeAdding(name)
            } else if name.hasSuffix(".releasing"), let id = UUIDv7(String(name.dropLast(10))) {
                // Where the log says that it was released, it was; else somebody has to ask again.
                let entry = try value(name)["entry"]?["id"]?.string.flatMap { UUIDv7($0) }
                if let entry, try log.contains(entry) {
                    try forget(id)
                } else {
                    try files.remove(path(id, "releasing"))
                }
            } else if name.hasSuffix(".new") {
                try files.remove("\(folder)/\(name)")
            }
        }
    }

    /// - Throws: When it could not be recorded; it is in force all the same where its file could be written, and the
    ///   log will say so once it takes entries.
    mutating func add(_ hold: Hold) throws {
        let entry = log.entry(RetentionEntry.hold, hold.time, hold.members + [JSONMember("step", "add")])
        try files.makeFolder(folder)
        try write(
            ["entry": try JSONValue(parsing: entry.bytes, within: .ownRecord), "hold": hold.json], hold.id, "adding")
        all.append(hold)
        try log.append(entry.bytes)
        try settle("\(hold.id).adding")
    }

    private func completeAdding(_ name: String) throws {
        if let entry = try value(name)["entry"] { try log.appendOnce(entry.canonicalBytes) }
        try settle(name)
    }

    private func settle(_ name: String) throws {
        try files.move("\(folder)/\(name)", to: "\(folder)/\(name.dropLast(7)).json")
    }

    /// - Throws: `RetentionError.noSuchHold`; or when it could not be recorded: then it stays in force.
    mutating func release(_ id: UUIDv7, reason: String, by: (issuer: String, subject: String), at time: Timestamp)
        throws
    {
        guard let hold = all.first(where: { $0.id == id }) else { throw RetentionError.noSuchHold(id) }
        // The log says first that it was put.
        if files.exists(path(id, "adding")) { try completeAdding("\(id).adding") }
        let members = hold.members.filter { $0.name != "by" && $0.name != "reason" }
        let entry = log.entry(
            RetentionEntry.hold, time,
            members + [
                JSONMember("by", ["issuer": .string(by.issuer), "subject": .string(by.subject)]),
                JSONMember("reason", .string(reason)), JSONMember("step", "release"),
            ])
        try write(["entry": try JSONValue(parsing: entry.bytes, within: .ownRecord)], id, "releasing")
        try log.append(entry.bytes)
        try forget(id)
    }

    private func write(_ value: JSONValue, _ id: UUIDv7, _ suffix: String) throws {
        try files.replace(path(id, suffix), by: path(id, "new"), with: value.canonicalBytes)
    }

    /// The hold's own file goes first: without it there is nothing to be released again.
    private mutating func forget(_ id: UUIDv7) throws {
        try files.remove(path(id, "json"))
        try files.remove(path(id, "releasing"))
        all.removeAll { $0.id == id }
    }
}
