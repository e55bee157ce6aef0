import Crypto
import Identifiers
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Where a file of evidence is, and what it takes to read it.
public struct EvidencePlace: Sendable {
    public let path: String
    /// Below the state folder; what is sealed opens under this name alone.
    let name: String
    let keys: DataKeys?

    /// A file that is not sealed: a copy.
    public init(path: String) {
        self.path = path
        name = ""
        keys = nil
    }

    /// The file `name` of the gateway whose state folder this is, sealed or not.
    public init(state: String, name: String) {
        path = "\(state)/\(name)"
        self.name = name
        keys = DataKeys(state: state)
    }

    /// The file `path` below the folder of a kind.
    public init(state: String, kind: EvidenceKind, path: String) {
        self.init(state: state, name: "\(kind.rawValue)/\(path)")
    }
}

/// A file of evidence as it was written, whether it is sealed by now or not: the one way to read evidence.
public final class EvidenceFile: Sendable {
    private let file: OpenFile
    private let format: SealedFormat?
    private let last: Mutex<(number: UInt64, plaintext: [UInt8])?>
    /// The key that it is sealed under; `nil` for a file that is not sealed.
    public let keyID: UUIDv7?

    public init(_ place: EvidencePlace) throws(VaultError) {
        file = try OpenFile(place.path, O_RDONLY)
        last = Mutex(nil)
        let start = try file.read(at: 0, count: SealedFormat.headerBytes)
        keyID = try SealedFormat.keyID(start, path: place.path)
        if let keyID {
            guard let keys = place.keys else { throw .sealed(path: place.path) }
            format = SealedFormat(header: start, name: place.name, try keys.key(keyID, for: place.path))
        } else {
            format = nil
        }
    }

    /// The key that the file at `place` is sealed under, also where that is destroyed; `nil` for one that is not sealed.
    static func keyID(of place: EvidencePlace) throws(VaultError) -> UUIDv7? {
        let start = try OpenFile(place.path, O_RDONLY).read(at: 0, count: SealedFormat.headerBytes)
        return try SealedFormat.keyID(start, path: place.path)
    }

    /// Bytes as they were written.
    public var size: UInt64 {
        get throws(VaultError) {
            let size = try file.size
            guard format != nil else { return size }
            guard let plain = SealedFormat.plaintextBytes(size) else { throw cut }
            return plain
        }
    }

    private var cut: VaultError { .damaged(path: file.path, reason: "it was cut or continued after it was sealed") }

    /// Whether somebody has it open to write (`WriterLock`).
    public var isBeingWritten: Bool { WriterLock.isHeld(file.descriptor) }

    /// Up to `count` bytes from `offset` on, as they were written; fewer only at the end.
    public func read(at offset: UInt64, count: Int) throws(VaultError) -> [UInt8] {
        guard let format else { return try file.read(at: offset, count: count) }
        let size = try size
        // Of an empty file its one chunk is opened all the same.
        if size == 0 { return try chunk(0, of: size, format) }
        var bytes: [UInt8] = []
        var position = offset
        while bytes.count < count, position < size {
            let plaintext = try chunk(position / UInt64(SealedFormat.chunkBytes), of: size, format)
            let start = Int(position % UInt64(SealedFormat.chunkBytes))
            let part = plaintext[start...].prefix(count - bytes.count)
            bytes += part
            position += UInt64(part.count)
        }
        return bytes
    }

    private func chunk(
        _ number: UInt64, of size: UInt64, _ format: SealedFormat
    ) throws(VaultError) -> [UInt8] {
        if let known = last.withLock({ $0?.number == number ? $0?.plaintext : nil }) { return known }
        let first = number * UInt64(SealedFormat.chunkBytes)
        let length = Int(min(UInt64(SealedFormat.chunkBytes), size - first)) + SealedFormat.tagBytes
        let place = UInt64(SealedFormat.headerBytes) + number * UInt64(SealedFormat.chunkBytes + SealedFormat.tagBytes)
        let isLast = first + UInt64(SealedFormat.chunkBytes) >= size
        let sealed = try file.read(at: place, count: length)
        guard sealed.count == length, let plaintext = try? format.open(sealed, number: number, isLast: isLast) else {
            throw .damaged(
                path: file.path, reason: "chunk \(number) does not open: it was changed, or the file was cut or moved")
        }
        last.withLock { $0 = (number, plaintext) }
        return plaintext
    }

    /// SHA-256 of what was written, as the log has it: 64 hexadecimal digits. In bounded memory.
    public func sha256() throws(VaultError) -> String {
        var hash = SHA256()
        var offset: UInt64 = 0
        while true {
            let part = try read(at: offset, count: SealedFormat.chunkBytes)
            if part.isEmpty { break }
            hash.update(data: part)
            offset += UInt64(part.count)
        }
        return hash.finalize().hexadecimal
    }
}

/// Tells who reads a file of evidence whether somebody still writes it: who writes it holds a lock on it, which the system
/// takes from them at their end, also when the process is killed.
public enum WriterLock {
    /// Locks the file until `release` or the end of the process. Before anything is written into it: a file with something in it and
    /// without a lock is one that is whole.
    public static func hold(_ descriptor: Int32) {
        // Where a file system has no locks, a recording ends by its last event alone.
        _ = flock(descriptor, LOCK_EX)
    }

    /// Before the descriptor is closed: a child process that is just being started has the file open too, and would keep
    /// the lock until it runs its program.
    public static func release(_ descriptor: Int32) {
        _ = flock(descriptor, LOCK_UN)
    }

    /// Whether another descriptor of the file is locked.
    public static func isHeld(_ descriptor: Int32) -> Bool {
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        _ = flock(descriptor, LOCK_UN)
        return false
    }
}
