import NIOCore

/// Collects what leaves a masker for one chunk: runs of the chunk's own bytes, and what stands for the masked ones.
/// Where nothing was masked the result is a slice of the chunk.
struct MaskedOutput {
    private var chunk = ByteBuffer()
    private var written: ByteBuffer?
    private var runStart = 0

    /// Starts with a new chunk, from its first readable byte.
    mutating func begin(_ chunk: ByteBuffer) {
        self.chunk = chunk
        runStart = 0
    }

    /// Ends the run of untouched bytes at `end`; the next one starts at `next`.
    mutating func endRun(at end: Int, next: Int, in bytes: UnsafeRawBufferPointer) {
        if end > runStart { write(UnsafeRawBufferPointer(rebasing: bytes[runStart..<end])) }
        runStart = next
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        if written == nil {
            written = ByteBufferAllocator().buffer(capacity: max(256, chunk.readableBytes + chunk.readableBytes / 8))
        }
        written?.writeBytes(bytes)
    }

    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    mutating func write(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { write($0) }
    }

    /// All that leaves for the chunk, whose rest is a run of untouched bytes.
    mutating func end() -> ByteBuffer {
        defer {
            chunk = ByteBuffer()
            written = nil
        }
        let restStart = chunk.readerIndex + runStart
        let restLength = chunk.readableBytes - runStart
        guard var written else { return chunk.getSlice(at: restStart, length: restLength) ?? ByteBuffer() }
        if restLength > 0, let rest = chunk.getSlice(at: restStart, length: restLength) {
            written.writeImmutableBuffer(rest)
        }
        return written
    }
}
