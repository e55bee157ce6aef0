import CPlatform

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Stretches of a file that are written by storing into memory.
enum MappedWindow {
    /// `nil` where the file system cannot promise that what is stored later has room.
    static func map(
        _ descriptor: Int32, _ offset: UInt64, _ length: Int
    ) throws(FileOperations.Failure) -> UnsafeMutableRawBufferPointer? {
        let code = reserve_for_mapping(descriptor, off_t(offset), off_t(length))
        if code == EOPNOTSUPP { return nil }
        guard code == 0 else { throw FileOperations.Failure(operation: "fallocate", path: "", code: code) }
        let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset))
        guard let address, address != MAP_FAILED else {
            throw FileOperations.Failure(operation: "mmap", path: "", code: errno)
        }
        let fault = populate_for_writing(address, length)
        guard fault == 0 else {
            munmap(address, length)
            throw FileOperations.Failure(operation: "madvise", path: "", code: fault)
        }
        return UnsafeMutableRawBufferPointer(start: address, count: length)
    }
}
