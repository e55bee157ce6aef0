import Foundation

/// A file system of a few MiB, mounted in memory, that a test can fill. Only root can mount one.
final class SmallDisk: Sendable {
    private let folder: URL

    /// Mounts it over `folder`, which is made.
    init(over folder: URL, megabytes: Int) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard Tools.succeeds("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "sallyport", folder.path])
        else {
            throw TestFailure("no file system can be mounted over \(folder.path)")
        }
    }

    deinit { unmount() }

    /// Lazily: a test that failed may have left the gateway running on it.
    func unmount() { _ = Tools.succeeds("umount", ["--lazy", folder.path]) }

    /// Makes the file system read-only, or writable again. No file of it may be open for writing.
    func remount(readOnly: Bool) throws {
        guard Tools.succeeds("mount", ["-o", "remount,\(readOnly ? "ro" : "rw")", folder.path]) else {
            throw TestFailure("\(folder.path) cannot be mounted again")
        }
    }

    private var filler: URL { folder.appendingPathComponent("filler") }

    /// Takes every block that is free.
    func fill() throws {
        let descriptor = open(filler.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw TestFailure("\(filler.path): errno \(errno)") }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 65_536)
        var size = block.count
        while size > 0 {
            let written = write(descriptor, block, size)
            if written <= 0 { size /= 2 }
        }
    }

    func free() throws { try FileManager.default.removeItem(at: filler) }

    /// Tried, as containers may forbid to root what root may do elsewhere.
    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mount-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return (try? SmallDisk(over: folder, megabytes: 1)) != nil
    }()
}
