import Foundation

/// Writes lines to standard output in large pieces; for output that has a million lines.
struct LineWriter {
    private var buffer = Data()

    mutating func write(_ line: [UInt8]) throws {
        buffer.append(contentsOf: line)
        buffer.append(0x0a)
        if buffer.count > 1 << 16 { try flush() }
    }

    mutating func flush() throws {
        // Also when it fails: the reader (`head`, a pager) has gone, or the disk is full, and it is not tried again.
        defer { buffer.removeAll(keepingCapacity: true) }
        try StandardStreams.output(buffer)
    }
}
