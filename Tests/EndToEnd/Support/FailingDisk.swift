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
            Self.run("mkfs.ext4", ["-q", "-F", image.path])
        else { throw TestFailure("no ext4 can be made in \(image.path)") }
        try mount()
    }

    deinit { unmount() }

    func mount() throws {
        guard Self.run("mount", ["-o", "loop", image.path, folder.path]) else {
            throw TestFailure("\(image.path) cannot be mounted over \(folder.path)")
        }
    }

    func unmount() { _ = Self.run("umount", ["--lazy", folder.path]) }

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
        return (try? disk.cut()) != nil
    }()

    private static func run(_ program: String, _ arguments: [String]) -> Bool {
        guard let path = try? Tools.system(program) else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
