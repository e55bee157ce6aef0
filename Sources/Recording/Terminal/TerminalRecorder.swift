import Crypto
import Identifiers
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
    public var whenClosed: (@Sendable () -> Void)?
    private let path: String
    private let file: GrowingFile
    private let clock: () -> Duration
    private let start: Duration
    private var descriptor: Int32
    private var isClosed = false
    private var mustTruncate = false
    private var hash = SHA256()
    private var length: UInt64 = 0
    private var events: UInt64 = 0
    /// Lines that are not in the file yet.
    private var pending = CanonicalJSONWriter()
    private var pendingEvents: UInt64 = 0
    /// What decides how the next event is written; put back when it could not be.
    private var state = State()

    private struct State {
        /// When the last event was, in microseconds since the start.
        var time: UInt64 = 0
        var decoders = Stream.allCases.map { _ in IncrementalUTF8Decoder() }
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
        self.file = file
        self.clock = clock
        start = clock()
        path = "\(directory)/\(header.path)"
        for folder in [directory] + TerminalRecordings.folders(of: header.session).map({ "\(directory)/\($0)" }) {
            let code = file.makeDirectory(folder)
            guard code == 0 else { throw RecordingError(operation: "mkdir", path: folder, code: code) }
        }
        descriptor = file.create(path)
        guard descriptor >= 0 else {
            if -descriptor == Self.fileExists { throw .exists(path: path) }
            throw RecordingError(operation: "open", path: path, code: -descriptor)
        }
        do throws(RecordingError) {
            AsciicastLine.write(header, to: &pending)
            try write()
        } catch {
            closeFile()
            throw error
        }
    }

    private static let fileExists: Int32 = 17  // EEXIST on Linux and Darwin

    deinit { closeFile() }

    /// Bytes of events that may wait together; more are written at once.
    private static let waitingLimit = 32 << 10

    /// Whether events wait for `flush()`, or for the next event that is written at once.
    public var hasWaiting: Bool { pendingEvents > 0 }

    /// Writes the events that wait. When this throws, they go on waiting.
    public func flush() throws(RecordingError) {
        guard hasWaiting else { return }
        guard !isClosed else { throw .closed(path: path) }
        try write()
    }

    /// Records what came on a stream. When this throws, nothing of it is in the file, and it may be recorded again.
    ///
    /// - Parameter mayWait: Whether it may be written later: it is lost if the process is killed before.
    public func record(
        _ bytes: some Collection<UInt8>, on stream: Stream, mayWait: Bool = false
    ) throws(RecordingError) {
        try record(mayWait: mayWait) { (recorder: TerminalRecorder, time: UInt64) in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Self.textLimit)
                rest = rest[piece.endIndex...]
                recorder.add(recorder.state.decoders[stream.rawValue].decode(piece), from: stream, at: time)
            }
        }
    }

    /// Records that the terminal has another size now.
    public func record(resize size: TerminalSize, mayWait: Bool = false) throws(RecordingError) {
        try record(mayWait: mayWait) { $0.add(.resize(size), at: $1) }
    }

    /// Records a place to find again, with a label that players show.
    public func record(marker label: String, mayWait: Bool = false) throws(RecordingError) {
        try record(mayWait: mayWait) { $0.add(.marker(Self.cut(label)), at: $1) }
    }

    /// Ends the recording, with the program's exit status as its last event where there is one. With `synchronizing` the
    /// file is on the disk when this returns.
    public func close(exitStatus: Int32? = nil, synchronizing: Bool = false) throws(RecordingError) -> RecordingSummary
    {
        guard !isClosed else { throw .closed(path: path) }
        do throws(RecordingError) {
            try record(mayWait: true) { (recorder: TerminalRecorder, time: UInt64) in
                for stream in Stream.allCases {
                    recorder.add(recorder.state.decoders[stream.rawValue].finish(), from: stream, at: time)
                }
                if let exitStatus { recorder.add(.exit(exitStatus), at: time) }
            }
            try flush()
        } catch {
            closeFile()
            throw error
        }
        var code: Int32 = 0
        if mustTruncate { code = file.truncate(descriptor, length) }
        if code == 0, synchronizing { code = file.synchronize(descriptor) }
        closeFile()
        guard code == 0 else { throw RecordingError(operation: "fsync", path: path, code: code) }
        let digest = hash.finalize().hexadecimal
        return RecordingSummary(path: header.path, digest: digest, bytes: length, events: events)
    }

    /// Writes the lines that `add` makes, or lets them wait; takes them back when they cannot be written.
    private func record(
        mayWait: Bool, _ add: (_ recorder: TerminalRecorder, _ time: UInt64) -> Void
    ) throws(RecordingError) {
        guard !isClosed else { throw .closed(path: path) }
        let (lines, count, before) = (pending.bytes.count, pendingEvents, state)
        add(self, max(state.time, (clock() - start).wholeMicroseconds))
        guard pendingEvents > count else { return }
        if mayWait, pending.bytes.count < Self.waitingLimit { return }
        do throws(RecordingError) {
            try write()
        } catch {
            pending.rewindLine(to: lines)
            pendingEvents = count
            state = before
            throw error
        }
    }

    private func add(_ text: String, from stream: Stream, at time: UInt64) {
        guard !text.isEmpty else { return }
        add(stream == .standardInput ? .input(text) : .output(text), at: time)
    }

    private func add(_ action: TerminalEvent.Action, at time: UInt64) {
        AsciicastLine.write(action, after: time - state.time, to: &pending)
        state.time = time
        pendingEvents += 1
    }

    private func closeFile() {
        guard !isClosed else { return }
        isClosed = true
        file.close(descriptor)
        whenClosed?()
    }

    private func write() throws(RecordingError) {
        if mustTruncate {
            let code = file.truncate(descriptor, length)
            guard code == 0 else { throw RecordingError(operation: "ftruncate", path: path, code: code) }
            mustTruncate = false
        }
        let taken = pending.bytes.withUnsafeBytes { file.write(descriptor, $0) }
        guard taken == pending.bytes.count else {
            mustTruncate = file.truncate(descriptor, length) != 0
            if taken < 0 { throw RecordingError(operation: "write", path: path, code: Int32(-taken)) }
            throw .shortWrite(path: path)
        }
        hash.update(data: pending.bytes)
        length += UInt64(taken)
        events += pendingEvents
        pending.removeAll()
        pendingEvents = 0
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
