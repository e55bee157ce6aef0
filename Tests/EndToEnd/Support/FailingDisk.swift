import Foundation

/// An ext4 file system in a file, which can be cut off as a failing disk or a lost power supply does it: from one moment
/// to the next nothing is read or written any more, and what was not synchronized is gone. Only root can mount one.
final class FailingDisk: Sendable {
    private let folder: URL
    private let image: URL

    /// Mounts it over `folder`, which is made.
    init(over folder: URL, megabytes: Int) throws {
        self.folder = folder
        image = folder.deletingLastPathComponent().appendingPathComponent("\(folder.lastPathComponent).ext4")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: image.path, contents: nil),
            truncate(image.path, off_t(megabytes) << 20) == 0,
            Tools.succeeds("mkfs.ext4", ["-q", "-F", image.path])
        else { throw TestFailure("no ext4 can be made in \(image.path)") }
        try mount()
    }

    deinit { unmount() }

    /// As when the machine is started again: nobody may have anything of it open.
    func replug() throws {
        // A process that was killed lets go of its files a moment after its end is seen; and never twice mounted.
        let deadline = ContinuousClock.now + .seconds(10)
        while !Tools.succeeds("umount", [folder.path]) {
            guard ContinuousClock.now < deadline else { throw TestFailure("\(folder.path) is busy") }
            usleep(50_000)
        }
        try mount()
    }

    private func mount() throws {
        guard Tools.succeeds("mount", ["-o", "loop", image.path, folder.path]) else {
            throw TestFailure("\(image.path) cannot be mounted over \(folder.path)")
        }
    }

    /// Lazily: a test that failed may have left the gateway running on it.
    func unmount() { _ = Tools.succeeds("umount", ["--lazy", folder.path]) }

    /// Ends all reading and writing, without writing what waits (`EXT4_IOC_SHUTDOWN`, `EXT4_GOING_FLAGS_NOLOGFLUSH`).
    func cut() throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { throw TestFailure("\(folder.path): errno \(errno)") }
        defer { close(descriptor) }
        var flags: UInt32 = 2
        guard ioctl(descriptor, 0x8004_587d, &flags) == 0 else {
            throw TestFailure("\(folder.path) cannot be cut off: errno \(errno)")
        }
    }

    /// Tried, as containers may forbid to root what root may do elsewhere.
    static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)")
        defer {
            try? FileManager.default.removeItem(at: folder)
            try? FileManager.default.removeItem(atPath: folder.path + ".ext4")
        }
        guard let disk = try? FailingDisk(over: folder, megabytes: 8) else { return false }
        defer { disk.unmount() }
        return (try? disk.cut()) != nil
    }()
}
