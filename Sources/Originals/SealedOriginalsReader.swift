import Crypto
import Foundation

/// Reads the frames of a file of sealed originals, one at a time, with no key.
public final class SealedOriginalsReader {
    /// One frame: what its header says, and what is sealed.
    public struct Chunk: Sendable {
        /// As it stands: what was authenticated.
        let headerBytes: [UInt8]
        let body: Data
        /// SHA-256 of the frame, 64 hexadecimal digits.
        public let digest: String
        /// `nil` where the header cannot be read.
        public var header: SealedChunkHeader? { try? SealedChunkHeader(parsing: headerBytes) }
    }

    public let path: String
    public let header: SealedFileHeader
    let encapsulatedKey: Data
    /// SHA-256 of the first frame.
    public let headDigest: String
    /// Whether the file ended within a frame: the gateway was killed while it wrote, or is writing, or it was cut.
    public private(set) var endsTorn = false
    private let file: FileHandle

    /// - Throws: `OriginalsError`
    public init(path: String) throws(OriginalsError) {
        guard let file = FileHandle(forReadingAtPath: path) else { throw .notFound(path: path) }
        self.path = path
        self.file = file
        guard let first = Self.frame(file).frame else {
            throw .notSealedOriginals(path: path, reason: "its first frame is not whole")
        }
        do throws(OriginalsReason) {
            header = try SealedFileHeader(parsing: first.headerBytes)
        } catch {
            throw .notSealedOriginals(path: path, reason: error.text)
        }
        encapsulatedKey = first.body
        headDigest = first.digest
    }

    /// The next chunk; `nil` at the end of the whole ones.
    public func next() -> Chunk? {
        let (frame, isTorn) = Self.frame(file)
        if isTorn { endsTorn = true }
        return frame
    }

    private static func frame(_ file: FileHandle) -> (frame: Chunk?, isTorn: Bool) {
        var bytes = Data()
        func take(_ count: Int) -> Data? {
            guard let part = try? file.read(upToCount: count), part.count == count else { return nil }
            bytes.append(part)
            return part
        }
        func part(atMost limit: Int) -> Data? {
            guard let length = take(4).map({ $0.reduce(0) { $0 << 8 | Int($1) } }), length <= limit else { return nil }
            return length == 0 ? Data() : take(length)
        }
        let start = try? file.offset()
        let end = try? file.seekToEnd()
        if let start { try? file.seek(toOffset: start) }
        if start == end { return (nil, false) }
        guard let header = part(atMost: SealedFormat.longestHeader), let body = part(atMost: SealedFormat.longestBody)
        else { return (nil, true) }
        return (
            Chunk(headerBytes: Array(header), body: body, digest: Hexadecimal.text(SHA256.hash(data: bytes))), false
        )
    }
}
