import NIOCore

/// The connection protocol of SSH, the same for both sides (RFC 4254): channels with their windows, and requests.
///
/// Pure: messages go in with `receive`, what has to be sent is taken with `takeOutbound`. Bytes that the other side's
/// window does not take wait here, in order; what comes in has to be consumed before the other side may send more.
struct SSHConnection {
    enum Event {
        case openRequested(ChannelID, ChannelOpening)
        case opened(ChannelID)
        case openFailed(ChannelID, ChannelOpenFailure)
        case request(ChannelID, ChannelRequest)
        /// The answer to the first request of this channel that was not answered yet.
        case answered(ChannelID, success: Bool)
        case data(ChannelID, ChannelStream, ByteBuffer)
        /// Everything that waited has been sent.
        case drained(ChannelID)
        case eof(ChannelID)
        case closed(ChannelID)
        /// The whole message is handed over, for it names what no one knows.
        case globalRequest(type: String, wantsReply: Bool, details: ByteBuffer)
        case globalAnswered(success: Bool)
    }

    /// Of one connection at a time: OpenSSH's `MaxSessions` is 10, multiplexing programs take more.
    static let mostChannels = 256
    /// What may wait of requests' answers.
    private static let mostOutbound = 1024

    private var channels: [ChannelID: SSHChannel] = [:]
    private var nextNumber: UInt32 = 0
    private var outbound: [ByteBuffer] = []
    private var events = CircularBuffer<Event>()

    var openChannels: Int { channels.count }

    mutating func takeOutbound() -> [ByteBuffer] {
        defer { outbound = [] }
        return outbound
    }

    mutating func nextEvent() -> Event? { events.popFirst() }

    // MARK: Asking

    /// Asks the other side for a channel.
    mutating func open(type: String, details: ByteBuffer = ByteBuffer()) -> ChannelID {
        let id = newID()
        channels[id] = SSHChannel(opening: .asked, remoteNumber: 0, sendWindow: 0, sendLimit: 0)
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.channelOpen)
        message.writeSSHText(type)
        message.writeInteger(id.number)
        message.writeInteger(SSHChannel.receiveWindow)
        message.writeInteger(SSHChannel.longestPayload)
        message.writeImmutableBuffer(details)
        outbound.append(message)
        return id
    }

    /// Accepts a channel that the other side has asked for.
    mutating func accept(_ id: ChannelID) {
        guard let channel = channels[id], case .offered = channel.opening else { return }
        channels[id]?.opening = .open
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.channelOpenConfirmation)
        message.writeInteger(channel.remoteNumber)
        message.writeInteger(id.number)
        message.writeInteger(SSHChannel.receiveWindow)
        message.writeInteger(SSHChannel.longestPayload)
        outbound.append(message)
    }

    mutating func refuse(_ id: ChannelID, _ failure: ChannelOpenFailure) {
        guard let channel = channels[id], case .offered = channel.opening else { return }
        channels[id] = nil
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.channelOpenFailure)
        message.writeInteger(channel.remoteNumber)
        message.writeInteger(failure.code)
        message.writeSSHText(failure.text)
        message.writeSSHText("")
        outbound.append(message)
    }

    /// Sends a request on a channel. What it says after the data that still waits, it says after it.
    mutating func sendRequest(_ id: ChannelID, type: String, wantsReply: Bool, details: ByteBuffer = ByteBuffer()) {
        guard let channel = channels[id], case .open = channel.opening, !channel.hasSentClose else { return }
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.channelRequest)
        message.writeInteger(channel.remoteNumber)
        message.writeSSHText(type)
        message.writeSSHBool(wantsReply)
        message.writeImmutableBuffer(details)
        if channel.waiting.isEmpty {
            outbound.append(message)
        } else {
            channels[id]?.requestsToFollow.append(message)
        }
    }

    mutating func answer(_ id: ChannelID, success: Bool) {
        guard let channel = channels[id], !channel.hasSentClose else { return }
        outbound.append(
            message(success ? MessageNumber.channelSuccess : MessageNumber.channelFailure, to: channel))
    }

    mutating func sendGlobalRequest(type: String, wantsReply: Bool) {
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.globalRequest)
        message.writeSSHText(type)
        message.writeSSHBool(wantsReply)
        outbound.append(message)
    }

    mutating func answerGlobalRequest(success: Bool) {
        var message = ByteBuffer()
        message.writeInteger(success ? MessageNumber.requestSuccess : MessageNumber.requestFailure)
        outbound.append(message)
    }

    // MARK: Data

    /// Sends bytes, now as far as the other side's window goes, the rest when it opens.
    mutating func send(_ id: ChannelID, _ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0, var channel = channels[id], case .open = channel.opening, !channel.hasSentEOF,
            !channel.eofFollows, !channel.hasSentClose, !channel.closeFollows
        else { return }
        channel.waiting.append((stream, bytes))
        channel.waitingBytes += bytes.readableBytes
        flush(&channel, id, tells: false)
        channels[id] = channel
    }

    /// What waits for the other side's window.
    func waitingBytes(_ id: ChannelID) -> Int { channels[id]?.waitingBytes ?? 0 }

    mutating func sendEOF(_ id: ChannelID) {
        guard var channel = channels[id], case .open = channel.opening else { return }
        channel.eofFollows = true
        flush(&channel, id, tells: false)
        channels[id] = channel
    }

    /// Closes once everything that waits is sent.
    mutating func close(_ id: ChannelID) {
        guard var channel = channels[id], case .open = channel.opening else { return }
        channel.closeFollows = true
        flush(&channel, id, tells: false)
        channels[id] = channel.isOver ? nil : channel
    }

    /// Closes without what still waits.
    mutating func abort(_ id: ChannelID) {
        channels[id]?.waiting.removeAll()
        channels[id]?.waitingBytes = 0
        channels[id]?.requestsToFollow = []
        close(id)
    }

    /// Lets the other side send as many bytes again.
    mutating func consume(_ id: ChannelID, _ bytes: Int) {
        guard var channel = channels[id] else { return }
        channel.consumed += UInt32(clamping: bytes)
        // A quarter of the window at a time: few messages, and never an empty window for a reader that keeps up.
        if channel.consumed >= SSHChannel.receiveWindow / 4, !channel.hasReceivedEOF, !channel.hasSentClose {
            var adjust = message(MessageNumber.channelWindowAdjust, to: channel)
            adjust.writeInteger(channel.consumed)
            outbound.append(adjust)
            channel.receiveWindow += channel.consumed
            channel.consumed = 0
        }
        channels[id] = channel
    }

    /// - Parameter tells: Whether somebody waits to hear that nothing waits any more.
    private mutating func flush(_ channel: inout SSHChannel, _ id: ChannelID, tells: Bool) {
        let hadWaiting = !channel.waiting.isEmpty
        while channel.sendWindow > 0, let (stream, next) = channel.waiting.popFirst() {
            var bytes = next
            let length = min(bytes.readableBytes, Int(channel.sendWindow), Int(channel.sendLimit))
            guard let piece = bytes.readSlice(length: length) else { break }
            channel.sendWindow -= UInt32(length)
            channel.waitingBytes -= length
            if bytes.readableBytes > 0 { channel.waiting.prepend((stream, bytes)) }
            var message = ByteBuffer()
            message.reserveCapacity(length + 16)
            switch stream {
            case .standard:
                message.writeInteger(MessageNumber.channelData)
                message.writeInteger(channel.remoteNumber)
            case .error:
                message.writeInteger(MessageNumber.channelExtendedData)
                message.writeInteger(channel.remoteNumber)
                message.writeInteger(UInt32(1))
            }
            message.writeSSHString(piece)
            outbound.append(message)
        }
        guard channel.waiting.isEmpty else { return }
        outbound += channel.requestsToFollow
        channel.requestsToFollow = []
        if channel.eofFollows, !channel.hasSentEOF, !channel.hasSentClose {
            channel.hasSentEOF = true
            outbound.append(message(MessageNumber.channelEOF, to: channel))
        }
        if channel.closeFollows, !channel.hasSentClose {
            channel.hasSentClose = true
            outbound.append(message(MessageNumber.channelClose, to: channel))
        }
        if tells, hadWaiting { events.append(.drained(id)) }
    }

    private func message(_ number: UInt8, to channel: SSHChannel) -> ByteBuffer {
        var message = ByteBuffer()
        message.writeInteger(number)
        message.writeInteger(channel.remoteNumber)
        return message
    }

    private mutating func newID() -> ChannelID {
        // Numbers come again after 2^32 channels: one that is still open must not be met.
        while channels[ChannelID(number: nextNumber)] != nil { nextNumber &+= 1 }
        defer { nextNumber &+= 1 }
        return ChannelID(number: nextNumber)
    }

    // MARK: Receiving

    /// - Parameter message: With its number, which is 80 or more.
    /// - Returns: Whether the message is understood; where it is not, the transport says so.
    mutating func receive(_ message: ByteBuffer) throws(TransportError) -> Bool {
        guard outbound.count < Self.mostOutbound else { throw .violation("Too many requests came at once.") }
        var message = message
        switch message.readInteger(as: UInt8.self) {
        case MessageNumber.globalRequest:
            guard let type = message.readSSHText(), let wantsReply = message.readSSHBool() else {
                throw Self.unreadable
            }
            events.append(.globalRequest(type: type, wantsReply: wantsReply, details: message.slice()))
        case MessageNumber.requestSuccess: events.append(.globalAnswered(success: true))
        case MessageNumber.requestFailure: events.append(.globalAnswered(success: false))
        case MessageNumber.channelOpen: try receiveOpen(&message)
        case MessageNumber.channelOpenConfirmation: try receiveConfirmation(&message)
        case MessageNumber.channelOpenFailure: try receiveFailure(&message)
        case MessageNumber.channelWindowAdjust: try receiveAdjust(&message)
        case MessageNumber.channelData: try receiveData(&message, isExtended: false)
        case MessageNumber.channelExtendedData: try receiveData(&message, isExtended: true)
        case MessageNumber.channelEOF:
            try withOpen(&message) { channel, id, events in
                guard !channel.hasReceivedEOF else { return }
                channel.hasReceivedEOF = true
                events.append(.eof(id))
            }
        case MessageNumber.channelClose: try receiveClose(&message)
        case MessageNumber.channelRequest: try receiveRequest(&message)
        case MessageNumber.channelSuccess:
            try withOpen(&message) { _, id, events in events.append(.answered(id, success: true)) }
        case MessageNumber.channelFailure:
            try withOpen(&message) { _, id, events in events.append(.answered(id, success: false)) }
        default: return false
        }
        return true
    }

    private static let unreadable = TransportError.violation("A message about a channel cannot be read.")
    private static let noChannel = TransportError.violation("A message is about a channel that is not open.")

    private func readChannel(_ message: inout ByteBuffer) throws(TransportError) -> (ChannelID, SSHChannel) {
        guard let number = message.readInteger(as: UInt32.self) else { throw Self.unreadable }
        let id = ChannelID(number: number)
        guard let channel = channels[id] else { throw Self.noChannel }
        return (id, channel)
    }

    private mutating func withOpen(
        _ message: inout ByteBuffer, _ body: (inout SSHChannel, ChannelID, inout CircularBuffer<Event>) -> Void
    ) throws(TransportError) {
        var (id, channel) = try readChannel(&message)
        guard case .open = channel.opening, !channel.hasReceivedClose else { throw Self.noChannel }
        body(&channel, id, &events)
        channels[id] = channel
    }

    private mutating func receiveOpen(_ message: inout ByteBuffer) throws(TransportError) {
        guard let type = message.readSSHText(), let number = message.readInteger(as: UInt32.self),
            let window = message.readInteger(as: UInt32.self), let limit = message.readInteger(as: UInt32.self)
        else { throw Self.unreadable }
        let id = newID()
        channels[id] = SSHChannel(
            opening: .offered, remoteNumber: number, sendWindow: window,
            sendLimit: min(max(limit, 1), SSHChannel.longestPayload))
        guard channels.count <= Self.mostChannels else {
            return refuse(id, ChannelOpenFailure(.resourceShortage, "Too many channels are open on this connection."))
        }
        events.append(.openRequested(id, ChannelOpening(type: type, details: message.slice())))
    }

    private mutating func receiveConfirmation(_ message: inout ByteBuffer) throws(TransportError) {
        var (id, channel) = try readChannel(&message)
        guard case .asked = channel.opening, let number = message.readInteger(as: UInt32.self),
            let window = message.readInteger(as: UInt32.self), let limit = message.readInteger(as: UInt32.self)
        else { throw Self.unreadable }
        channel.opening = .open
        channel.remoteNumber = number
        channel.sendWindow = window
        channel.sendLimit = min(max(limit, 1), SSHChannel.longestPayload)
        channels[id] = channel
        events.append(.opened(id))
    }

    private mutating func receiveFailure(_ message: inout ByteBuffer) throws(TransportError) {
        let (id, channel) = try readChannel(&message)
        guard case .asked = channel.opening, let code = message.readInteger(as: UInt32.self),
            let text = message.readSSHText()
        else { throw Self.unreadable }
        channels[id] = nil
        events.append(.openFailed(id, ChannelOpenFailure(code: code, text: String(text.prefix(1024)))))
    }

    private mutating func receiveAdjust(_ message: inout ByteBuffer) throws(TransportError) {
        var (id, channel) = try readChannel(&message)
        guard case .open = channel.opening, let bytes = message.readInteger(as: UInt32.self) else {
            throw Self.unreadable
        }
        let (sum, overflow) = channel.sendWindow.addingReportingOverflow(bytes)
        // RFC 4254, section 5.2: a window never exceeds 2^32 - 1.
        guard !overflow else { throw .violation("A channel's window is too large.") }
        channel.sendWindow = sum
        flush(&channel, id, tells: true)
        channels[id] = channel.isOver ? nil : channel
    }

    private mutating func receiveData(_ message: inout ByteBuffer, isExtended: Bool) throws(TransportError) {
        var (id, channel) = try readChannel(&message)
        var type: UInt32 = 0
        if isExtended {
            guard let read = message.readInteger(as: UInt32.self) else { throw Self.unreadable }
            type = read
        }
        guard let bytes = message.readSSHString() else { throw Self.unreadable }
        guard case .open = channel.opening, !channel.hasReceivedEOF, !channel.hasReceivedClose else {
            throw .violation("Data came for a channel after its end.")
        }
        let length = bytes.readableBytes
        guard length <= Int(channel.receiveWindow) else { throw .violation("More data came than the window allows.") }
        channel.receiveWindow -= UInt32(length)
        channels[id] = channel
        // No other extended data is defined.
        guard type <= 1 else { return consume(id, length) }
        if length > 0 { events.append(.data(id, type == 1 ? .error : .standard, bytes)) }
    }

    private mutating func receiveClose(_ message: inout ByteBuffer) throws(TransportError) {
        var (id, channel) = try readChannel(&message)
        guard case .open = channel.opening, !channel.hasReceivedClose else { throw Self.noChannel }
        channel.hasReceivedClose = true
        channel.hasReceivedEOF = true
        // Whoever has closed reads nothing more.
        channel.waiting.removeAll()
        channel.waitingBytes = 0
        channel.closeFollows = channel.hasSentClose
        channels[id] = channel.isOver ? nil : channel
        events.append(.closed(id))
    }

    private mutating func receiveRequest(_ message: inout ByteBuffer) throws(TransportError) {
        let (id, channel) = try readChannel(&message)
        guard case .open = channel.opening, !channel.hasReceivedClose, let type = message.readSSHText(),
            let wantsReply = message.readSSHBool()
        else { throw Self.unreadable }
        let request = ChannelRequest(type: type, wantsReply: wantsReply, details: message.slice())
        events.append(.request(id, request))
    }
}
