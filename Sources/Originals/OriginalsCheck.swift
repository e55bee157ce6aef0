import Foundation
import Identifiers
import Masking
import Vault

/// What the log says of one command's masking.
public struct LoggedOriginals: Sendable, Equatable {
    public let command: UUIDv7
    /// Whether its outcome is in the log. Without it the command runs, or the gateway was killed.
    public var isOver = false
    /// How often each rule masked something, by the outcome.
    public var masked: [MaskCount] = []
    /// The sealed chunks that the log names, in their order.
    public var chunks: [SealedChunk] = []
    /// The file that they stand in, below the folder of originals, and the SHA-256 of its first frame.
    public var file: String?
    public var head: String?
    /// The id of the auditors' key that the file is sealed to.
    public var key: String?
    /// SHA-256 over the masking rules that applied.
    public var rules: String?

    public init(command: UUIDv7) { self.command = command }
}

/// What does not agree with the log.
public enum OriginalsFinding: Sendable, Hashable, CustomStringConvertible {
    case fileMissing(file: String)
    case unreadable(file: String, reason: String)
    /// The first frame, by which all others are opened.
    case headChanged(file: String)
    case chunkChanged(file: String, sequence: UInt64, command: UUIDv7)
    case chunkMissing(file: String, sequence: UInt64, command: UUIDv7)
    case chunkMoved(file: String, sequence: UInt64, behind: UInt64, command: UUIDv7)
    /// A chunk that the log does not name although it names those of its command.
    case chunkAdded(file: String, place: UInt64)
    case countDiffers(command: UUIDv7, rule: String, selector: String, masked: Int, sealed: Int)

    public var description: String {
        switch self {
        case .fileMissing(let file): "the file \(file) is missing"
        case .unreadable(let file, let reason): "the file \(file) cannot be read: \(reason)"
        case .headChanged(let file): "the first frame of \(file) was changed, so that nothing in it can be opened"
        case .chunkChanged(let file, let sequence, let command):
            "chunk \(sequence) of \(file) (command \(command)) was changed"
        case .chunkMissing(let file, let sequence, let command):
            "chunk \(sequence) of \(file) (command \(command)) is missing"
        case .chunkMoved(let file, let sequence, let behind, let command):
            "chunk \(sequence) of \(file) (command \(command)) was moved behind chunk \(behind)"
        case .chunkAdded(let file, let place): "the chunk at place \(place) of \(file) is none that the log names"
        case .countDiffers(let command, let rule, let selector, let masked, let sealed):
            "of command \(command), \(rule) (\(selector)) masked \(masked) values and \(sealed) are sealed"
        }
    }
}

/// Holds files of sealed originals against the log, without a key.
public struct OriginalsCheck: Sendable {
    public private(set) var findings: [OriginalsFinding] = []
    /// Findings beyond the first thousand.
    public private(set) var findingsOmitted = 0
    /// What is no contradiction and yet worth telling: torn ends, chunks of commands without an outcome.
    public private(set) var notes: [String] = []
    public private(set) var chunksChecked = 0
    /// Of the commands that were looked at: sealed values by command, rule and place, from authenticated headers that
    /// the log has the digests of.
    public private(set) var sealed: [UUIDv7: [OriginalsField: Int]] = [:]

    /// Masked values and their commands that nothing can be said of, as their files were deleted.
    public private(set) var unchecked: (values: Int, commands: Int) = (0, 0)
    /// How the files that the log has the deletion of were deleted, each once, as a sentence's end.
    public private(set) var deletions: [String] = []

    private static let mostFindings = 1000
    private let over: Set<UUIDv7>
    private let place: @Sendable (String) -> EvidencePlace
    private let deletion: @Sendable (String) -> String?
    /// Files that the log has the deletion of.
    private var deleted: Set<String> = []

    /// - Parameters:
    ///   - commands: All that the log has of the session.
    ///   - place: Where a file of the folder of originals is.
    ///   - deletion: How the log says that a file was deleted, as a sentence's end; `nil` where it does not.
    public init(
        _ commands: [LoggedOriginals], of session: UUIDv7, at place: @escaping @Sendable (String) -> EvidencePlace,
        deletion: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.place = place
        self.deletion = deletion
        over = Set(commands.filter(\.isOver).map(\.command))
        var files: [String: [LoggedOriginals]] = [:]
        // Also what no entry names yet: the gateway may have been killed before it could.
        var part = 1
        while FileManager.default.fileExists(atPath: place(OriginalsStore.path(session: session, part: part)).path) {
            files[OriginalsStore.path(session: session, part: part)] = []
            part += 1
        }
        for command in commands { if let file = command.file { files[file, default: []].append(command) } }
        for (file, commands) in files.sorted(by: { $0.key < $1.key }) {
            check(file, commands)
        }
        for command in commands where command.isOver { compareCounts(command) }
    }

    private mutating func add(_ finding: OriginalsFinding) {
        if findings.count < Self.mostFindings { findings.append(finding) } else { findingsOmitted += 1 }
    }

    private mutating func check(_ file: String, _ commands: [LoggedOriginals]) {
        let reader: SealedOriginalsReader
        do {
            reader = try SealedOriginalsReader(place(file))
        } catch {
            if let deletion = deletion(file) {
                deleted.insert(file)
                if !deletions.contains(where: { $0.isExactly(deletion) }) { deletions.append(deletion) }
                return notes.append("\(file) was \(deletion)")
            }
            if case .notFound = error { return add(.fileMissing(file: file)) }
            if commands.isEmpty {
                return notes.append("\(file), which the log does not name, holds nothing: its first frame is not whole")
            }
            return add(.unreadable(file: file, reason: "\(error)"))
        }
        if !commands.allSatisfy({ $0.head?.isExactly(reader.headDigest) == true }) { add(.headChanged(file: file)) }
        var logged: [UInt64: (digest: String, command: UUIDv7)] = [:]
        var sequences: [String: UInt64] = [:]
        for command in commands {
            for chunk in command.chunks {
                logged[chunk.sequence] = (chunk.digest, command.command)
                sequences[chunk.digest] = chunk.sequence
            }
        }
        var seen: Set<UInt64> = []
        var place: UInt64 = 0
        var highest: UInt64?
        while let chunk = reader.next() {
            defer { place += 1 }
            chunksChecked += 1
            let header = chunk.header
            if let sequence = sequences[chunk.digest], let entry = logged[sequence] {
                seen.insert(sequence)
                if let highest, sequence < highest {
                    add(.chunkMoved(file: file, sequence: sequence, behind: highest, command: entry.command))
                }
                highest = max(highest ?? 0, sequence)
                for field in header?.fields ?? [] {
                    sealed[entry.command, default: [:]][field.field, default: 0].addClamped(field.values)
                }
                continue
            }
            // It is none that the log names: a changed one says which it was, if it can, else its place does.
            let sequence = header.map(\.sequence).flatMap { logged[$0] == nil ? nil : $0 } ?? place
            if let entry = logged[sequence], !seen.contains(sequence) {
                seen.insert(sequence)
                add(.chunkChanged(file: file, sequence: sequence, command: entry.command))
            } else if let command = header?.command, !over.contains(command) {
                notes.append(
                    "chunk \(place) of \(file) is of command \(command), which has no outcome in the log: the gateway "
                        + "was killed, or the command runs")
            } else {
                add(.chunkAdded(file: file, place: place))
            }
        }
        if reader.endsTorn {
            notes.append("\(file) ends within a chunk: the gateway was killed while it wrote it, or it was cut there")
        }
        for (sequence, entry) in logged.sorted(by: { $0.key < $1.key }) where !seen.contains(sequence) {
            add(.chunkMissing(file: file, sequence: sequence, command: entry.command))
        }
    }

    /// Every value that a rule masked was sealed, once. Credentials that a function echoed are nobody's originals.
    private mutating func compareCounts(_ command: LoggedOriginals) {
        guard let file = command.file else {
            let count = command.masked.filter { !Self.isOwnSecret($0) }.map(\.count).clampedSum
            if count > 0 { notes.append("command \(command.command) masked \(count) values and kept none of them") }
            return
        }
        guard !deleted.contains(file) else {
            unchecked.commands += 1
            unchecked.values.addClamped(
                max(0, command.masked.filter { !Self.isOwnSecret($0) }.map(\.count).clampedSum))
            return
        }
        struct Key: Hashable {
            var rule: String
            var selector: String
        }
        var counts: [Key: (masked: Int, sealed: Int)] = [:]
        for count in command.masked where !Self.isOwnSecret(count) {
            counts[Key(rule: count.rule, selector: count.selector), default: (0, 0)].masked.addClamped(count.count)
        }
        for (field, values) in sealed[command.command] ?? [:] {
            counts[Key(rule: field.rule, selector: field.selector), default: (0, 0)].sealed.addClamped(values)
        }
        for (key, count) in counts.sorted(by: { ($0.key.rule, $0.key.selector) < ($1.key.rule, $1.key.selector) })
        where count.masked != count.sealed {
            add(
                .countDiffers(
                    command: command.command, rule: key.rule, selector: key.selector, masked: count.masked,
                    sealed: count.sealed))
        }
    }

    private static func isOwnSecret(_ count: MaskCount) -> Bool { count.rule.isExactly("upstream-credential") }
}
