import Foundation
import NIOPosix
import Synchronization

/// Appends lines to a file that others may rotate: when another file, or none, stands at its path, that one is written
/// to from then on. No signal is needed.
///
/// What is acknowledged is on the disk. A line that a crash tore is taken off again before the next one.
public final class FileTransport: LineTransport {
    private let path: String
    private let file = Mutex<Opened?>(nil)

    private struct Opened {
        let descriptor: Int32
        let device: dev_t
        let inode: ino_t
    }

    public init(path: String) { self.path = path }

    deinit { file.withLock { if let opened = $0 { close(opened.descriptor) } } }

    public var type: String { "file" }

    public func send(_ batch: LineBatch) async throws {
        try await NIOThreadPool.singleton.runIfActive { try self.append(batch) }
    }

    private func append(_ batch: LineBatch) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.lines.reduce(0) { $0 + $1.bytes.count + 1 })
        for line in batch.lines {
            bytes += line.bytes
            bytes.append(0x0a)
        }
        try file.withLock { file in
            let opened = try current(&file)
            do {
                try Self.write(bytes, to: opened.descriptor, path)
                guard fdatasync(opened.descriptor) == 0 else { throw SystemError("fdatasync", path) }
            } catch {
                // What came of it may be half a line: opening anew takes that off.
                close(opened.descriptor)
                file = nil
                throw SinkError.local("\(error): the entries wait in the log")
            }
        }
    }

    /// The file that stands at the path now.
    private func current(_ file: inout Opened?) throws -> Opened {
        if let opened = file {
            var found = stat()
            if stat(path, &found) == 0, found.st_dev == opened.device, found.st_ino == opened.inode { return opened }
            close(opened.descriptor)
            file = nil
        }
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SinkError.local("\(SystemError("open", path))") }
        do {
            var found = stat()
            guard fstat(descriptor, &found) == 0 else { throw SystemError("fstat", path) }
            try Self.removeTornLine(descriptor, size: found.st_size, path)
            if found.st_size == 0 { try Self.synchronizeFolder(of: path) }
            let opened = Opened(descriptor: descriptor, device: found.st_dev, inode: found.st_ino)
            file = opened
            return opened
        } catch {
            close(descriptor)
            throw SinkError.local("\(error)")
        }
    }

    /// So that a file that was just made is found after a power cut too.
    private static func synchronizeFolder(of path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // One that may be written to and not be read.
        if descriptor < 0, errno == EACCES { return }
        guard descriptor >= 0 else { throw SystemError("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync", folder) }
    }

    /// Cuts the file behind its last line feed.
    private static func removeTornLine(_ descriptor: Int32, size: off_t, _ path: String) throws {
        var end = size
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while end > 0 {
            let start = max(0, end - off_t(buffer.count))
            let count = pread(descriptor, &buffer, Int(end - start), start)
            guard count == Int(end - start) else { throw SystemError("pread", path) }
            if let last = buffer[..<count].lastIndex(of: 0x0a) {
                end = start + off_t(last) + 1
                break
            }
            end = start
        }
        guard end < size else { return }
        guard ftruncate(descriptor, end) == 0 else { throw SystemError("ftruncate", path) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write", path, code: count == 0 ? ENOSPC : errno) }
            written += count
        }
    }
}
