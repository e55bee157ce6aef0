import Identifiers

/// What verification of a log found.
public struct VerificationReport: Sendable, Equatable {
    /// One thing that is wrong, and exactly where.
    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        public enum Place: Sendable, Equatable {
            /// One entry: its index, and its id where the bytes still say one.
            case entry(index: UInt64, id: UUIDv7?)
            /// Entries of which at least one was changed, together with their hash tile; which one cannot be told.
            case entries(ClosedRange<UInt64>)
            /// A hash tile or entry bundle, by its path below the directory.
            case tile(path: String)
            case checkpoint
            /// The time stamp of the checkpoint of so many entries.
            case timestamp(treeSize: UInt64)
            /// A journal file, by its path below the directory, and the damaged record's offset in bytes.
            case journal(path: String, offset: UInt64)
        }

        public let place: Place
        /// What is wrong there, as a sentence's end.
        public let reason: String

        public var description: String {
            switch place {
            case .entry(let index, let id): "entry \(index)\(id.map { " (\($0))" } ?? ""): \(reason)"
            case .entries(let range): "entries \(range.lowerBound) to \(range.upperBound): \(reason)"
            case .tile(let path): "\(path): \(reason)"
            case .checkpoint: "checkpoint: \(reason)"
            case .timestamp(let size): "timestamps/\(size).tsr: \(reason)"
            case .journal(let path, let offset): "\(path) at byte \(offset): \(reason)"
            }
        }
    }

    /// A checkpoint that a time-stamping authority stamped. The authority's own signature is not checked here.
    public struct Stamp: Sendable, Equatable {
        public let treeSize: UInt64
        /// By the authority's clock.
        public let time: Timestamp
    }

    public internal(set) var origin = ""
    /// The time stamps that belong to this log, by the size that they cover.
    public internal(set) var timestamps: [Stamp] = []
    /// Entries that the checkpoint covers.
    public internal(set) var treeSize: UInt64 = 0
    /// The signed root; `nil` when there is no checkpoint to read.
    public internal(set) var root: TreeHash?
    /// How many of the entries the witnesses saw; `nil` where none were asked for.
    public internal(set) var witnessedEntries: UInt64?
    /// The entries in which the log's key was rotated, as far as they had to be followed from the key that was given.
    public internal(set) var followedRotations: [UInt64] = []
    /// Entries whose bytes were read and hashed.
    public internal(set) var entriesChecked: UInt64 = 0
    /// How many of the first entries are all there for certain, by checkpoints that were kept elsewhere or by the word of
    /// witnesses; `nil` where neither was asked for. Nothing tells whether entries were cut off after these: the copy of
    /// an older checkpoint is a good one.
    public internal(set) var vouchedEntries: UInt64?
    /// In a mirror, entries beyond the checkpoint that tiles are there of.
    public internal(set) var unsignedEntries: UInt64 = 0
    /// Entries that are recorded and not in the signed tree yet; of those in journals only the checksums could be checked.
    public internal(set) var pendingEntries: UInt64 = 0
    /// Journals that end within a record, which a crash or a write going on now explains.
    public internal(set) var unfinishedJournals: [String] = []
    /// What is wrong, in log order, the first of it first.
    public internal(set) var findings: [Finding] = []
    /// Findings beyond those that are listed.
    public internal(set) var findingsOmitted = 0

    /// Whether nothing is wrong.
    public var isValid: Bool { findings.isEmpty }

    mutating func add(_ place: Finding.Place, _ reason: String) {
        var list = FindingList()
        list.add(place, reason)
        add(list)
    }

    /// - Parameter what: What knows of more entries than the checkpoint signs.
    mutating func addCutOff(from size: UInt64, to end: UInt64, _ what: String) {
        add(
            .checkpoint,
            "it signs \(size) entries and \(what) \(end), which is more than the batch that a gateway may be about to "
                + "sign: entries were cut off by putting an older checkpoint back, or the folder was copied while the "
                + "log grew")
    }

    mutating func add(_ list: FindingList) {
        let room = max(0, FindingList.limit - findings.count)
        findings += list.listed.prefix(room)
        findingsOmitted += list.omitted + max(0, list.listed.count - room)
    }
}

/// Findings in the order in which they were made: the first of them, and how many more there are.
struct FindingList: Sendable {
    static let limit = 100

    private(set) var listed: [VerificationReport.Finding] = []
    private(set) var omitted = 0

    var isEmpty: Bool { listed.isEmpty }

    mutating func add(_ place: VerificationReport.Finding.Place, _ reason: String) {
        if listed.count < Self.limit {
            listed.append(.init(place: place, reason: reason))
        } else {
            omitted += 1
        }
    }

    mutating func append(_ other: FindingList) {
        let room = max(0, Self.limit - listed.count)
        listed += other.listed.prefix(room)
        omitted += other.omitted + max(0, other.listed.count - room)
    }
}
