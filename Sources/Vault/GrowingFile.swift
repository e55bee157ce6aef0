#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The file operations of whoever writes evidence, one closure each, so that a test can make any of them fail. Each
/// returns the error number, 0 for success.
public struct GrowingFile: Sendable {
    /// Makes a directory with permissions 0700; one that is there is no error.
    public var makeDirectory: @Sendable (_ path: String) -> Int32
    /// Makes a file that must not exist, with permissions 0600, for appending, and holds its `WriterLock`; a descriptor, or
    /// minus the error number.
    public var create: @Sendable (_ path: String) -> Int32
    /// How many bytes the system took, or minus the error number.
    public var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    public var truncate: @Sendable (_ descriptor: Int32, _ length: UInt64) -> Int32
    public var synchronize: @Sendable (_ descriptor: Int32) -> Int32
    /// Makes what was made or renamed in a directory durable.
    public var synchronizeDirectory: @Sendable (_ path: String) -> Int32
    public var close: @Sendable (_ descriptor: Int32) -> Void
    /// Gives a file its name once it is whole.
    public var rename: @Sendable (_ path: String, _ destination: String) -> Int32
    /// Takes away a file that was made and came to nothing.
    public var remove: @Sendable (_ path: String) -> Int32

    public static let system = GrowingFile(
        makeDirectory: { path in mkdir(path, 0o700) == 0 || errno == EEXIST ? 0 : errno },
        create: { path in
            let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return -errno }
            WriterLock.hold(descriptor)
            return descriptor
        },
        write: { descriptor, bytes in
            while true {
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
                #else
                    let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                #endif
                if count >= 0 { return count }
                if errno != EINTR { return -Int(errno) }
            }
        },
        truncate: { descriptor, length in ftruncate(descriptor, off_t(length)) == 0 ? 0 : errno },
        synchronize: { descriptor in fsync(descriptor) == 0 ? 0 : errno },
        synchronizeDirectory: { path in
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return errno }
            let code = fsync(descriptor) == 0 ? 0 : errno
            #if canImport(Darwin)
                _ = Darwin.close(descriptor)
            #else
                _ = Glibc.close(descriptor)
            #endif
            return code
        },
        close: { descriptor in
            WriterLock.release(descriptor)
            #if canImport(Darwin)
                _ = Darwin.close(descriptor)
            #else
                _ = Glibc.close(descriptor)
            #endif
        },
        rename: { path, destination in
            #if canImport(Darwin)
                return Darwin.rename(path, destination) == 0 ? 0 : errno
            #else
                return Glibc.rename(path, destination) == 0 ? 0 : errno
            #endif
        }, remove: { path in unlink(path) == 0 ? 0 : errno })
}
