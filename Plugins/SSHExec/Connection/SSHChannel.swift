import NIOCore

/// One channel's state: what either side may still send, and what waits (RFC 4254, section 5).
struct SSHChannel {
    enum Opening {
        /// This side has asked, the other has not answered.
        case asked
        /// The other side has asked, this has not answered.
        case offered
        case open
    }

    /// How much the other side may send ahead of what has been consumed.
    static let receiveWindow: UInt32 = 2 * 1024 * 1024
    static let longestPayload: UInt32 = 32 * 1024

    var opening: Opening
    var remoteNumber: UInt32
    /// What the other side takes.
    var sendWindow: UInt32
    var sendLimit: UInt32
    /// What the other side may still send.
    var receiveWindow = Self.receiveWindow
    /// Consumed and not yet given back.
    var consumed: UInt32 = 0
    var hasSentEOF = false
    var hasSentClose = false
    var hasReceivedEOF = false
    var hasReceivedClose = false
    /// What waits for the other side's window.
    var waiting = CircularBuffer<(ChannelStream, ByteBuffer)>()
    var waitingBytes = 0
    /// EOF and close follow what waits.
    var eofFollows = false
    var closeFollows = false
    /// What has to be said after the data that waits, e.g. the exit status.
    var requestsToFollow: [ByteBuffer] = []

    var isOver: Bool { hasSentClose && hasReceivedClose }
}
