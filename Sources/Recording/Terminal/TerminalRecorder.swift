import StrictJSON
import Vault

/// Writes what one command did on a terminal: an asciicast v3 file, 0600, that `asciinema` plays. An event is written at
/// once, or with those that follow it where its caller says that it may wait.
///
/// A recorder belongs to one event loop (it is not `Sendable`). An event that cannot be written whole is not in the
/// file, and the error is the caller's to act on: where policy wants a recording, no recording means no terminal.
public final class TerminalRecorder {
    /// Where bytes come from. A character may be split between two pieces of one stream, so each is decoded by itself.
    public enum Stream: Int, Sendable, CaseIterable {
        case standardOutput
        case standardError
        case standardInput
    }

    /// Bytes of one event's text before it is encoded; what is longer becomes several events.
    static let textLimit = 64 << 10

    public let header: TerminalRecordingHeader
    /// Called once when the file is closed, however that came.
    public var whenClosed: (@Sendable () -> Void)? {
        get { file.whenClosed }
        set { file.whenClosed = newValue }
    }
    private let file: RecordingFile
    private let clock: () -> Duration
    private let start: Duration
    /// What decides how the next event is written; put back when it could not be.
    private var state = State()

    private struct State {
        /// When the last event was, in microseconds since the start.
        var time: UInt64 = 0
        var decoders = Stream.allCases.map { _ in IncrementalUTF8Decoder() }

        /// - Returns: How many lines this wrote, here and below.
        mutating func write(_ action: TerminalEvent.Action, at time: UInt64, to lines: inout CanonicalJSONWriter)
            -> UInt64
        {
            AsciicastLine.write(action, after: time - self.time, to: &lines)
            self.time = time
            return 1
        }

        mutating func write(
            _ bytes: some Collection<UInt8>, from stream: Stream, at time: UInt64, to lines: inout CanonicalJSONWriter
        ) -> UInt64 {
            write(decoders[stream.rawValue].decode(bytes), from: stream, at: time, to: &lines)
        }

        /// What was only the start of a character when a stream ended, as what stands for it.
        mutating func finish(_ stream: Stream, at time: UInt64, to lines: inout CanonicalJSONWriter) -> UInt64 {
            write(decoders[stream.rawValue].finish(), from: stream, at: time, to: &lines)
        }

        private mutating func write(
            _ text: String, from stream: Stream, at time: UInt64, to lines: inout CanonicalJSONWriter
        ) -> UInt64 {
            guard !text.isEmpty else { return 0 }
            return write(stream == .standardInput ? .input(text) : .output(text), at: time, to: &lines)
        }
    }

    /// A clock that only goes forward.
    public static func monotonicClock() -> () -> Duration {
        let origin = ContinuousClock.now
        return { ContinuousClock.now - origin }
    }

    /// Starts a recording in `directory`, which is made when absent.
    ///
    /// - Parameter clock: Gives the time since some moment; what it says now is the recording's beginning.
    public convenience init(
        directory: String, header: TerminalRecordingHeader,
        clock: @escaping () -> Duration = TerminalRecorder.monotonicClock()
    ) throws(RecordingError) {
        try self.init(directory: directory, header: header, clock: clock, file: .system)
    }

    init(
        directory: String, header: TerminalRecordingHeader, clock: @escaping () -> Duration, file: GrowingFile
    ) throws(RecordingError) {
        var header = header
        header.caller = Self.headerText(header.caller)
        header.terminalType = header.terminalType.map(Self.headerText)
        header.title = header.title.map(Self.headerText)
        header.command = header.command.map(Self.headerText)
        self.header = header
        self.clock = clock
        start = clock()
        self.file = try RecordingFile(directory: directory, name: header.path, file: file) {
            AsciicastLine.write(header, to: &$0)
        }
    }

    /// Whether events wait for `flush()`, or for the next event that is written at once.
    public var hasWaiting: Bool { file.hasWaiting }

    /// Writes the events that wait. When this throws, they go on waiting.
    public func flush() throws(RecordingError) { try file.flush() }

    /// Records what came on a stream. When this throws, nothing of it is in the file, and it may be recorded again.
    ///
    /// - Parameter mayWait: Whether it may be written later: it is lost if the process is killed before.
    public func record(
        _ bytes: some Collection<UInt8>, on stream: Stream, mayWait: Bool = false
    ) throws(RecordingError) {
        try record(mayWait: mayWait) { state, time, lines in
            var rest = bytes[...]
            var count: UInt64 = 0
            while !rest.isEmpty {
                let piece = rest.prefix(Self.textLimit)
                rest = rest[piece.endIndex...]
                count += state.write(piece, from: stream, at: time, to: &lines)
            }
            return count
        }
    }

    /// Records that the terminal has another size now.
    public func record(resize size: TerminalSize, mayWait: Bool = false) throws(RecordingError) {
        try record(mayWait: mayWait) { $0.write(.resize(size), at: $1, to: &$2) }
    }

    /// Records a place to find again, with a label that players show.
    public func record(marker label: String, mayWait: Bool = false) throws(RecordingError) {
        try record(mayWait: mayWait) { $0.write(.marker(Self.cut(label)), at: $1, to: &$2) }
    }

    /// Ends the recording, with the program's exit status as its last event where there is one. With `synchronizing` the
    /// file is on the disk when this returns.
    public func close(exitStatus: Int32? = nil, synchronizing: Bool = false) throws(RecordingError) -> RecordingSummary
    {
        do throws(RecordingError) {
            try record(mayWait: true) { state, time, lines in
                var count = Stream.allCases.reduce(0) { $0 + state.finish($1, at: time, to: &lines) }
                if let exitStatus { count += state.write(.exit(exitStatus), at: time, to: &lines) }
                return count
            }
        } catch {
            file.abandon()
            throw error
        }
        return try file.close(synchronizing: synchronizing)
    }

    /// Writes the lines that `add` makes, or lets them wait; takes them back when they cannot be written.
    ///
    /// - Parameter add: Says how many lines it wrote.
    private func record(
        mayWait: Bool, _ add: (inout State, _ time: UInt64, inout CanonicalJSONWriter) -> UInt64
    ) throws(RecordingError) {
        let before = state
        let time = max(state.time, (clock() - start).elapsedMicroseconds)
        do throws(RecordingError) {
            try file.append(mayWait: mayWait) { add(&state, time, &$0) }
        } catch {
            state = before
            throw error
        }
    }

    /// The longest start of `text` within the limit that does not split a character's encoding.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textLimit else { return text }
        var decoder = IncrementalUTF8Decoder()
        return decoder.decode(text.utf8.prefix(textLimit))
    }

    /// A text that a client sent, as a reader takes it in a header: cut, and without NUL, which few programs want.
    private static func headerText(_ text: String) -> String {
        guard text.utf8.contains(0) || text.utf8.count > textLimit else { return text }
        return String(String.UnicodeScalarView(cut(text).unicodeScalars.map { $0.value == 0 ? "\u{fffd}" : $0 }))
    }
}
