import Crypto
import Foundation
import Identifiers
import Vault

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
    private let frames: Frames

    /// Opens a copy.
    ///
    /// - Throws: `OriginalsError`
    public convenience init(path: String) throws(OriginalsError) { try self.init(EvidencePlace(path: path)) }

    /// Opens the file at `place`, sealed at rest or not.
    ///
    /// - Throws: `OriginalsError`
    public init(_ place: EvidencePlace) throws(OriginalsError) {
        path = place.path
        do throws(VaultError) {
            frames = Frames(try EvidenceFile(place))
        } catch {
            throw error.isNotFound ? .notFound(path: place.path) : .unreadable(path: place.path, reason: "\(error)")
        }
        guard let first = frames.next().frame else {
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
        let (frame, isTorn) = frames.next()
        if isTorn { endsTorn = true }
        return frame
    }
}

/// Cuts a file into its frames.
private final class Frames {
    private let file: EvidenceFile
    private var offset: UInt64 = 0

    init(_ file: EvidenceFile) { self.file = file }

    func next() -> (frame: SealedOriginalsReader.Chunk?, isTorn: Bool) {
        var bytes = Data()
        func take(_ count: Int) -> Data? {
            guard let part = try? file.read(at: offset + UInt64(bytes.count), count: count), part.count == count else {
                return nil
            }
            bytes.append(contentsOf: part)
            return Data(part)
        }
        func part(atMost limit: Int) -> Data? {
            guard let length = take(4).map({ $0.reduce(0) { $0 << 8 | Int($1) } }), length <= limit else { return nil }
            return length == 0 ? Data() : take(length)
        }
        if let size = try? file.size, size == offset { return (nil, false) }
        guard let header = part(atMost: SealedFormat.longestHeader), let body = part(atMost: SealedFormat.longestBody)
        else { return (nil, true) }
        offset += UInt64(bytes.count)
        return (
            SealedOriginalsReader.Chunk(
                headerBytes: Array(header), body: body, digest: SHA256.hash(data: bytes).hexadecimal), false
        )
    }
}
