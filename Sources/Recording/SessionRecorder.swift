import Vault

/// Writes one session's recording: a file of JSON lines, 0600. An event is written at once, or with those that follow
/// it where its caller says that it may wait.
///
/// A recorder belongs to one event loop (it is not `Sendable`). An event that cannot be written whole is not in the
/// file, and the error is the caller's to act on: where policy wants a recording, no recording means no command.
public final class SessionRecorder {
    /// Bytes of a body that are recorded by default; what is longer is cut and marked.
    public static let defaultBodyLimit = 256 << 10

    public let header: RecordingHeader
    /// Called once when the file is closed, however that came.
    public var whenClosed: (@Sendable () -> Void)? {
        get { file.whenClosed }
        set { file.whenClosed = newValue }
    }
    private let file: RecordingFile
    private let bodyLimit: Int

    /// Starts a recording in `directory`, which is made when absent.
    public convenience init(
        directory: String, header: RecordingHeader, bodyLimit: Int = SessionRecorder.defaultBodyLimit
    ) throws(RecordingError) {
        try self.init(directory: directory, header: header, bodyLimit: bodyLimit, file: .system)
    }

    init(
        directory: String, header: RecordingHeader, bodyLimit: Int, file: GrowingFile
    ) throws(RecordingError) {
        self.header = header
        self.bodyLimit = bodyLimit
        self.file = try RecordingFile(directory: directory, name: header.path, file: file) {
            RecordingLine.write(header, to: &$0)
        }
    }

    /// Whether events wait for `flush()`, or for the next event that is written at once.
    public var hasWaiting: Bool { file.hasWaiting }

    /// Writes the events that wait. When this throws, they go on waiting.
    public func flush() throws(RecordingError) { try file.flush() }

    /// Records an event. When this throws, nothing of it is in the file.
    ///
    /// - Parameter mayWait: Whether the event may be written later: it is lost if the process is killed before.
    public func record(_ event: RecordingEvent, mayWait: Bool = false) throws(RecordingError) {
        try file.append(mayWait: mayWait) { lines in
            var body = event.body
            var isTruncated = event.isTruncated
            if body.utf8.count > bodyLimit {
                body = Self.prefix(of: body, bytes: bodyLimit)
                isTruncated = true
            }
            RecordingLine.write(event, body: body, isTruncated: isTruncated, to: &lines)
            return 1
        }
    }

    /// Ends the recording. With `synchronizing` the file is on the disk when this returns.
    public func close(synchronizing: Bool = false) throws(RecordingError) -> RecordingSummary {
        try file.close(synchronizing: synchronizing)
    }

    /// The longest start of `text` that has at most `bytes` bytes and does not split a character's encoding.
    private static func prefix(of text: String, bytes: Int) -> String {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: bytes)
        while end > utf8.startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return String(text.unicodeScalars[..<end])
    }
}
