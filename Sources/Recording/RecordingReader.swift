import Vault

/// Reads a recording event by event, in memory bounded by its longest line; also one that is being written.
public struct RecordingReader: ~Copyable {
    public let header: RecordingHeader
    /// Whether the file ended within a line, which was left out: the process ended while it wrote, or is writing.
    public private(set) var endsTorn = false
    private let path: String
    private let lines: LineReader
    private var number = 1

    /// Opens the recording at `path`, which is a copy of one.
    public init(path: String) throws(RecordingError) { try self.init(EvidencePlace(path: path)) }

    /// Opens the recording at `place`, sealed or not.
    public init(_ place: EvidencePlace) throws(RecordingError) {
        path = place.path
        let lines = try LineReader(place)
        guard let first = try lines.next() else {
            throw .notARecording(path: path, reason: "it has no whole line")
        }
        do {
            header = try RecordingLine.header(first)
        } catch {
            throw .notARecording(path: path, reason: error.reason)
        }
        self.lines = lines
    }

    /// The next event; `nil` at the end.
    public mutating func next() throws(RecordingError) -> RecordingEvent? {
        guard let line = try lines.next() else {
            endsTorn = lines.hasRest
            return nil
        }
        number += 1
        do {
            return try RecordingLine.event(line)
        } catch {
            throw .damaged(path: path, line: number, reason: error.reason)
        }
    }

    /// The SHA-256 of a recording's file as it was written, to compare with what the audit log holds.
    public static func digest(path: String) throws(RecordingError) -> String {
        try RecordingError.wrap(path) { () throws(VaultError) in
            try EvidenceFile(EvidencePlace(path: path)).sha256()
        }
    }
}
