import Crypto

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Reads a recording event by event, in memory bounded by its longest line; also one that is being written.
public struct RecordingReader: ~Copyable {
    public let header: RecordingHeader
    /// Whether the file ended within a line, which was left out: the process ended while it wrote, or is writing.
    public private(set) var endsTorn = false
    private let path: String
    private let lines: LineReader
    private var number = 1

    /// Opens the recording at `path`.
    public init(path: String) throws(RecordingError) {
        self.path = path
        let lines = try LineReader(path: path)
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

    /// The SHA-256 of a recording's file, to compare with what the audit log holds.
    public static func digest(path: String) throws(RecordingError) -> String {
        var hash = SHA256()
        let lines = try LineReader(path: path)
        while let chunk = try lines.chunk() { hash.update(data: chunk) }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// Splits a file at newlines.
private final class LineReader {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to where `buffer` was searched for a newline.
    private var searched = 0

    init(path: String) throws(RecordingError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .notFound(path: path) }
            throw RecordingError(operation: "open", path: path, code: errno)
        }
    }

    deinit { close(descriptor) }

    /// Whether bytes without a newline are left.
    var hasRest: Bool { start < buffer.count }

    func next() throws(RecordingError) -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[start..<end]
                start = end + 1
                searched = start
                return line
            }
            searched = buffer.count
            guard let chunk = try chunk() else { return nil }
            buffer.removeFirst(start)
            searched -= start
            start = 0
            buffer.append(contentsOf: chunk)
        }
    }

    func chunk() throws(RecordingError) -> [UInt8]? {
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { target, count in
            while true {
                count = read(descriptor, target.baseAddress, target.count)
                if count >= 0 { return }
                count = 0
                if errno == EINTR { continue }
                failure = errno
                return
            }
        }
        guard failure == 0 else { throw RecordingError(operation: "read", path: path, code: failure) }
        return chunk.isEmpty ? nil : chunk
    }
}
