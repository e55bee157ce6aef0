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
        do {
            try FileHandle.standardOutput.write(contentsOf: buffer)
            buffer.removeAll(keepingCapacity: true)
        } catch {
            // The reader (`head`, a pager) has gone, or the disk is full; either way there is nobody to write to.
            throw CommandFailure("the output cannot be written: \(error)", status: .unavailable)
        }
    }
}
