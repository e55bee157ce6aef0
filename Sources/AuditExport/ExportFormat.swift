/// The formats in which entries leave.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// The entries as they are, one a line: what proofs are made of.
    case jsonl
    /// One row an entry, for spreadsheets.
    case csv
    /// Open Cybersecurity Schema Framework 1.8.0, one event a line as JSON.
    case ocsf
    /// Common Event Format, one event a line.
    case cef

    /// - Parameter version: The gateway's, which OCSF and CEF name.
    public func encoder(version: String) -> any EntryEncoder {
        switch self {
        case .jsonl: JSONLinesFormat()
        case .csv: CSVFormat()
        case .ocsf: OCSFFormat(version: version)
        case .cef: CEFFormat(version: version)
        }
    }
}

/// Writes entries in one format. Pure: the same entry gives the same bytes.
public protocol EntryEncoder: Sendable {
    /// What stands before the first entry, without its line feed; `nil` for nothing.
    var header: [UInt8]? { get }
    /// The lines of an entry, each without its line feed; never none.
    func lines(of entry: ExportedEntry) -> [[UInt8]]
    /// Whether the format has a place of its own for entries of this kind; others travel in its general form, whole.
    func knows(_ entry: ExportedEntry) -> Bool
}

extension EntryEncoder {
    public var header: [UInt8]? { nil }
    public func knows(_ entry: ExportedEntry) -> Bool { true }
}

struct JSONLinesFormat: EntryEncoder {
    func lines(of entry: ExportedEntry) -> [[UInt8]] { [entry.bytes] }
}
