import NIOCore

/// The beginning of what a caller saw, for the recording of the session.
struct OutputCapture {
    private static let limit = 64 * 1024

    private var bytes: [UInt8] = []
    private(set) var isTruncated = false

    mutating func add(_ buffer: ByteBuffer) {
        let room = Self.limit - bytes.count
        guard buffer.readableBytes > 0 else { return }
        bytes.append(contentsOf: buffer.readableBytesView.prefix(room))
        if buffer.readableBytes > room { isTruncated = true }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}
