import Vault

/// Reads a terminal recording event by event, in bounded memory; also one that is being written: after `nil`, events may
/// come again.
public struct TerminalRecordingReader: ~Copyable {
    public let header: TerminalRecordingHeader
    /// The line of the header, with its newline.
    let headerLine: [UInt8]
    /// Whether the file ended within a line, which was left out: the process ended while it wrote, or is writing.
    public private(set) var endsTorn = false
    private let path: String
    private let file: EvidenceFile
    private var parser: AsciicastParser
    /// Where to read on.
    private var offset: UInt64 = 0

    /// Opens the recording at `path`, which is a copy of one.
    public init(path: String) throws(RecordingError) { try self.init(EvidencePlace(path: path)) }

    /// Opens the recording at `place`, sealed or not.
    public init(_ place: EvidencePlace) throws(RecordingError) {
        let path = place.path
        let file = try RecordingError.wrap(path) { () throws(VaultError) in try EvidenceFile(place) }
        let chunk = try Self.read(file, count: AsciicastLine.limit, at: 0, path: path)
        guard let end = chunk.firstIndex(of: UInt8(ascii: "\n")) else {
            throw .notARecording(path: path, reason: "it has no whole line")
        }
        var first = AsciicastParser(name: path)
        first.append(chunk[...end])
        _ = try first.next()
        guard let found = first.header else { throw .notARecording(path: path, reason: "it has no whole line") }
        var parser = AsciicastParser(name: path)
        parser.append(chunk)
        header = found
        headerLine = Array(chunk[...end])
        self.path = path
        self.file = file
        self.parser = parser
        offset = UInt64(chunk.count)
    }

    /// Whether a recorder has the file open. Asked before the last `next()`, it tells whether more may come after that.
    public var isBeingWritten: Bool { file.isBeingWritten }

    /// Bytes as they were written.
    var size: UInt64 { (try? file.size) ?? 0 }

    /// The lines that the last event stands for, with their newlines.
    var lines: [UInt8] { parser.lines }

    /// The next event; `nil` at the end.
    public mutating func next() throws(RecordingError) -> TerminalEvent? {
        while true {
            if let event = try parser.next() { return event }
            let chunk = try Self.read(file, count: 1 << 16, at: offset, path: path)
            guard chunk.isEmpty else {
                offset += UInt64(chunk.count)
                parser.append(chunk)
                continue
            }
            // A recorder takes a torn line back and writes another in its place, so it is read anew.
            endsTorn = parser.restCount > 0
            offset -= UInt64(parser.restCount)
            parser.discardRest()
            return nil
        }
    }

    private static func read(
        _ file: EvidenceFile, count: Int, at offset: UInt64, path: String
    ) throws(RecordingError) -> [UInt8] {
        try RecordingError.wrap(path) { () throws(VaultError) in try file.read(at: offset, count: count) }
    }
}
