#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Splits a file at newlines.
final class LineReader {
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
