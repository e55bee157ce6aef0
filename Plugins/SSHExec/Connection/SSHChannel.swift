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

    static let longestPayload: UInt32 = 32 * 1024
    /// RFC 4254 names no least size of the other side's packets; one of single bytes would have each byte cost a packet.
    static let shortestPayload: UInt32 = 256
    /// What may wait although the other side's window takes it: it is sent in a moment.
    private static let mostAhead = 256 * 1024
    private static let mostToFollow = 64

    var opening: Opening
    var remoteNumber: UInt32 = 0
    /// What the other side takes.
    var sendWindow: UInt32 = 0
    var sendLimit: UInt32 = 0
    var receiveWindow = ReceiveWindow()
    var hasSentEOF = false
    var hasSentClose = false
    var hasReceivedEOF = false
    var hasReceivedClose = false
    var output = ChannelOutput()
    /// Whether more was given than `takesMore` wants: whoever gave it waits to hear that it has gone.
    var isFull = false
    /// Whether it stands among those that have something to send.
    var isReady = false
    /// EOF and close follow what waits.
    var eofFollows = false
    var closeFollows = false
    /// What has to be said after the data that waits, e.g. the exit status.
    private(set) var requestsToFollow: [ByteBuffer] = []

    init(_ opening: Opening) { self.opening = opening }

    var isOver: Bool { hasSentClose && hasReceivedClose }

    var takesData: Bool { opening == .open && !eofFollows && !closeFollows && !hasSentClose && !hasReceivedClose }

    /// Whether data can be sent now.
    var hasDataToSend: Bool { !output.isEmpty && sendWindow > 0 }

    /// Whether what waits is no more than the other side takes, and not much.
    var takesMore: Bool { output.count <= min(Int(sendWindow), Self.mostAhead) }

    mutating func append(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        output.append(stream, bytes)
        if !takesMore { isFull = true }
    }

    /// - Returns: Whether there is room for it.
    mutating func follow(with request: ByteBuffer) -> Bool {
        guard requestsToFollow.count < Self.mostToFollow else { return false }
        requestsToFollow.append(request)
        return true
    }

    mutating func takeRequestsToFollow() -> [ByteBuffer] {
        defer { requestsToFollow = [] }
        return requestsToFollow
    }

    /// The next message of what waits, as far as the other side takes it.
    mutating func nextData() -> ByteBuffer? {
        guard let (stream, bytes) = output.read(atMost: Int(min(sendWindow, sendLimit))) else { return nil }
        sendWindow -= UInt32(bytes.readableBytes)
        var message = ByteBuffer()
        message.reserveCapacity(bytes.readableBytes + 16)
        switch stream {
        case .standard:
            message.writeInteger(MessageNumber.channelData)
            message.writeInteger(remoteNumber)
        case .error:
            message.writeInteger(MessageNumber.channelExtendedData)
            message.writeInteger(remoteNumber)
            message.writeInteger(ChannelStream.errorDataType)
        }
        message.writeSSHString(bytes)
        return message
    }
}
