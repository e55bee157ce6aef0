import CPlatform

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A journal's files, written by one writer at a time.
///
/// An append is one `write(2)`. Where only the end of the process has to be survived and the file system can set space
/// aside, it is less: the record is stored into a shared mapping of the file, whose pages are the kernel's like those
/// that `write` would have filled.
final class JournalFile {
    let name: String
    private let files: FileOperations
    private let directory: String
    private let durability: Durability
    private let sizeLimit: UInt64
    private let windowBytes: Int
    /// What the sequencer holds of this journal.
    let shared: JournalShare
    /// Held so that the directory stays locked as long as anyone can write into it.
    private let lock: DirectoryLock
    private let crc = CRC32C.shared
    private let buffer: UnsafeMutableRawBufferPointer

    private var descriptor: Int32
    private var path: String
    private var generation: UInt64
    /// Bytes of the current file that hold whole, acknowledged records.
    private var length: UInt64
    private var sequence: UInt64 = 0
    private var condition = Condition.ready
    /// Where records are stored; `nil` where they are written.
    private var window: Window?

    /// A mapped stretch of the file.
    private struct Window {
        let memory: UnsafeMutableRawBufferPointer
        /// Where it begins in the file, in bytes.
        let start: UInt64
    }

    private enum Condition {
        case ready
        /// Bytes beyond `length` may be in the file.
        case mustTruncate
        /// What the file holds is in doubt after a failed `fdatasync` or a page that could not be had; go on in a new
        /// file.
        case mustReplace
        case closed
    }

    init(
        name: String, generation: UInt64, directory: String, options: AuditOptions, lock: DirectoryLock
    ) throws(AuditError) {
        self.name = name
        self.files = options.fileOperations
        self.directory = directory
        self.durability = options.durability
        self.sizeLimit = options.journalSizeLimit
        self.windowBytes = options.journalWindowBytes
        self.lock = lock
        let file = try Self.create(
            name: name, generation: generation, directory: directory, files: files, durability: durability)
        descriptor = file.descriptor
        path = file.path
        self.generation = generation
        length = UInt64(JournalFormat.headerBytes)
        shared = JournalShare(name: name, generation: generation, length: length)
        buffer = .allocate(byteCount: JournalFormat.maximumRecordBytes, alignment: 16)
        // Where that fails, records are written until the next file.
        try? openWindow(bytes: windowBytes)
    }

    deinit {
        close()
        buffer.deallocate()
    }

    /// Appends one entry of 1 to 65,535 bytes. When this returns the entry is recorded; when it throws it is not.
    func append(_ entry: UnsafeRawBufferPointer) throws(AuditError) {
        guard let source = entry.baseAddress else { throw .entryEmpty }
        try prepare()
        let total = JournalFormat.recordHeaderBytes &+ entry.count
        let record = UnsafeMutableRawBufferPointer(rebasing: buffer[..<total])
        if let start = record.baseAddress { seal(source, entry.count, sequence, at: start) }
        if let room = try room(for: total) {
            try store(UnsafeRawBufferPointer(record), at: room)
        } else {
            try write(UnsafeRawBufferPointer(record))
        }
        commit(records: 1, bytes: total)
    }

    /// Appends several entries with one `write`, and one `fdatasync` where there is one. When this returns all are
    /// recorded; when it throws none is. For files without room set aside alone, as those at durability `disk` are.
    func append(together entries: [UnsafeRawBufferPointer]) throws(AuditError) {
        if let only = entries.first, entries.count == 1 { return try append(only) }
        try prepare()
        let total = entries.reduce(0) { $0 + JournalFormat.recordHeaderBytes + $1.count }
        let records = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 16)
        defer { records.deallocate() }
        var offset = 0
        for (position, entry) in entries.enumerated() {
            guard let source = entry.baseAddress, let base = records.baseAddress else { throw .entryEmpty }
            seal(source, entry.count, sequence &+ UInt64(position), at: base + offset)
            offset += JournalFormat.recordHeaderBytes + entry.count
        }
        try write(UnsafeRawBufferPointer(records))
        commit(records: entries.count, bytes: total)
    }

    private func prepare() throws(AuditError) {
        if let code = shared.refusal { throw .journalInDoubt(path: path, code: code) }
        if shared.takesNewFile(), condition != .closed {
            // What a failed write left is cut off, so that the file ends with a whole record.
            if condition == .mustTruncate { truncate() }
            condition = .mustReplace
        }
        if condition != .ready { try repair() }
        if length >= sizeLimit {
            rotate()
            if condition != .ready { try repair() }
        }
    }

    private func seal(_ source: UnsafeRawPointer, _ count: Int, _ sequence: UInt64, at room: UnsafeMutableRawPointer) {
        (room + JournalFormat.recordHeaderBytes).copyMemory(from: source, byteCount: count)
        JournalFormat.seal(room, entryBytes: count, sequence: sequence, crc: crc)
    }

    private func commit(records: Int, bytes: Int) {
        length &+= UInt64(bytes)
        sequence &+= UInt64(records)
        shared.publish(generation: generation, length: length)
    }

    private func store(_ record: UnsafeRawBufferPointer, at room: UnsafeMutableRawPointer) throws(AuditError) {
        guard let start = record.baseAddress else { return }
        let code = store_in_mapping(room, start, record.count)
        guard code == 0 else {
            condition = .mustReplace
            throw .storeFailed(operation: "storing", path: path, code: code)
        }
    }

    private func write(_ records: UnsafeRawBufferPointer) throws(AuditError) {
        let written: Int
        do {
            written = try files.write(descriptor, records)
        } catch {
            truncate()
            throw AuditError(error, path: path)
        }
        guard written == records.count else {
            truncate()
            throw .shortWrite(path: path, written: written, expected: records.count)
        }
        guard durability == .disk else { return }
        do {
            try files.synchronizeData(descriptor)
        } catch {
            // After a failed fdatasync the kernel may have dropped the dirty pages and marked them clean: a second
            // call would succeed without having written them. Nothing more is trusted to this file.
            truncate()
            if condition == .ready { condition = .mustReplace }
            throw AuditError(error, path: path)
        }
    }

    /// Ends the journal; what it holds is still integrated. Further appends throw.
    func close() {
        guard condition != .closed else { return }
        if condition == .mustTruncate { truncate() }
        closeFile()
        condition = .closed
        shared.close()
    }

    // MARK: The window

    /// Where the next `count` bytes of the file are stored; `nil` where they are written.
    private func room(for count: Int) throws(AuditError) -> UnsafeMutableRawPointer? {
        guard let current = window else { return nil }
        if length + UInt64(count) > current.start + UInt64(current.memory.count) {
            do throws(AuditError) {
                try openWindow(for: count, bytes: windowBytes)
            } catch .storeFull {
                // The last of the disk is used too.
                try openWindow(for: count, bytes: 0)
            }
        }
        guard let window, let base = window.memory.baseAddress else { return nil }
        return base + Int(length - window.start)
    }

    /// Maps the stretch of the file that follows what it holds, with room for a record of `count` bytes and usually for
    /// many. A failure leaves everything as it was.
    private func openWindow(for count: Int = 0, bytes wanted: Int) throws(AuditError) {
        guard durability == .process else { return }
        let start = length & ~UInt64(Self.pageBytes - 1)
        let needed = Int(length - start) + count
        let bytes = max(wanted, (needed + Self.pageBytes - 1) & ~(Self.pageBytes - 1))
        do {
            let memory = try files.mapForWriting(descriptor, start, bytes)
            if memory == nil, window != nil { try files.truncate(descriptor, length) }
            if let old = window { files.unmap(old.memory) }
            window = memory.map { Window(memory: $0, start: start) }
        } catch {
            // What was set aside all the same is given back: `write` goes on at the file's end.
            if let window {
                try? files.truncate(descriptor, window.start + UInt64(window.memory.count))
            } else {
                truncate()
            }
            throw AuditError(error, path: path)
        }
    }

    private static let pageBytes = Int(getpagesize())

    /// Closes the file, without the room that was not used.
    private func closeFile() {
        if let window {
            files.unmap(window.memory)
            self.window = nil
            // What is left are zeros, which readers know for the end.
            try? files.truncate(descriptor, length)
        }
        files.close(descriptor)
    }

    // MARK: Files

    /// Cuts the file back to its last good record.
    private func truncate() {
        do {
            try files.truncate(descriptor, length)
            condition = .ready
        } catch {
            condition = .mustTruncate
        }
    }

    private func repair() throws(AuditError) {
        switch condition {
        case .ready: return
        case .closed: throw .journalClosed(name: name)
        case .mustTruncate:
            do {
                try files.truncate(descriptor, length)
                // What made the write fail may have been a failed fdatasync: do not trust the file further.
                condition = durability == .disk ? .mustReplace : .ready
            } catch {
                throw .journalPoisoned(path: path, code: error.code)
            }
            try repair()
        case .mustReplace:
            try replace()
            condition = .ready
        }
    }

    /// Goes on in a new file when the current one is long enough. A failure is no loss: the current file still works.
    private func rotate() {
        try? replace()
    }

    private func replace() throws(AuditError) {
        let file = try Self.create(
            name: name, generation: generation + 1, directory: directory, files: files, durability: durability)
        closeFile()
        descriptor = file.descriptor
        path = file.path
        generation += 1
        length = UInt64(JournalFormat.headerBytes)
        sequence = 0
        shared.publish(generation: generation, length: length)
        try? openWindow(bytes: windowBytes)
    }

    private static func create(
        name: String, generation: UInt64, directory: String, files: FileOperations, durability: Durability
    ) throws(AuditError) -> (descriptor: Int32, path: String) {
        let path = "\(directory)/\(JournalName.file(name, generation: generation))"
        guard generation <= JournalShare.maximumGeneration else {
            throw .storeFailed(operation: "number a new journal file", path: path, code: 0)
        }
        // A file of this generation can only be what an earlier try left: no writer ever got to use it.
        try files.removeIfPresent(path)
        let descriptor: Int32
        do {
            descriptor = try files.open(path, .createForAppending, 0o600)
        } catch {
            throw AuditError(error, path: path)
        }
        do throws(AuditError) {
            do {
                try files.writeFully(descriptor, JournalFormat.header(generation: generation))
                if durability == .disk { try files.synchronizeData(descriptor) }
            } catch {
                throw AuditError(error, path: path)
            }
            if durability == .disk { try files.synchronizeDirectory(directory) }
        } catch {
            files.close(descriptor)
            _ = try? files.removeIfPresent(path)
            throw error
        }
        return (descriptor, path)
    }
}
