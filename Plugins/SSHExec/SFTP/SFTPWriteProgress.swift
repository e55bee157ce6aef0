import Crypto
import NIOCore

/// Follows what a caller writes into one file, to know the content's digest.
struct SFTPWriteProgress {
    /// Acknowledged by the host.
    private(set) var bytes: UInt64 = 0
    private var hash = SHA256()
    private var position: UInt64 = 0
    private var unacknowledged = 0
    private var unknown: String?

    init(appends: Bool) {
        // With APPEND the host ignores the offsets; the content is the end of a longer file.
        if appends { unknown = "appended" }
    }

    mutating func sent(_ content: ByteBuffer, at offset: UInt64) {
        unacknowledged += 1
        guard unknown == nil else { return }
        let (next, overflow) = position.addingReportingOverflow(UInt64(content.readableBytes))
        guard offset == position, !overflow else {
            unknown = "not in order"
            return
        }
        content.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        position = next
    }

    mutating func acknowledged(_ count: Int) {
        unacknowledged -= 1
        bytes += UInt64(count)
    }

    mutating func failed() {
        unacknowledged -= 1
        unknown = "a write failed"
    }

    mutating func copiedOnHost() { unknown = "copied on the host" }

    func close() -> SFTPContentDigest {
        if let unknown { return .unknown(unknown) }
        guard unacknowledged == 0 else { return .unknown("interrupted") }
        return .sha256(Array(hash.finalize()))
    }
}
