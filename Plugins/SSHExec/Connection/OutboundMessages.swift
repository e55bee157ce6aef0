import NIOCore

/// The messages of a connection that wait for no window, in order, until they are sent.
///
/// The other side decides how fast they go. What it asks for, and what somebody asks it for, is therefore bounded.
struct OutboundMessages {
    enum Kind {
        /// Caused by what the other side has asked for.
        case answer
        case request
        /// Bounded by the number of channels and by what they carry.
        case other
    }

    private static let mostAnswers = 1024
    private static let mostRequests = 16 * 1024
    private static let mostRequestBytes = 8 * 1024 * 1024

    private var messages = CircularBuffer<(kind: Kind, message: ByteBuffer)>()
    private var answers = 0
    private var requests = 0
    private var requestBytes = 0

    var takesAnswers: Bool { answers < Self.mostAnswers }
    var takesRequests: Bool { requests < Self.mostRequests && requestBytes < Self.mostRequestBytes }

    mutating func append(_ message: ByteBuffer, _ kind: Kind) {
        count(message, kind, by: 1)
        messages.append((kind, message))
    }

    mutating func popFirst() -> ByteBuffer? {
        guard let (kind, message) = messages.popFirst() else { return nil }
        count(message, kind, by: -1)
        return message
    }

    private mutating func count(_ message: ByteBuffer, _ kind: Kind, by sign: Int) {
        switch kind {
        case .answer: answers += sign
        case .request:
            requests += sign
            requestBytes += sign * message.readableBytes
        case .other: break
        }
    }
}
