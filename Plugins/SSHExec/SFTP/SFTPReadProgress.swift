import Crypto
import NIOCore

/// Follows what a caller reads of one file, to know the content's digest.
///
/// Clients send many READs ahead. Their answers may come in any order, and an answer may be shorter than asked, with
/// the rest asked for later; so parts that came early are kept until the gap before them is filled.
struct SFTPReadProgress {
    private(set) var bytes: UInt64 = 0
    private var hash = SHA256()
    /// Everything before it is hashed.
    private var position: UInt64 = 0
    private var early: [UInt64: [UInt8]] = [:]
    private var unknown: String?
    /// The lowest offset for which the host said that the file ends before it.
    private var lowestEnd: UInt64?

    /// - Parameter room: bytes that may still be kept for early parts, over all files.
    mutating func received(_ content: ByteBuffer, at offset: UInt64, room: inout Int) {
        bytes += UInt64(content.readableBytes)
        guard unknown == nil, content.readableBytes > 0 else { return }
        if offset == position {
            take(content, room: &room)
        } else if offset < position || early[offset] != nil {
            giveUp("not in order", room: &room)
        } else if content.readableBytes > room {
            giveUp("too far out of order", room: &room)
        } else {
            room -= content.readableBytes
            // A copy: a slice would keep the whole arrival in memory.
            early[offset] = Array(content.readableBytesView)
        }
    }

    mutating func ended(at offset: UInt64) { lowestEnd = min(offset, lowestEnd ?? offset) }

    mutating func close(room: inout Int) -> (digest: SFTPContentDigest, readToEnd: Bool) {
        if !early.isEmpty { giveUp("not in order", room: &room) }
        let readToEnd = unknown == nil && lowestEnd == position
        if let unknown { return (.unknown(unknown), readToEnd) }
        guard bytes > 0 || readToEnd else { return (.unknown("nothing was read"), false) }
        return (.sha256(Array(hash.finalize())), readToEnd)
    }

    private mutating func take(_ content: ByteBuffer, room: inout Int) {
        content.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        guard advance(by: content.readableBytes, room: &room) else { return }
        while let next = early.removeValue(forKey: position) {
            room += next.count
            hash.update(data: next)
            guard advance(by: next.count, room: &room) else { return }
        }
    }

    private mutating func advance(by count: Int, room: inout Int) -> Bool {
        let (next, overflow) = position.addingReportingOverflow(UInt64(count))
        guard !overflow else {
            giveUp("beyond the largest offset", room: &room)
            return false
        }
        position = next
        return true
    }

    private mutating func giveUp(_ reason: String, room: inout Int) {
        unknown = reason
        for part in early.values { room += part.count }
        early = [:]
    }
}
