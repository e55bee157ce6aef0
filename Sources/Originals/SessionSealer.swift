import Crypto
import Foundation
import Identifiers
import Masking
import Vault

/// Seals one session's originals into one file. Belongs to the session's event loop.
///
/// A chunk is on the file whole or not at all. After one could not be written no other follows: its sequence number is
/// used up, and a number never seals twice. A file in which nothing was sealed is taken away when it is closed.
public final class SessionSealer {
    public let header: SealedFileHeader
    /// Below the store's directory.
    public let path: String
    /// SHA-256 of the first frame, 64 hexadecimal digits.
    public let headDigest: String
    public private(set) var isBroken = false
    /// Called once the file is closed, where it is kept: from then on nothing is added to it.
    public var whenClosed: () -> Void = {}

    private let fullPath: String
    private let file: GrowingFile
    private let descriptor: Int32
    private let synchronizes: Bool
    /// Only for sealing: there is no way back from it.
    private var context: HPKE.Sender
    private var sequence: UInt64 = 0
    private var length: UInt64 = 0
    /// Of the frame that is written, all but its body.
    private var start: [UInt8] = []

    init(store: OriginalsStore, session: UUIDv7, part: Int) throws(OriginalsError) {
        file = store.file
        path = OriginalsStore.path(session: session, part: part)
        fullPath = "\(store.directory)/\(path)"
        header = SealedFileHeader(log: store.log, session: session, part: part, key: store.key.id)
        do {
            context = try HPKE.Sender(
                recipientKey: store.key.key, ciphersuite: SealedFormat.suite, info: Data(SealedFormat.info.utf8))
        } catch {
            throw .notSealed(path: fullPath)
        }
        let folders = [store.directory, String(fullPath[..<(fullPath.lastIndex(of: "/") ?? fullPath.endIndex)])]
        for folder in folders {
            let code = file.makeDirectory(folder)
            guard code == 0 else { throw OriginalsError(operation: "mkdir", path: folder, code: code) }
        }
        descriptor = file.create(fullPath)
        guard descriptor >= 0 else { throw OriginalsError(operation: "open", path: fullPath, code: -descriptor) }
        SealedFormat.write(header.bytes, bodyLength: context.encapsulatedKey.count, to: &start)
        headDigest = Self.digest(start, context.encapsulatedKey)
        synchronizes = store.synchronizes
        do throws(OriginalsError) {
            try write(context.encapsulatedKey)
            // A file is on the disk only if its name is, and those of its folders.
            for folder in folders where synchronizes {
                let code = file.synchronizeDirectory(folder)
                guard code == 0 else { throw OriginalsError(operation: "fsync", path: folder, code: code) }
            }
        } catch {
            // Without it the next try can make the file again.
            _ = file.remove(fullPath)
            throw error
        }
    }

    deinit {
        // In which nothing was sealed: no entry names it, and there is nothing to open.
        let isEmpty = sequence == 0 && !isBroken
        if isEmpty { _ = file.remove(fullPath) }
        file.close(descriptor)
        if !isEmpty { whenClosed() }
    }

    /// Seals `chunk` and appends it.
    ///
    /// - Parameter shown: Makes of a field's name what may stand in the clear.
    public func seal(
        _ chunk: OriginalsChunk, of command: UUIDv7, shown: (String) -> String = { $0 }
    ) throws(OriginalsError) -> SealedChunk {
        guard !isBroken else { throw .broken(path: fullPath) }
        let header = SealedChunkHeader(
            log: header.log, session: header.session, part: header.part, command: command, sequence: sequence,
            fields: chunk.fields.map { entry in
                SealedChunkHeader.Field(
                    field: OriginalsField(
                        name: shown(entry.field.name), rule: entry.field.rule, selector: entry.field.selector,
                        encoding: entry.field.encoding), values: entry.values)
            }
        ).bytes
        let body: Data
        do {
            body = try context.seal(chunk.bytes, authenticating: header)
        } catch {
            isBroken = true
            throw .notSealed(path: fullPath)
        }
        SealedFormat.write(header, bodyLength: body.count, to: &start)
        try write(body)
        defer { sequence += 1 }
        return SealedChunk(sequence: sequence, digest: Self.digest(start, body))
    }

    /// SHA-256 of a frame, in hexadecimal digits.
    private static func digest(_ start: [UInt8], _ body: Data) -> String {
        var digest = SHA256()
        digest.update(data: start)
        digest.update(data: body)
        return digest.finalize().hexadecimal
    }

    /// Appends a frame: `start` and this body.
    private func write(_ body: Data) throws(OriginalsError) {
        try check(start.withUnsafeBytes { file.write(descriptor, $0) }, of: start.count)
        try check(body.withUnsafeBytes { file.write(descriptor, $0) }, of: body.count)
        length += UInt64(start.count + body.count)
        guard synchronizes else { return }
        let code = file.synchronize(descriptor)
        guard code == 0 else {
            isBroken = true
            throw OriginalsError(operation: "fsync", path: fullPath, code: code)
        }
    }

    /// Takes a frame that is not on the file whole away again.
    private func check(_ taken: Int, of count: Int) throws(OriginalsError) {
        guard taken != count else { return }
        isBroken = true
        _ = file.truncate(descriptor, length)
        if taken < 0 { throw OriginalsError(operation: "write", path: fullPath, code: Int32(-taken)) }
        throw .shortWrite(path: fullPath)
    }
}

/// A chunk as the log names it.
public struct SealedChunk: Sendable, Hashable {
    public let sequence: UInt64
    /// SHA-256 of its frame, 64 hexadecimal digits.
    public let digest: String

    public init(sequence: UInt64, digest: String) {
        self.sequence = sequence
        self.digest = digest
    }
}
