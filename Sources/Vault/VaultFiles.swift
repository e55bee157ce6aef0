#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Changes of files that survive the end of the process and of the machine: each is on the disk when it returns.
public struct VaultFiles: Sendable {
    /// Asked before each change, so that a test can end the work at any of them.
    var before: @Sendable (_ change: String, _ path: String) throws(VaultError) -> Void

    public static let system = VaultFiles { _, _ throws(VaultError) in }

    // MARK: Reading

    /// The whole file, for small ones; `nil` when there is none.
    public func contents(of path: String) throws(VaultError) -> [UInt8]? {
        let file: OpenFile
        do {
            file = try OpenFile(path, O_RDONLY)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        return try file.read(at: 0, count: Int(try file.size))
    }

    /// Gives `take` each line of a file, without its newline, in bounded memory; none when there is no such file.
    func lines(
        of path: String, _ take: (ArraySlice<UInt8>) throws(VaultError) -> Void
    ) throws(VaultError) {
        let file: OpenFile
        do {
            file = try OpenFile(path, O_RDONLY)
        } catch {
            if error.isNotFound { return }
            throw error
        }
        var offset: UInt64 = 0
        var rest: [UInt8] = []
        while true {
            let part = try file.read(at: offset, count: 1 << 16)
            if part.isEmpty { return }
            offset += UInt64(part.count)
            rest += part
            var start = 0
            while let end = rest[start...].firstIndex(of: 0x0a) {
                if end > start { try take(rest[start..<end]) }
                start = end + 1
            }
            rest.removeFirst(start)
        }
    }

    /// The names in a folder, sorted; none when there is no such folder.
    public func names(in folder: String) throws(VaultError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .failed(operation: "opendir", path: folder, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .failed(operation: "readdir", path: folder, code: errno) }
        return names.sorted()
    }

    /// Whether there is a file or folder.
    public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    public func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && UInt32(status.st_mode) & UInt32(S_IFMT) == UInt32(S_IFDIR)
    }

    /// Gives each file below `folder`, however deep, by its path from there: folder by folder, each in the order of its
    /// names. No link is followed.
    public func forEachFile(below folder: String, _ take: (_ path: String) -> Void) throws(VaultError) {
        try forEachFile(below: folder, "", take)
    }

    private func forEachFile(
        below folder: String, _ prefix: String, _ take: (_ path: String) -> Void
    ) throws(VaultError) {
        for name in try names(in: "\(folder)/\(prefix)") {
            let path = "\(prefix)\(name)"
            if isFolder("\(folder)/\(path)") { try forEachFile(below: folder, "\(path)/", take) } else { take(path) }
        }
    }

    // MARK: Changing

    /// Makes a folder, 0700, and those above it; one that is there is no error.
    public func makeFolder(_ path: String) throws(VaultError) {
        if exists(path) { return }
        let parent = Self.parent(of: path)
        if parent != path { try makeFolder(parent) }
        try before("mkdir", path)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .failed(operation: "mkdir", path: path, code: errno)
        }
        try synchronizeFolder(parent)
    }

    /// Makes a file, 0600, of what `write` gives, at `path`: the file of before or the new one, whole, whenever the
    /// process ends. An error leaves nothing behind.
    public func replace(
        _ path: String, by temporary: String, _ write: (OpenFile) throws(VaultError) -> Void
    ) throws(VaultError) {
        try before("create", temporary)
        let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        do throws(VaultError) {
            try write(file)
            try before("fsync", temporary)
            try file.synchronize()
            try move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// The same for a small file.
    public func replace(_ path: String, by temporary: String, with bytes: [UInt8]) throws(VaultError) {
        try replace(path, by: temporary) { (file: OpenFile) throws(VaultError) in try file.write(bytes) }
    }

    /// Writes `bytes` behind what stands in the file, which is made when there is none, 0600.
    public func append(_ bytes: [UInt8], to path: String) throws(VaultError) {
        try before("append", path)
        let isNew = !exists(path)
        let file = try OpenFile(path, O_WRONLY | O_APPEND | O_CREAT)
        try file.write(bytes)
        try file.synchronize()
        if isNew { try synchronizeFolder(Self.parent(of: path)) }
    }

    public func move(_ path: String, to destination: String) throws(VaultError) {
        try before("rename", destination)
        guard rename(path, destination) == 0 else {
            throw .failed(operation: "rename", path: destination, code: errno)
        }
        try synchronizeFolder(Self.parent(of: destination))
    }

    /// Removes a file; one that is not there is no error.
    public func remove(_ path: String) throws(VaultError) {
        try before("unlink", path)
        guard unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw .failed(operation: "unlink", path: path, code: errno)
        }
    }

    /// Removes a small file after writing zeros over it. A file system that writes elsewhere (on flash, with snapshots)
    /// may keep what was there: the file must not be in any backup.
    func wipe(_ path: String) throws(VaultError) {
        guard let length = try contents(of: path)?.count else { return }
        try before("wipe", path)
        let file = try OpenFile(path, O_WRONLY)
        try file.write([UInt8](repeating: 0, count: length))
        try file.synchronize()
        try remove(path)
        try synchronizeFolder(Self.parent(of: path))
    }

    /// Makes what was created, renamed or removed in a folder durable.
    public func synchronizeFolder(_ path: String) throws(VaultError) {
        let folder = try OpenFile(path, O_RDONLY)
        try folder.synchronize()
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A descriptor that closes itself.
public final class OpenFile: Sendable {
    let path: String
    let descriptor: Int32

    init(_ path: String, _ flags: Int32) throws(VaultError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed(operation: "open", path: path, code: errno) }
    }

    deinit { close(descriptor) }

    var size: UInt64 {
        get throws(VaultError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw .failed(operation: "fstat", path: path, code: errno) }
            return UInt64(status.st_size)
        }
    }

    /// Up to `count` bytes from `offset` on; fewer only at the end.
    func read(at offset: UInt64, count: Int) throws(VaultError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, taken in
            taken = 0
            while taken < count {
                let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[taken..<count])
                let result = pread(descriptor, room.baseAddress, room.count, off_t(offset) + off_t(taken))
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = errno }
                guard result > 0 else { return }
                taken += result
            }
        }
        guard failure == 0 else { throw .failed(operation: "read", path: path, code: failure) }
        return bytes
    }

    /// Writes all of `bytes`; a call that takes nothing counts as a full disk.
    func write(_ bytes: [UInt8]) throws(VaultError) {
        var written = 0
        while written < bytes.count {
            let start = written
            let result = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
                #if canImport(Darwin)
                    return Darwin.write(descriptor, rest.baseAddress, rest.count)
                #else
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else {
                throw .failed(operation: "write", path: path, code: result == 0 ? ENOSPC : errno)
            }
            written += result
        }
    }

    func synchronize() throws(VaultError) {
        guard fsync(descriptor) == 0 else { throw .failed(operation: "fsync", path: path, code: errno) }
    }
}
