import Crypto
import Foundation
import Identifiers
import StrictJSON
import Vault

/// What the log says of a deletion that is done.
public struct Deletion: Sendable {
    public let key: UUIDv7
    public let target: String
    public let kind: EvidenceKind
    public let period: KeyPeriod
    /// As it stood in the configuration.
    public let rule: String
    public let time: Timestamp
    /// How many files were deleted.
    public let count: Int
    /// How many of the period are held and were kept.
    public let held: Int
    /// SHA-256 of the sorted names, each with a newline: of the file `<state>/retention/deletions/<key>.names`.
    public let namesSHA256: String
    /// The log's entry.
    public let entry: UUIDv7

    /// Reads an entry; `nil` for one of another kind, and for an intent.
    public init?(_ entry: JSONValue) {
        guard entry["kind"]?.string == RetentionEntry.delete, entry["step"]?.string == "done",
            let id = entry["id"]?.string.flatMap({ UUIDv7($0) }),
            let key = entry["key"]?.string.flatMap({ UUIDv7($0) }),
            let target = entry["target"]?["name"]?.string,
            let kind = entry["evidence"]?.string.flatMap(EvidenceKind.init),
            let from = entry["period"]?["from"]?.string.flatMap({ Timestamp($0) }),
            let until = entry["period"]?["until"]?.string.flatMap({ Timestamp($0) }),
            let rule = entry["rule"]?.string, let time = entry["time"]?.string.flatMap({ Timestamp($0) }),
            let count = entry["items"]?.integer, let held = entry["held"]?.integer,
            let names = entry["names_sha256"]?.string
        else { return nil }
        self.entry = id
        self.key = key
        self.target = target
        self.kind = kind
        period = KeyPeriod(from: from, until: until)
        self.rule = rule
        self.time = time
        self.count = Int(clamping: count)
        self.held = Int(clamping: held)
        namesSHA256 = names
    }

    /// "deleted on … under the rule …", the end of a sentence.
    public var sentence: String { "deleted on \(time) under the rule \(rule)" }
}

/// The names of what was deleted, by which somebody who looks for a file learns what became of it. The log has their
/// digests.
public struct Deletions: Sendable {
    private struct Known: Sendable {
        let deletion: Deletion
        /// Mapped, sorted lines.
        let names: Data
    }

    private let known: [Known]

    /// Takes those of `deletions` into account whose names are as the log says.
    ///
    /// - Returns: Beside it, the deletions whose names are missing or were changed.
    public static func load(_ deletions: [Deletion], state: String) -> (found: Deletions, unproved: [Deletion]) {
        var known: [Known] = []
        var unproved: [Deletion] = []
        for deletion in deletions {
            let path = "\(state)/retention/deletions/\(deletion.key).names"
            guard let names = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
                digest(names).isExactly(deletion.namesSHA256)
            else {
                if deletion.count > 0 { unproved.append(deletion) }
                continue
            }
            known.append(Known(deletion: deletion, names: names))
        }
        return (Deletions(known: known.sorted { $0.deletion.period.from < $1.deletion.period.from }), unproved)
    }

    /// The deletions that the state folder tells of; for an answer to people, not as a proof.
    public static func load(state: String, files: VaultFiles = .system) throws -> Deletions {
        let folder = "\(state)/retention/deletions"
        let deletions = try files.names(in: folder).filter { $0.hasSuffix(".json") }.compactMap { name in
            try files.contents(of: "\(folder)/\(name)").flatMap { try? JSONValue(parsing: $0, within: .ownRecord) }
                .flatMap(Deletion.init)
        }
        return load(deletions, state: state).found
    }

    static func digest(_ names: some DataProtocol) -> String {
        SHA256.hash(data: names).hexadecimal
    }

    /// The deletion of the file `name`; `nil` when it was not deleted by a rule.
    public func deletion(of name: String) -> Deletion? {
        let wanted = Array(name.utf8)
        return known.first { known in
            name.hasPrefix("\(known.deletion.kind.rawValue)/") && Self.holds(known.names, wanted)
        }?.deletion
    }

    /// The first deletion that took a file below a folder, e.g. `recordings/2026-11-26/<session>/`.
    public func deletion(below folder: String) -> Deletion? {
        let wanted = Array(folder.utf8)
        return known.first { known in
            let start = Self.lowerBound(known.names, wanted)
            return known.names[start...].starts(with: wanted)
        }?.deletion
    }

    private static func holds(_ names: Data, _ wanted: [UInt8]) -> Bool {
        let start = lowerBound(names, wanted)
        let line = names[start...].prefix { $0 != 0x0a }
        return line.elementsEqual(wanted)
    }

    /// Where the first line begins that is not less than `wanted`, by bytes.
    private static func lowerBound(_ names: Data, _ wanted: [UInt8]) -> Int {
        var low = names.startIndex
        var high = names.endIndex
        while low < high {
            // The beginning of the line that the middle is in.
            var start = low + (high - low) / 2
            while start > low, names[start - 1] != 0x0a { start -= 1 }
            let line = names[start..<high].prefix { $0 != 0x0a }
            if line.lexicographicallyPrecedes(wanted) {
                low = min(line.endIndex + 1, high)
            } else {
                high = start
            }
        }
        return low
    }
}
