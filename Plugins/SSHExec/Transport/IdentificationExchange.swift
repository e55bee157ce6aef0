import NIOCore

/// Reads the line with which the other side says what it speaks (RFC 4253, section 4.2).
struct IdentificationExchange {
    /// With the line's end: more than RFC 4253 allows is no SSH.
    private static let longestLine = 255
    /// What a server may say before it, which a client has to skip.
    private static let longestPreface = 16 * 1024

    private let mayHavePreface: Bool
    private var prefaceBytes = 0

    /// - Parameter mayHavePreface: Whether other lines may come first: from a server, never from a client.
    init(mayHavePreface: Bool) { self.mayHavePreface = mayHavePreface }

    /// The line without its end, once it is there.
    mutating func read(from buffer: inout ByteBuffer) throws(TransportError) -> String? {
        while let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            let length = end - buffer.readerIndex
            guard var line = buffer.readSlice(length: length) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            guard line.readableBytesView.starts(with: "SSH-".utf8) else {
                guard mayHavePreface else { throw Self.notSSH }
                prefaceBytes += length + 1
                guard prefaceBytes <= Self.longestPreface else { throw Self.notSSH }
                continue
            }
            guard length < Self.longestLine, line.readableBytesView.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
                throw Self.notSSH
            }
            let text = String(buffer: line)
            guard text.hasPrefix("SSH-2.0-") || text.hasPrefix("SSH-1.99-") else {
                throw TransportError(
                    .protocolVersionNotSupported, "This side speaks SSH 2.0 and no other version of the protocol.")
            }
            return text
        }
        guard buffer.readableBytes < (mayHavePreface ? Self.longestPreface : Self.longestLine) else {
            throw Self.notSSH
        }
        if !mayHavePreface, !"SSH-".utf8.starts(with: buffer.readableBytesView.prefix(4)) { throw Self.notSSH }
        return nil
    }

    private static let notSSH = TransportError(
        .protocolVersionNotSupported, "What came is not an SSH identification string (RFC 4253, section 4.2).")
}
