/// Reads the records of one journal file in order, in bounded memory.
struct JournalScanner: ~Copyable {
    enum Step: ~Copyable {
        /// A whole record; the bytes are the entry's and valid until the next step.
        case record(UnsafeRawBufferPointer)
        /// All records were read.
        case end
        /// What stands at the cursor is no whole record.
        case invalid
    }

    /// Where the next record starts.
    private(set) var cursor: JournalCursor
    let path: String
    private let files: FileOperations
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    /// The part of the buffer that holds bytes not consumed yet.
    private var window = 0..<0
    private var windowOffset: UInt64

    /// Opens the file of `cursor.generation`; `nil` when there is none.
    init?(
        name: String, cursor: JournalCursor, directory: String, files: FileOperations,
        bufferBytes: Int = 1 << 18
    ) throws(AuditError) {
        path = "\(directory)/\(JournalName.file(name, generation: cursor.generation))"
        self.files = files
        self.cursor = cursor
        windowOffset = cursor.offset
        guard try files.statusIfPresent(path) != nil else { return nil }
        do {
            descriptor = try files.open(path, .read, 0)
        } catch {
            throw AuditError(error, path: path)
        }
        buffer = .allocate(byteCount: max(bufferBytes, 2 * JournalFormat.maximumRecordBytes), alignment: 16)
    }

    deinit {
        files.close(descriptor)
        buffer.deallocate()
    }

    /// How far a file is to be read.
    struct Extent {
        /// Records lie wholly below.
        let end: UInt64
        /// From here on there are only zeros: room that was set aside and never used.
        let endOfData: UInt64

        /// As far as the writer says that it got.
        static func committed(_ length: UInt64) -> Extent { Extent(end: length, endOfData: length) }
    }

    /// All of the file.
    func whole() throws(AuditError) -> Extent {
        let end = try fileSize()
        var endOfData = min(cursor.offset, end)
        var position = endOfData
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { piece.deallocate() }
        do {
            while position < end {
                let count = try files.read(descriptor, piece, position)
                if count == 0 { break }
                if let last = piece[..<count].lastIndex(where: { $0 != 0 }) { endOfData = position + UInt64(last) + 1 }
                position += UInt64(count)
            }
        } catch {
            throw AuditError(error, path: path)
        }
        return Extent(end: end, endOfData: endOfData)
    }

    private func fileSize() throws(AuditError) -> UInt64 {
        do { return try files.size(descriptor) } catch { throw AuditError(error, path: path) }
    }

    /// Reads the next record.
    mutating func next(_ extent: Extent) throws(AuditError) -> Step {
        let limit = extent.end
        if cursor.offset == 0 {
            guard limit > 0 else { return .end }
            try fill(limit: limit, wanted: JournalFormat.headerBytes)
            let header = UnsafeRawBufferPointer(rebasing: buffer[window])
            guard JournalFormat.isHeader(header, generation: cursor.generation) else { return .invalid }
            consume(JournalFormat.headerBytes)
        }
        guard cursor.offset < extent.endOfData else { return .end }
        var wanted = JournalFormat.recordHeaderBytes
        while true {
            try fill(limit: limit, wanted: wanted)
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[window])
            if bytes.isEmpty { return .invalid }
            switch JournalFormat.parse(bytes, sequence: cursor.sequence) {
            case .record(let count):
                let entry = bytes[JournalFormat.recordHeaderBytes..<(JournalFormat.recordHeaderBytes + count)]
                consume(JournalFormat.recordHeaderBytes + count)
                cursor.sequence += 1
                return .record(UnsafeRawBufferPointer(rebasing: entry))
            case .incomplete(let count):
                // Asked for that much already and did not get it: the file ends within the record.
                guard count > wanted || bytes.count >= wanted else { return .invalid }
                if count == wanted { return .invalid }
                wanted = count
            case .invalid: return .invalid
            }
        }
    }

    /// Whether a whole record stands anywhere behind the invalid bytes at the cursor.
    mutating func recordFollows() throws(AuditError) -> Bool {
        let end = try fileSize()
        var from = 1
        while true {
            try fill(limit: end, wanted: buffer.count)
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[window])
            if JournalFormat.holdsRecord(bytes, from: from, sequence: cursor.sequence) { return true }
            guard windowOffset + UInt64(window.upperBound) < end, bytes.count > JournalFormat.maximumRecordBytes else {
                return false
            }
            // Keeps the last part, in which a record may have begun that the buffer did not hold whole.
            window = (window.upperBound - JournalFormat.maximumRecordBytes)..<window.upperBound
            from = 0
        }
    }

    private mutating func consume(_ count: Int) {
        cursor.offset += UInt64(count)
        window = (window.lowerBound + count)..<window.upperBound
    }

    /// Sees to it that the window has `wanted` bytes, or all that there are below `limit`.
    private mutating func fill(limit: UInt64, wanted: Int) throws(AuditError) {
        guard window.count < wanted else { return }
        // `windowOffset` is the file offset of the buffer's first byte.
        if window.lowerBound > 0 {
            let kept = window.count
            buffer.baseAddress!.copyMemory(
                from: buffer.baseAddress! + window.lowerBound, byteCount: kept)
            windowOffset += UInt64(window.lowerBound)
            window = 0..<kept
        }
        while window.count < buffer.count {
            let position = windowOffset + UInt64(window.upperBound)
            guard position < limit else { return }
            let room = min(buffer.count - window.upperBound, Int(limit - position))
            let target = UnsafeMutableRawBufferPointer(
                rebasing: buffer[window.upperBound..<(window.upperBound + room)])
            let count: Int
            do {
                count = try files.read(descriptor, target, position)
            } catch {
                throw AuditError(error, path: path)
            }
            if count == 0 { return }
            window = window.lowerBound..<(window.upperBound + count)
        }
    }
}
