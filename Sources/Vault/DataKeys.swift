import Crypto
import Foundation
import Identifiers
import StrictJSON

/// A key of one kind of evidence of one target in one period; or of one file alone that is held longer than the others.
public struct DataKey: Sendable {
    public let id: UUIDv7
    public let target: String
    public let kind: EvidenceKind
    public let period: KeyPeriod
    /// The name of the only file that it is for.
    public let item: String?
    /// For how long its evidence was to be kept when it was made; `nil` for one that does not know.
    public let keeping: KeepingTime?
    /// Whether it was made before there was a time to trust: its period may be years too early.
    public let isUndated: Bool
    let secret: SymmetricKey
}

/// For how long evidence is kept after the end of its key's period.
public enum KeepingTime: Sendable, Hashable {
    case forEver
    /// - Parameter name: Where the rule stood in the configuration, e.g. `retention.targets.ledger.recordings`.
    case rule(name: String, keep: Duration)
}

/// The data keys, in `<state>/retention/keys`: for each `<id>.key`, 0600, and `<id>.items` with what was sealed under it,
/// one JSON object a line. Destroying a key makes all of that unreadable.
///
/// A name stands in `.items` before its file is sealed, so that it may stand there in vain (the process ended between
/// the two): the file's own header says which key it is sealed under.
public struct DataKeys: Sendable {
    private let folder: String
    private let files: VaultFiles

    /// - Parameter state: The gateway's state folder.
    public init(state: String, files: VaultFiles = .system) {
        folder = "\(state)/retention/keys"
        self.files = files
    }

    private func keyPath(_ id: UUIDv7) -> String { "\(folder)/\(id).key" }
    private func itemsPath(_ id: UUIDv7) -> String { "\(folder)/\(id).items" }

    /// Makes a key. It is on the disk when this returns.
    public func make(
        target: String, kind: EvidenceKind, period: KeyPeriod, item: String? = nil, keeping: KeepingTime? = nil,
        isUndated: Bool = false, at time: Timestamp
    ) throws(VaultError) -> DataKey {
        let key = DataKey(
            id: UUIDv7(milliseconds: time.milliseconds), target: target, kind: kind, period: period, item: item,
            keeping: keeping, isUndated: isUndated, secret: SymmetricKey(size: .bits256))
        var members = [
            JSONMember("from", .string(period.from.description)), JSONMember("id", .string(key.id.description)),
            JSONMember("key", .string(key.secret.withUnsafeBytes { Data($0) }.base64EncodedString())),
            JSONMember("kind", .string(kind.rawValue)), JSONMember("target", .string(target)),
            JSONMember("until", .string(period.until.description)), JSONMember("v", 1),
        ]
        if let item { members.append(JSONMember("item", .string(item))) }
        if let keeping { members.append(JSONMember("keeping", keeping.json)) }
        if isUndated { members.append(JSONMember("undated", true)) }
        try files.makeFolder(folder)
        try files.replace(
            keyPath(key.id), by: "\(keyPath(key.id)).new", with: JSONValue.object(members).canonicalBytes + [0x0a])
        return key
    }

    /// - Throws: `keyMissing` when it was destroyed.
    /// - Parameter path: Of the file that is to be opened, for the error.
    public func key(_ id: UUIDv7, for path: String) throws(VaultError) -> DataKey {
        guard let bytes = try files.contents(of: keyPath(id)) else {
            throw .keyMissing(path: path, key: id.description)
        }
        return try parse(bytes, keyPath(id), id)
    }

    public func exists(_ id: UUIDv7) -> Bool { files.exists(keyPath(id)) }

    /// All keys, the oldest first.
    public func all() throws(VaultError) -> [DataKey] {
        var keys: [DataKey] = []
        for name in try files.names(in: folder) where name.hasSuffix(".key") {
            guard let id = UUIDv7(String(name.dropLast(4))), let bytes = try files.contents(of: keyPath(id)) else {
                continue
            }
            // Zeros were written over it, and the process ended before it was removed.
            if bytes.allSatisfy({ $0 == 0 }) { continue }
            keys.append(try parse(bytes, keyPath(id), id))
        }
        return keys
    }

    private func parse(_ bytes: [UInt8], _ path: String, _ id: UUIDv7) throws(VaultError) -> DataKey {
        if bytes.allSatisfy({ $0 == 0 }) { throw .keyMissing(path: path, key: id.description) }
        guard let value = try? JSONValue(parsing: bytes), value["v"]?.integer == 1,
            let target = value["target"]?.string, let kind = value["kind"]?.string.flatMap(EvidenceKind.init),
            let from = value["from"]?.string.flatMap({ Timestamp($0) }),
            let until = value["until"]?.string.flatMap({ Timestamp($0) }),
            let secret = value["key"]?.string.flatMap({ Data(base64Encoded: $0) }), secret.count == 32,
            value["id"]?.string == id.description
        else {
            throw .damaged(path: path, reason: "it is no data key; without it what it seals is lost: restore it")
        }
        return DataKey(
            id: id, target: target, kind: kind, period: KeyPeriod(from: from, until: until),
            item: value["item"]?.string, keeping: value["keeping"].map(KeepingTime.init),
            isUndated: value["undated"]?.bool ?? false, secret: SymmetricKey(data: secret))
    }

    // MARK: What is sealed under a key

    /// Notes that a file is about to be sealed under the key.
    func add(_ item: EvidenceItem, to key: DataKey) throws(VaultError) {
        let line: JSONValue = [
            "issuer": .string(item.owner.issuer), "name": .string(item.name),
            "session": .string(item.owner.session.description), "subject": .string(item.owner.subject),
        ]
        // What a power cut left of the line before must not run into this one.
        try files.append([0x0a] + line.canonicalBytes + [0x0a], to: itemsPath(key.id))
    }

    /// Gives `take` each file that was noted, some of them twice.
    ///
    /// A line that cannot be read was never whole on the disk, so that nothing was sealed after it: it is passed over.
    public func items(
        of key: DataKey, _ take: (EvidenceItem) throws(VaultError) -> Void
    ) throws(VaultError) {
        try files.lines(of: itemsPath(key.id)) { (line: ArraySlice<UInt8>) throws(VaultError) in
            guard let value = try? JSONValue(parsing: line), let name = value["name"]?.string,
                let session = value["session"]?.string.flatMap({ UUIDv7($0) }),
                let issuer = value["issuer"]?.string, let subject = value["subject"]?.string
            else { return }
            try take(
                EvidenceItem(
                    key.kind, name: name,
                    owner: EvidenceOwner(session: session, issuer: issuer, subject: subject, target: key.target)))
        }
    }

    /// The names of the files that were noted, also under a key that is destroyed by now.
    public func itemNames(of id: UUIDv7) throws(VaultError) -> Set<ExactText> {
        var names: Set<ExactText> = []
        try files.lines(of: itemsPath(id)) { (line: ArraySlice<UInt8>) throws(VaultError) in
            if let name = (try? JSONValue(parsing: line))?["name"]?.string { names.insert(ExactText(name)) }
        }
        return names
    }

    // MARK: Destroying

    /// Makes everything unreadable that is sealed under the key.
    public func destroy(_ id: UUIDv7) throws(VaultError) { try files.wipe(keyPath(id)) }

    /// Forgets what was sealed under a key that is destroyed.
    public func forgetItems(of id: UUIDv7) throws(VaultError) {
        try files.remove(itemsPath(id))
        // What a crash left beside it.
        try files.remove("\(keyPath(id)).new")
    }
}

extension KeepingTime {
    /// As it stands in a key's file: without a rule it is for ever.
    fileprivate var json: JSONValue {
        switch self {
        case .forEver: [:]
        case .rule(let name, let keep):
            ["milliseconds": .number(String(keep.wholeMilliseconds)), "rule": .string(name)]
        }
    }

    /// What cannot be read is kept.
    fileprivate init(_ value: JSONValue) {
        guard let name = value["rule"]?.string, let milliseconds = value["milliseconds"]?.integer, milliseconds > 0
        else {
            self = .forEver
            return
        }
        self = .rule(name: name, keep: .milliseconds(milliseconds))
    }
}
