import Identifiers

/// Takes a terminal recording apart as its bytes come, from a file or over the network, in memory bounded by the longest
/// line that there may be.
public struct AsciicastParser: Sendable {
    /// `nil` until the first line has come and `next()` was called.
    public private(set) var header: TerminalRecordingHeader?
    /// The lines since the event before last, with their newlines and without the header's: those that the last event
    /// stands for, also where it came after a `nil`.
    private(set) var lines: [UInt8] = []
    private var hasGivenLines = false
    private let name: String
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to where `buffer` was searched for a newline.
    private var searched = 0
    private var number = 0
    private var time: UInt64 = 0

    /// - Parameter name: What errors call the recording: its path.
    public init(name: String) { self.name = name }

    public mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.removeFirst(start)
        searched -= start
        start = 0
        buffer.append(contentsOf: bytes)
    }

    /// Bytes of a line that has not come whole.
    public var restCount: Int { buffer.count - start }

    /// Forgets the line that has not come whole.
    mutating func discardRest() {
        buffer.removeAll(keepingCapacity: true)
        start = 0
        searched = 0
    }

    /// The next event; `nil` when more bytes must come first. Comments and events of a kind that we do not know are
    /// passed over.
    public mutating func next() throws(RecordingError) -> TerminalEvent? {
        if hasGivenLines { lines.removeAll(keepingCapacity: true) }
        hasGivenLines = false
        while let line = try nextLine() {
            do {
                guard header != nil else {
                    header = try AsciicastLine.header(line)
                    continue
                }
                lines.append(contentsOf: line)
                lines.append(UInt8(ascii: "\n"))
                if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
                let (interval, action) = try AsciicastLine.event(line)
                time = time.addingClamped(interval)
                guard let action else { continue }
                hasGivenLines = true
                return TerminalEvent(time: .microseconds(Int64(clamping: time)), action: action)
            } catch {
                throw mistake(error.reason)
            }
        }
        return nil
    }

    private mutating func nextLine() throws(RecordingError) -> ArraySlice<UInt8>? {
        let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n"))
        searched = end ?? buffer.count
        guard searched - start <= AsciicastLine.limit else {
            number += 1
            throw mistake("it is longer than \(AsciicastLine.limit) bytes")
        }
        guard let end else { return nil }
        let line = buffer[start..<end]
        start = end + 1
        searched = start
        number += 1
        return line
    }

    private func mistake(_ reason: String) -> RecordingError {
        number == 1
            ? .notARecording(path: name, reason: reason) : .damaged(path: name, line: number, reason: reason)
    }
}
