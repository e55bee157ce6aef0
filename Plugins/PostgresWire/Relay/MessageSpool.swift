import Crypto
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A message that is too long to be held, on its way through the disk: in a file without a name, encrypted by a key that
/// is nowhere but in memory, so that nothing of it can be read once the process has ended.
///
/// Its methods block on the disk; they are for a thread that may.
final class MessageSpool: Sendable {
    /// Why the disk does not take or give it.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        fileprivate init(_ operation: String, code: Int32 = errno) {
            description = "\(operation): \(String(cString: strerror(code)))"
        }
    }

    private struct State {
        var descriptor: Int32 = -1
        /// Bytes of each piece, before it was encrypted.
        var pieces: [Int] = []
        var nextPiece = 0
        var readOffset = 0
    }

    /// Of the whole message.
    let bytes: Int
    private let space: SpoolSpace
    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())

    fileprivate init(bytes: Int, in space: SpoolSpace) {
        self.bytes = bytes
        self.space = space
    }

    deinit {
        state.withLock {
            if $0.descriptor >= 0 { close($0.descriptor) }
            space.giveBack($0.pieces.reduce(0, +))
        }
    }

    /// - Throws: `SpoolSpace.Full`, or `Failure`; nothing of the piece counts then.
    func append(_ piece: Data) throws {
        try state.withLock { state in
            try space.take(piece.count)
            var isKept = false
            defer { if !isKept { space.giveBack(piece.count) } }
            if state.descriptor < 0 { state.descriptor = try Self.nameless(in: space.directory) }
            let sealed = try AES.GCM.seal(piece, using: key, nonce: Self.nonce(state.pieces.count))
            try Self.put(sealed.ciphertext + sealed.tag, to: state.descriptor)
            state.pieces.append(piece.count)
            isKept = true
        }
    }

    /// The pieces in their order; `nil` after the last.
    ///
    /// - Throws: `Failure`, or what says that the file is not what was written.
    func next() throws -> Data? {
        try state.withLock { state in
            guard state.nextPiece < state.pieces.count else { return nil }
            let length = state.pieces[state.nextPiece]
            let stored = try Self.get(length + Self.tagBytes, at: state.readOffset, from: state.descriptor)
            let box = try AES.GCM.SealedBox(
                nonce: Self.nonce(state.nextPiece), ciphertext: stored.prefix(length), tag: stored.suffix(Self.tagBytes)
            )
            state.nextPiece += 1
            state.readOffset += stored.count
            return try AES.GCM.open(box, using: key)
        }
    }

    private static let tagBytes = 16

    /// Each piece has its own, and each spool its own key.
    private static func nonce(_ piece: Int) throws -> AES.GCM.Nonce {
        var bytes = [UInt8](repeating: 0, count: 4)
        withUnsafeBytes(of: UInt64(piece).bigEndian) { bytes.append(contentsOf: $0) }
        return try AES.GCM.Nonce(data: bytes)
    }

    private static func nameless(in directory: String) throws -> Int32 {
        let path = "\(directory)/spool-\(UUID().uuidString)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("making a file in \(directory)") }
        guard unlink(path) == 0 else {
            let code = errno
            close(descriptor)
            throw Failure("taking the name of a file in \(directory)", code: code)
        }
        return descriptor
    }

    private static func put(_ data: Data, to descriptor: Int32) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                let taken = write(descriptor, slice.baseAddress, slice.count)
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else { throw Failure("writing to it", code: taken == 0 ? ENOSPC : errno) }
                rest = rest.dropFirst(taken)
            }
        }
    }

    private static func get(_ count: Int, at offset: Int, from descriptor: Int32) throws -> Data {
        var data = Data(count: count)
        var filled = 0
        while filled < count {
            let taken = data.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else { throw Failure("reading from it", code: taken == 0 ? EIO : errno) }
            filled += taken
        }
        return data
    }
}

/// The room on the disk that all long messages share. What is there counts, and not what is announced.
final class SpoolSpace: Sendable {
    /// Others have the room.
    struct Full: Error {}

    /// On the disk of the gateway's state.
    let directory: String
    /// Bytes of all that are there at a time.
    let limit: Int
    private let used = Mutex(0)

    init(directory: String, limit: Int) {
        self.directory = directory
        self.limit = limit
    }

    /// For a message of this many bytes; `nil` where there is no room for it by now.
    func spool(bytes: Int) -> MessageSpool? {
        used.withLock { bytes <= limit - $0 } ? MessageSpool(bytes: bytes, in: self) : nil
    }

    fileprivate func take(_ bytes: Int) throws {
        try used.withLock { used in
            guard bytes <= limit - used else { throw Full() }
            used += bytes
        }
    }

    fileprivate func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
