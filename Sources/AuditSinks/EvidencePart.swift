import Crypto
import NIOCore
import Vault

/// A part of a file of evidence as it was written, sealed or not by now, and its SHA-256. It is read a second time as it
/// is sent, in pieces; these end early when the file has become shorter, which the receiver notices.
struct EvidencePart: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: EvidenceFile
    let range: Range<UInt64>
    let digest: [UInt8]

    private static let pieceSize = 1 << 18

    /// The parts of a file, one at least, and the SHA-256 of all of it.
    static func all(of file: EvidenceFile, size: UInt64) throws(VaultError) -> (parts: [EvidencePart], digest: [UInt8])
    {
        var whole = SHA256()
        var parts: [EvidencePart] = []
        while true {
            let start = parts.last?.range.upperBound ?? 0
            var end = start
            var hash = SHA256()
            while end - start < size {
                let piece = try file.read(at: end, count: Int(Swift.min(UInt64(pieceSize), size - (end - start))))
                if piece.isEmpty { break }
                hash.update(data: piece)
                whole.update(data: piece)
                end += UInt64(piece.count)
            }
            if end > start || parts.isEmpty {
                parts.append(EvidencePart(file: file, range: start..<end, digest: Array(hash.finalize())))
            }
            if end - start < size { return (parts, Array(whole.finalize())) }
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let part: EvidencePart
        var offset: UInt64

        mutating func next() async throws -> ByteBuffer? {
            guard offset < part.range.upperBound else { return nil }
            let count = Swift.min(part.range.upperBound - offset, UInt64(EvidencePart.pieceSize))
            let piece = try part.file.read(at: offset, count: Int(count))
            offset += UInt64(piece.count)
            return piece.isEmpty ? nil : ByteBuffer(bytes: piece)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(part: self, offset: range.lowerBound) }
}
