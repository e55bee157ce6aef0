import Crypto
import Identifiers
import StrictJSON
import Vault

/// What a finished recording is, for the audit log to hold: who has this digest can tell whether the file was changed.
public struct RecordingSummary: Sendable, Equatable {
    /// The path below the recordings' directory.
    public let path: String
    /// SHA-256 of the whole file, 64 hexadecimal digits.
    public let digest: String
    public let bytes: UInt64
    /// Events, without the header.
    public let events: UInt64
}

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
    public var whenClosed: (@Sendable () -> Void)?
    private let path: String
    private let file: GrowingFile
    private let bodyLimit: Int
    private var descriptor: Int32
    private var isClosed = false
    private var mustTruncate = false
    private var hash = SHA256()
    private var length: UInt64 = 0
    private var events: UInt64 = 0
    /// Lines that are not in the file yet.
    private var pending = CanonicalJSONWriter()
    private var pendingEvents: UInt64 = 0

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
        self.file = file
        self.bodyLimit = bodyLimit
        path = "\(directory)/\(header.path)"
        for folder in [directory, String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])] {
            let code = file.makeDirectory(folder)
            guard code == 0 else { throw RecordingError(operation: "mkdir", path: folder, code: code) }
        }
        descriptor = file.create(path)
        guard descriptor >= 0 else {
            if -descriptor == Self.fileExists { throw .exists(path: path) }
            throw RecordingError(operation: "open", path: path, code: -descriptor)
        }
        do throws(RecordingError) {
            RecordingLine.write(header, to: &pending)
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

    /// Records an event. When this throws, nothing of it is in the file.
    ///
    /// - Parameter mayWait: Whether the event may be written later: it is lost if the process is killed before.
    public func record(_ event: RecordingEvent, mayWait: Bool = false) throws(RecordingError) {
        guard !isClosed else { throw .closed(path: path) }
        var body = event.body
        var isTruncated = event.isTruncated
        if body.utf8.count > bodyLimit {
            body = Self.prefix(of: body, bytes: bodyLimit)
            isTruncated = true
        }
        let before = pending.bytes.count
        RecordingLine.write(event, body: body, isTruncated: isTruncated, to: &pending)
        pendingEvents += 1
        if mayWait, pending.bytes.count < Self.waitingLimit { return }
        do throws(RecordingError) {
            try write()
        } catch {
            pending.rewindLine(to: before)
            pendingEvents -= 1
            throw error
        }
    }

    /// Ends the recording. With `synchronizing` the file is on the disk when this returns.
    public func close(synchronizing: Bool = false) throws(RecordingError) -> RecordingSummary {
        guard !isClosed else { throw .closed(path: path) }
        do throws(RecordingError) {
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

    /// The longest start of `text` that has at most `bytes` bytes and does not split a character's encoding.
    private static func prefix(of text: String, bytes: Int) -> String {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: bytes)
        while end > utf8.startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return String(text.unicodeScalars[..<end])
    }
}
