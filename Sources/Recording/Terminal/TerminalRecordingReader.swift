#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Reads a terminal recording event by event, in bounded memory; also one that is being written: after `nil`, events may
/// come again.
public struct TerminalRecordingReader: ~Copyable {
    public let header: TerminalRecordingHeader
    /// The line of the header, with its newline.
    let headerLine: [UInt8]
    /// Whether the file ended within a line, which was left out: the process ended while it wrote, or is writing.
    public private(set) var endsTorn = false
    private let path: String
    private let descriptor: Int32
    private var parser: AsciicastParser
    /// Where to read on.
    private var offset: off_t = 0

    /// Opens the recording at `path`.
    public init(path: String) throws(RecordingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .notFound(path: path) }
            throw RecordingError(operation: "open", path: path, code: errno)
        }
        let chunk: [UInt8]
        let header: TerminalRecordingHeader
        let headerLine: [UInt8]
        do throws(RecordingError) {
            chunk = try Self.read(descriptor, count: AsciicastLine.limit, at: 0, path: path)
            guard let end = chunk.firstIndex(of: UInt8(ascii: "\n")) else {
                throw .notARecording(path: path, reason: "it has no whole line")
            }
            var first = AsciicastParser(name: path)
            first.append(chunk[...end])
            _ = try first.next()
            guard let found = first.header else {
                throw .notARecording(path: path, reason: "it has no whole line")
            }
            header = found
            headerLine = Array(chunk[...end])
        } catch {
            close(descriptor)
            throw error
        }
        self.header = header
        self.headerLine = headerLine
        self.path = path
        self.descriptor = descriptor
        parser = AsciicastParser(name: path)
        parser.append(chunk)
        offset = off_t(chunk.count)
    }

    deinit { close(descriptor) }

    /// Whether a recorder has the file open. Asked before the last `next()`, it tells whether more may come after that.
    public var isBeingWritten: Bool { RecordingLock.isHeld(descriptor) }

    /// The lines that the last event stands for, with their newlines.
    var lines: [UInt8] { parser.lines }

    /// The next event; `nil` at the end.
    public mutating func next() throws(RecordingError) -> TerminalEvent? {
        while true {
            if let event = try parser.next() { return event }
            let chunk = try Self.read(descriptor, count: 1 << 16, at: offset, path: path)
            guard chunk.isEmpty else {
                offset += off_t(chunk.count)
                parser.append(chunk)
                continue
            }
            // A recorder takes a torn line back and writes another in its place, so it is read anew.
            endsTorn = parser.restCount > 0
            offset -= off_t(parser.restCount)
            parser.discardRest()
            return nil
        }
    }

    private static func read(
        _ descriptor: Int32, count: Int, at offset: off_t, path: String
    ) throws(RecordingError) -> [UInt8] {
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: count) { target, taken in
            while true {
                taken = pread(descriptor, target.baseAddress, count, offset)
                if taken >= 0 { return }
                taken = 0
                if errno == EINTR { continue }
                failure = errno
                return
            }
        }
        guard failure == 0 else { throw RecordingError(operation: "read", path: path, code: failure) }
        return chunk
    }
}
