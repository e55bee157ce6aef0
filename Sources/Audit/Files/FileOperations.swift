#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The file operations that the log is built on, one closure each, so that a test can make any one of them fail.
///
/// Every closure behaves as the system call of its name, restarts on `EINTR`, and throws the error number. Descriptors
/// are closed on exec, so that no child process holds the directory's lock.
public struct FileOperations: Sendable {
    /// An operation that the system refused, with its error number (`errno`).
    public struct Failure: Error, Equatable, Sendable {
        public let operation: String
        public let path: String
        public let code: Int32

        public init(operation: String, path: String, code: Int32) {
            self.operation = operation
            self.path = path
            self.code = code
        }
    }

    /// What `status` tells of a path: size in bytes, permission bits (`0o777` mask), whether it is a directory.
    public struct Status: Equatable, Sendable {
        public let size: UInt64
        public let permissions: UInt32
        public let isDirectory: Bool

        public init(size: UInt64, permissions: UInt32, isDirectory: Bool) {
            self.size = size
            self.permissions = permissions
            self.isDirectory = isDirectory
        }
    }

    public enum OpenMode: Sendable, Equatable {
        /// Read only.
        case read
        /// Read, and write at the end; the file must not exist yet.
        case createForAppending
        /// Read and write; made when absent, kept when present.
        case readWrite
    }

    /// Opens a file; a new one gets the permission bits.
    public var open: @Sendable (_ path: String, _ mode: OpenMode, _ permissions: UInt32) throws(Failure) -> Int32
    public var close: @Sendable (_ descriptor: Int32) -> Void
    /// Writes at the end of the file; returns how many bytes were taken, which may be fewer than offered.
    public var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int
    /// Reads at `offset`; returns 0 at the end of the file.
    public var read:
        @Sendable (_ descriptor: Int32, _ into: UnsafeMutableRawBufferPointer, _ offset: UInt64) throws(Failure) -> Int
    /// Sets `length` bytes from `offset` on aside on the disk, which read as zeros until they are stored, and maps
    /// them, shared with the file. What is stored there is in the file as after a `write`, without a system call: it
    /// outlives the process. A full disk shows here and never later. `nil` where the file system cannot promise that.
    /// The offset is a multiple of the page size.
    public var mapForWriting:
        @Sendable (_ descriptor: Int32, _ offset: UInt64, _ length: Int) throws(Failure)
            -> UnsafeMutableRawBufferPointer?
    public var unmap: @Sendable (_ window: UnsafeMutableRawBufferPointer) -> Void
    public var size: @Sendable (_ descriptor: Int32) throws(Failure) -> UInt64
    public var truncate: @Sendable (_ descriptor: Int32, _ length: UInt64) throws(Failure) -> Void
    /// Waits until the file's contents are on the disk (`fdatasync`).
    public var synchronizeData: @Sendable (_ descriptor: Int32) throws(Failure) -> Void
    /// Waits until the file or directory, with its metadata, is on the disk (`fsync`).
    public var synchronize: @Sendable (_ descriptor: Int32) throws(Failure) -> Void
    /// Takes the exclusive lock without waiting (`flock`); throws `EWOULDBLOCK` while another process has it.
    public var lock: @Sendable (_ descriptor: Int32) throws(Failure) -> Void
    /// Lets the lock go. Closing the file is not enough: a child process that is just being started has it open too,
    /// until it runs its program.
    public var unlock: @Sendable (_ descriptor: Int32) -> Void
    public var rename: @Sendable (_ from: String, _ to: String) throws(Failure) -> Void
    public var remove: @Sendable (_ path: String) throws(Failure) -> Void
    public var removeDirectory: @Sendable (_ path: String) throws(Failure) -> Void
    /// Makes one directory; throws `EEXIST` when it is there.
    public var makeDirectory: @Sendable (_ path: String, _ permissions: UInt32) throws(Failure) -> Void
    /// The names in a directory, without `.` and `..`, sorted.
    public var list: @Sendable (_ path: String) throws(Failure) -> [String]
    public var status: @Sendable (_ path: String) throws(Failure) -> Status
}

extension FileOperations {
    /// The operating system's own.
    public static let system = FileOperations(
        open: { path, mode, permissions throws(Failure) in
            let flags: Int32
            switch mode {
            case .read: flags = O_RDONLY
            case .createForAppending: flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL
            case .readWrite: flags = O_RDWR | O_CREAT
            }
            return try check("open", path) {
                #if canImport(Darwin)
                    Darwin.open(path, flags | O_CLOEXEC, mode_t(permissions))
                #else
                    Glibc.open(path, flags | O_CLOEXEC, mode_t(permissions))
                #endif
            }
        },
        close: { descriptor in
            #if canImport(Darwin)
                _ = Darwin.close(descriptor)
            #else
                _ = Glibc.close(descriptor)
            #endif
        },
        write: { descriptor, bytes throws(Failure) in
            while true {
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
                #else
                    let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                #endif
                if count >= 0 { return count }
                if errno != EINTR { throw Failure(operation: "write", path: "", code: errno) }
            }
        },
        read: { descriptor, buffer, offset throws(Failure) in
            try check("pread", "") { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
        },
        mapForWriting: { descriptor, offset, length throws(Failure) in
            try MappedWindow.map(descriptor, offset, length)
        },
        unmap: { window in munmap(window.baseAddress!, window.count) },
        size: { descriptor throws(Failure) in
            var status = stat()
            try check("fstat", "") { fstat(descriptor, &status) }
            return UInt64(status.st_size)
        },
        truncate: { descriptor, length throws(Failure) in
            try check("ftruncate", "") { ftruncate(descriptor, off_t(length)) }
        },
        synchronizeData: { descriptor throws(Failure) in
            #if canImport(Darwin)
                try check("fcntl", "") { fcntl(descriptor, F_FULLFSYNC) }
            #else
                try check("fdatasync", "") { fdatasync(descriptor) }
            #endif
        },
        synchronize: { descriptor throws(Failure) in try check("fsync", "") { fsync(descriptor) } },
        lock: { descriptor throws(Failure) in try check("flock", "") { flock(descriptor, LOCK_EX | LOCK_NB) } },
        unlock: { descriptor in _ = flock(descriptor, LOCK_UN) },
        rename: { from, to throws(Failure) in
            #if canImport(Darwin)
                try check("rename", to) { Darwin.rename(from, to) }
            #else
                try check("rename", to) { Glibc.rename(from, to) }
            #endif
        },
        remove: { path throws(Failure) in try check("unlink", path) { unlink(path) } },
        removeDirectory: { path throws(Failure) in try check("rmdir", path) { rmdir(path) } },
        makeDirectory: { path, permissions throws(Failure) in
            try check("mkdir", path) { mkdir(path, mode_t(permissions)) }
        },
        list: { path throws(Failure) in
            guard let stream = opendir(path) else { throw Failure(operation: "opendir", path: path, code: errno) }
            defer { closedir(stream) }
            var names: [String] = []
            while true {
                errno = 0
                guard let entry = readdir(stream) else { break }
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { names.append(name) }
            }
            if errno != 0 { throw Failure(operation: "readdir", path: path, code: errno) }
            return names.sorted()
        },
        status: { path throws(Failure) in
            var status = stat()
            try check("stat", path) { stat(path, &status) }
            return Status(
                size: UInt64(status.st_size), permissions: UInt32(status.st_mode) & 0o777,
                isDirectory: UInt32(status.st_mode) & UInt32(S_IFMT) == UInt32(S_IFDIR))
        })

    @discardableResult
    static func check<Number: BinaryInteger>(
        _ operation: String, _ path: String, _ call: () -> Number
    ) throws(Failure) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw Failure(operation: operation, path: path, code: errno) }
        }
    }
}
