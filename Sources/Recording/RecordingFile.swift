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

/// The file of lines that a recorder makes, 0600: each line is in it whole or not at all.
///
/// Belongs to one event loop, as its recorder does.
final class RecordingFile {
    /// Called once when the file is closed, however that came.
    var whenClosed: (@Sendable () -> Void)?
    /// Below the recordings' directory.
    private let name: String
    private let path: String
    /// The folders on the way to the file, the recordings' own first.
    private let folders: [String]
    private let file: GrowingFile
    private let descriptor: Int32
    private var isClosed = false
    private var mustTruncate = false
    private var hash = SHA256()
    private var length: UInt64 = 0
    private var events: UInt64 = 0
    /// Lines that are not in the file yet.
    private var waiting = CanonicalJSONWriter()
    private var waitingEvents: UInt64 = 0

    /// Bytes of events that may wait together; more are written at once.
    private static let waitingLimit = 32 << 10

    private static let fileExists: Int32 = 17  // EEXIST on Linux and Darwin

    /// - Parameters:
    ///   - directory: Of recordings; it and the folders on the way to `name` are made when absent.
    ///   - header: Writes the first line.
    init(
        directory: String, name: String, file: GrowingFile, header: (inout CanonicalJSONWriter) -> Void
    ) throws(RecordingError) {
        self.name = name
        self.file = file
        path = "\(directory)/\(name)"
        folders = Self.folders(of: name, in: directory)
        for folder in folders {
            let code = file.makeDirectory(folder)
            guard code == 0 else { throw RecordingError(operation: "mkdir", path: folder, code: code) }
        }
        let descriptor = file.create(path)
        guard descriptor >= 0 else {
            if -descriptor == Self.fileExists { throw .exists(path: path) }
            throw RecordingError(operation: "open", path: path, code: -descriptor)
        }
        // From here on `deinit` closes it, also when this throws.
        self.descriptor = descriptor
        header(&waiting)
        try write()
    }

    deinit { closeFile() }

    /// `directory`, and each folder below it that `name` leads through.
    private static func folders(of name: String, in directory: String) -> [String] {
        name.split(separator: "/").dropLast().reduce(into: [directory]) { $0.append("\($0[$0.count - 1])/\($1)") }
    }

    /// Whether events wait for `flush()`, or for the next event that is written at once.
    var hasWaiting: Bool { waitingEvents > 0 }

    /// Writes the events that wait. When this throws, they go on waiting.
    func flush() throws(RecordingError) {
        guard hasWaiting else { return }
        try checkOpen()
        try write()
    }

    /// Appends events. When this throws, nothing of them is in the file.
    ///
    /// - Parameters:
    ///   - mayWait: Whether they may be written later: they are lost if the process is killed before.
    ///   - add: Writes their lines, and says how many they are.
    func append(mayWait: Bool, _ add: (inout CanonicalJSONWriter) -> UInt64) throws(RecordingError) {
        try checkOpen()
        let before = waiting.bytes.count
        let count = add(&waiting)
        guard count > 0 else { return }
        waitingEvents += count
        if mayWait, waiting.bytes.count < Self.waitingLimit { return }
        do throws(RecordingError) {
            try write()
        } catch {
            waiting.rewindLine(to: before)
            waitingEvents -= count
            throw error
        }
    }

    /// Ends the file, after the events that wait. With `synchronizing` it is on the disk when this returns.
    func close(synchronizing: Bool) throws(RecordingError) -> RecordingSummary {
        try checkOpen()
        defer { closeFile() }
        try flush()
        var code: Int32 = 0
        if mustTruncate { code = file.truncate(descriptor, length) }
        if code == 0, synchronizing {
            code = file.synchronize(descriptor)
            // Each of them may be new, and a file is there only if its folders are.
            for folder in folders where code == 0 { code = file.synchronizeDirectory(folder) }
        }
        guard code == 0 else { throw RecordingError(operation: "fsync", path: path, code: code) }
        return RecordingSummary(path: name, digest: hash.finalize().hexadecimal, bytes: length, events: events)
    }

    /// Closes the file as it is, without what waits.
    func abandon() { closeFile() }

    private func checkOpen() throws(RecordingError) {
        guard !isClosed else { throw .closed(path: path) }
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
        let taken = waiting.bytes.withUnsafeBytes { file.write(descriptor, $0) }
        guard taken == waiting.bytes.count else {
            mustTruncate = file.truncate(descriptor, length) != 0
            if taken < 0 { throw RecordingError(operation: "write", path: path, code: Int32(-taken)) }
            throw .shortWrite(path: path)
        }
        hash.update(data: waiting.bytes)
        length += UInt64(taken)
        events += waitingEvents
        waiting.removeAll()
        waitingEvents = 0
    }
}
