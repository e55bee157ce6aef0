import Audit
import Identifiers
import Originals
import Recording
import Retention
import StrictJSON
import Vault

/// Holds recordings, payloads and sealed originals against the digests that the log has of them, and tells what was
/// deleted from what is missing. In memory for the sessions that go on at once, with a number for each file; the names of
/// what was deleted are mapped.
struct EvidenceCheck {
    /// Files that are as they were recorded.
    private(set) var intact: UInt64 = 0
    /// Files that the log says were deleted.
    private(set) var deleted: UInt64 = 0
    /// What is wrong, a sentence each; the first of it.
    private(set) var findings: [String] = []
    private(set) var findingsOmitted = 0
    /// Files beside the log that no entry names, and the first of them.
    private(set) var unnamed: (count: Int, first: String?) = (0, nil)
    /// Files that should be there and are not.
    private var missing: UInt64 = 0

    private let state: String
    /// Whether there is any folder that evidence lies in.
    private let hasFolders: Bool
    /// Hashes of the names of files that no entry has named so far.
    private var unseen: Set<Int> = []
    private let deletions: Deletions

    private static let maximumFindings = 100
    /// Files whose chunks are remembered.
    private static let mostOriginals = 64
    private var sealedChunks: [String: Set<String>] = [:]
    /// Files of sessions that go on, of which it was said what is to be said.
    private var toldOriginals: Set<String> = []

    /// Every deletion that the log has the end of.
    static func deletions(in reader: AuditReader) throws(AuditError) -> [Deletion] {
        let filter = AuditFilter(kinds: [RetentionEntry.delete])
        var found: [Deletion] = []
        var entries = try reader.entries(matching: filter)
        while let entry = try entries.next() {
            if let deletion = value(entry).flatMap(Deletion.init) { found.append(deletion) }
        }
        return found
    }

    /// Whether the log names evidence and none at all lies beside it: it is a copy of the log alone, of whose evidence
    /// nothing can be said.
    var isAbsent: Bool { !hasFolders && missing > 0 }

    var isGood: Bool { findings.isEmpty && !isAbsent }

    /// How the command ends that looked.
    var status: ExitStatus? {
        if isAbsent { return .unavailable }
        return findings.isEmpty ? nil : .negative
    }

    var json: JSONValue {
        [
            "absent": .bool(isAbsent), "intact": .number(String(intact)), "deleted": .number(String(deleted)),
            "missing": .number(String(missing)), "unnamed": .number(String(unnamed.count)),
            "findings": .array(findings.map { .string($0) }),
            "findings_omitted": .number(String(findingsOmitted)),
        ]
    }

    /// For people; what is wrong first.
    func lines(for terminal: Terminal) -> [String] {
        guard !isAbsent else {
            return [
                "not checked: no evidence lies beside this copy: none of the folders "
                    + "\(EvidenceKind.allCases.map(\.rawValue).joined(separator: ", ")) is in \(Terminal.plain(state)), where "
                    + "the log names \(missing) files; copy them there too, or verify without --evidence"
            ]
        }
        var lines = findings.map { "\(terminal.styled("WRONG", .red))  \(Terminal.plain($0))" }
        if findingsOmitted > 0 { lines.append("       … and \(findingsOmitted) more") }
        if let first = unnamed.first {
            lines.append(
                "note   \(unnamed.count) files that no entry names, \(Terminal.plain(first)) the first: of sessions that go "
                    + "on, that ended with the gateway's being killed, or in which nothing was masked")
        }
        lines.append(
            "\(findings.isEmpty ? terminal.styled("ok", .green) : terminal.styled("FAILED", .red)): evidence, "
                + "\(intact) files as they were recorded, \(deleted) deleted under a rule")
        return lines
    }

    /// - Parameter state: The gateway's state folder.
    init(state: String, deletions all: [Deletion]) {
        self.state = state
        hasFolders = EvidenceKind.allCases.contains { VaultFiles.system.exists("\(state)/\($0.rawValue)") }
        let (found, unproved) = Deletions.load(all, state: state)
        deletions = found
        // Of a copy of the log alone nothing can be said, and nobody is to be accused.
        guard hasFolders else { return }
        for deletion in unproved {
            add(
                "\(state)/retention/deletions/\(deletion.key).names is missing or is not what entry \(deletion.entry) "
                    + "says: what of it was deleted and what is missing cannot be told apart")
        }
    }

    /// Looks at every entry of the signed log.
    mutating func run(_ reader: AuditReader, progress: (UInt64, UInt64) -> Void) throws(AuditError) {
        // Before the log is read: what is made meanwhile is not looked for in it.
        var hashes: Set<Int> = []
        forEachFile { hashes.insert($0.hashValue) }
        unseen = hashes
        let total = try reader.checkpoint().treeSize
        var entries = try reader.entries(in: 0..<total)
        while let entry = try entries.next() {
            check(entry)
            if entries.passed % 256 == 0 { progress(entries.passed, total) }
        }
        progress(total, total)
        countUnnamed()
    }

    private mutating func countUnnamed() {
        var found: (count: Int, first: String?) = (0, nil)
        forEachFile { name in
            guard unseen.contains(name.hashValue) else { return }
            found.count += 1
            if found.first == nil { found.first = name }
        }
        unnamed = found
    }

    /// Gives each file of evidence by its name below the state folder, in order; what cannot be listed is not there.
    private func forEachFile(_ body: (String) -> Void) {
        for kind in EvidenceKind.allCases {
            try? VaultFiles.system.forEachFile(below: "\(state)/\(kind.rawValue)") { body("\(kind.rawValue)/\($0)") }
        }
    }

    /// An entry names a file that is not there.
    private mutating func addMissing(_ name: String, of entry: AuditEntry) {
        missing += 1
        guard hasFolders else { return }
        add("\(name) is missing: entry \(Self.name(entry)) recorded it, and the log knows of no deletion")
    }

    private mutating func check(_ entry: AuditEntry) {
        if ["outcome", "originals"].contains(entry.kind), entry.holds(#""originals":{"#) { checkOriginals(entry) }
        if entry.kind == "session-end", let session = entry.session { forgetOriginals(of: session) }
        switch entry.kind {
        case "session-end" where entry.holds(#""recording":{"#):
            guard let session = entry.session.flatMap({ UUIDv7($0) }), let value = Self.value(entry),
                let digest = value["recording"]?["sha256"]?.string
            else { return }
            let day = Timestamp(milliseconds: session.milliseconds).description.prefix(10)
            compare("recordings/\(day)/\(session).jsonl", with: digest, of: entry)
        case "outcome" where entry.holds(#""recording_sha256":"#):
            guard let session = entry.session.flatMap({ UUIDv7($0) }), let value = Self.value(entry),
                let command = value["command"]?.string.flatMap({ UUIDv7($0) }),
                let digest = value["outcome"]?["details"]?["recording_sha256"]?.string
            else { return }
            compare("recordings/\(TerminalRecordings.path(of: command, in: session))", with: digest, of: entry)
        case "intent" where entry.holds(#""beside":{"#), "refusal" where entry.holds(#""beside":{"#):
            guard let id = entry.id, let digest = Self.value(entry)?["command"]?["beside"]?["sha256"]?.string else {
                return
            }
            compare("payloads/\(PayloadStore.name(of: id))", with: digest, of: entry)
        default: return
        }
    }

    /// Every chunk of sealed originals that the log names stands in its file. `audit check-masking` looks further.
    private mutating func checkOriginals(_ entry: AuditEntry) {
        guard let originals = Self.value(entry)?["originals"], let file = originals["file"]?.string else { return }
        let name = "originals/\(file)"
        unseen.remove(name.hashValue)
        if sealedChunks[file] == nil {
            // Of more sessions at once some are read again.
            if sealedChunks.count >= Self.mostOriginals, let other = sealedChunks.keys.first {
                sealedChunks[other] = nil
            }
            sealedChunks[file] = digests(of: file, named: name, by: entry, isNew: toldOriginals.insert(file).inserted)
        }
        guard let digests = sealedChunks[file], !digests.isEmpty else { return }
        if let head = originals["head"]?.string, !digests.contains(head) {
            add("\(name) has another first frame than entry \(Self.name(entry)) recorded: nothing in it can be opened")
        }
        for chunk in originals["chunks"]?.array ?? [] {
            guard let digest = chunk["sha256"]?.string, !digests.contains(digest) else { continue }
            add("\(name) has not the chunk \(chunk["sequence"]?.integer ?? -1) that entry \(Self.name(entry)) recorded")
        }
    }

    /// After a session's end the log says nothing more of its originals.
    private mutating func forgetOriginals(of session: String) {
        for file in toldOriginals where file.contains("/\(session)-") {
            toldOriginals.remove(file)
            sealedChunks[file] = nil
        }
    }

    /// Empty where the file cannot be read, which is told here, once.
    private mutating func digests(
        of file: String, named name: String, by entry: AuditEntry, isNew: Bool
    ) -> Set<String> {
        do throws(OriginalsError) {
            let reader = try SealedOriginalsReader(EvidencePlace(state: state, kind: .originals, path: file))
            var digests: Set<String> = [reader.headDigest]
            while let chunk = reader.next() { digests.insert(chunk.digest) }
            if isNew { intact += 1 }
            return digests
        } catch {
            guard isNew else { return [] }
            if deletions.deletion(of: name) != nil {
                deleted += 1
            } else if case .notFound = error {
                addMissing(name, of: entry)
            } else {
                add("\(name), which entry \(Self.name(entry)) recorded, cannot be read: \(error)")
            }
            return []
        }
    }

    private static func value(_ entry: AuditEntry) -> JSONValue? {
        try? JSONValue(parsing: entry.bytes, within: .ownRecord)
    }

    private mutating func compare(_ name: String, with digest: String, of entry: AuditEntry) {
        unseen.remove(name.hashValue)
        do throws(VaultError) {
            let found = try EvidenceFile(EvidencePlace(state: state, name: name)).sha256()
            guard !found.isExactly(digest) else {
                intact += 1
                return
            }
            add("\(name) is not what entry \(Self.name(entry)) recorded: it was changed")
        } catch {
            if deletions.deletion(of: name) != nil {
                deleted += 1
            } else if error.isNotFound {
                addMissing(name, of: entry)
            } else {
                add("\(name), which entry \(Self.name(entry)) recorded, cannot be read: \(error)")
            }
        }
    }

    private static func name(_ entry: AuditEntry) -> String {
        "\(entry.index.map(String.init) ?? "?")\(entry.id.map { " (\($0))" } ?? "")"
    }

    private mutating func add(_ finding: String) {
        guard findings.count < Self.maximumFindings else {
            findingsOmitted += 1
            return
        }
        findings.append(finding)
    }
}

extension Deletion {
    /// For people, on one line.
    var line: String {
        "\(count) \(kind.rawValue) of \(target), \(period): \(sentence)\(held > 0 ? "; \(held) held and kept" : "")"
    }

    var json: JSONValue {
        [
            "target": .string(target), "kind": .string(kind.rawValue), "period": .string(period.description),
            "files": .number(String(count)), "held": .number(String(held)), "rule": .string(rule),
            "time": .string(time.description), "key": .string(key.description), "entry": .string(entry.description),
        ]
    }
}
