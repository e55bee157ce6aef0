import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds the end of a head that arrives in pieces, looking at each byte once.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0
    /// Length of the first line with its end, once it is there.
    private(set) var firstLineLength: Int?

    /// The length of the head with the empty line that ends it, or `nil` while that has not come.
    ///
    /// - Parameter limit: What stands beyond so many bytes is not looked at, so that a fault is found or not wherever the
    ///   bytes were cut.
    /// - Throws: `tooLong` when the head is longer than `limit`.
    mutating func end(
        in buffer: ByteBuffer, limit: Int, tooLong: MessageError
    ) throws(MessageError) -> Int? {
        let found = try end(in: buffer, limit: limit)
        guard found != nil || buffer.readableBytes <= limit else { throw tooLong }
        return found
    }

    /// The same, where it is the caller's to say what is too long.
    mutating func end(in buffer: ByteBuffer, limit: Int) throws(MessageError) -> Int? {
        let result: Result<Int?, MessageError> = buffer.withUnsafeReadableBytes { readable in
            let bytes = UnsafeRawBufferPointer(rebasing: readable.prefix(limit))
            while scanned < bytes.count, let base = bytes.baseAddress {
                guard let found = memchr(base + scanned, 0x0a, bytes.count - scanned) else {
                    scanned = bytes.count
                    return .success(nil)
                }
                let lineFeed = UnsafeRawPointer(found) - base
                scanned = lineFeed + 1
                // A bare LF ends a line for some receivers and not for others.
                guard lineFeed > lineStart, bytes[lineFeed - 1] == 0x0d else { return .failure(.bareLineFeed) }
                let length = lineFeed - 1 - lineStart
                lineStart = lineFeed + 1
                if firstLineLength == nil { firstLineLength = lineStart }
                if length == 0 { return .success(lineStart) }
            }
            return .success(nil)
        }
        return try result.get()
    }

    mutating func reset() { self = HeadScanner() }
}
