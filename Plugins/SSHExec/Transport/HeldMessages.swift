import NIOCore

/// What may not be sent during a key exchange waits here until it is over (RFC 4253, section 7.1).
///
/// Bounded: the other side decides how long that takes, and until it begins its own part it may ask for answers.
struct HeldMessages {
    static let mostMessages = 1024
    static let mostBytes = 1024 * 1024

    private var messages: [ByteBuffer] = []
    private var bytes = 0

    mutating func append(_ message: ByteBuffer) throws(TransportError) {
        guard messages.count < Self.mostMessages, bytes + message.readableBytes <= Self.mostBytes else {
            throw .violation("Too much waits for a key exchange to end.")
        }
        messages.append(message)
        bytes += message.readableBytes
    }

    /// In the order in which they came.
    mutating func takeAll() -> [ByteBuffer] {
        defer { self = HeldMessages() }
        return messages
    }
}
