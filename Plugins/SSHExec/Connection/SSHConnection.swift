import NIOCore

/// The connection protocol of SSH, the same for both sides (RFC 4254): channels with their windows, and requests.
///
/// Pure: messages go in with `receive`, what has to be sent is taken with `nextOutbound`, as fast as the other side takes
/// it. Bytes wait here until then, in order; what comes in has to be consumed before the other side may send more.
struct SSHConnection {
    enum Event {
        case openRequested(ChannelID, ChannelOpening)
        case opened(ChannelID)
        case openFailed(ChannelID, ChannelOpenFailure)
        case request(ChannelID, ChannelRequest)
        /// The answer to the first request of this channel that was not answered yet.
        case answered(ChannelID, success: Bool)
        case data(ChannelID, ChannelStream, ByteBuffer)
        /// More had been given than the other side took, and everything has been sent now.
        case drained(ChannelID)
        case eof(ChannelID)
        case closed(ChannelID)
        /// The whole message is handed over, for it names what no one knows.
        case globalRequest(type: String, wantsReply: Bool, details: ByteBuffer)
        case globalAnswered(success: Bool)
    }

    /// Of one connection at a time: OpenSSH's `MaxSessions` is 10, multiplexing programs take more.
    static let mostChannels = 256
    /// What the windows of all channels come to, beyond the size with which each begins.
    static let widestWindows = 32 * 1024 * 1024
    /// What may wait in all channels. Windows of those whom it comes from bound it too, but only while they are open.
    static let mostWaiting = 64 * 1024 * 1024
    /// What a channel's type may add to its opening. It is kept while policy decides; names of hosts are not longer.
    private static let longestOpening = 4096

    private var channels: [ChannelID: SSHChannel] = [:]
    private var nextNumber: UInt32 = 0
    private var outbound = OutboundMessages()
    /// Those that have data to send: each once, and each gets its turn.
    private var ready = CircularBuffer<ChannelID>()
    private(set) var waiting = 0
    private var events = CircularBuffer<Event>()

    var openChannels: Int { channels.count }

    mutating func nextEvent() -> Event? { events.popFirst() }

    /// What has to be sent next.
    mutating func nextOutbound() -> ByteBuffer? {
        if let message = outbound.popFirst() { return message }
        while let id = ready.popFirst() {
            guard let before = channels[id]?.output.count else { continue }
            channels[id]?.isReady = false
            guard let message = channels[id]?.nextData() else { continue }
            waiting -= before - waitingBytes(id)
            makeReady(id)
            settle(id)
            return message
        }
        return nil
    }

    /// Whether another request of the other side can be answered before what was said is sent.
    var takesAnswers: Bool { outbound.takesAnswers }

    // MARK: Asking

    /// Asks the other side for a channel. Closed before it is open, it only closes.
    mutating func open(type: String, details: ByteBuffer = ByteBuffer()) -> ChannelID {
        let id = newID()
        guard channels.count < Self.mostChannels else {
            events.append(.openFailed(id, Self.tooManyChannels))
            return id
        }
        let channel = SSHChannel(.asked)
        channels[id] = channel
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.channelOpen)
        message.writeSSHText(type)
        message.writeInteger(id.number)
        message.writeInteger(channel.receiveWindow.size)
        message.writeInteger(SSHChannel.longestPayload)
        message.writeImmutableBuffer(details)
        outbound.append(message, .other)
        return id
    }

    private static let tooManyChannels = ChannelOpenFailure(
        .resourceShortage, "Too many channels are open on this connection.")

    /// Accepts a channel that the other side has asked for.
    mutating func accept(_ id: ChannelID) {
        guard var channel = channels[id], channel.opening == .offered else { return }
        channel.opening = .open
        channels[id] = channel
        var message = message(MessageNumber.channelOpenConfirmation, to: channel.remoteNumber)
        message.writeInteger(id.number)
        message.writeInteger(channel.receiveWindow.size)
        message.writeInteger(SSHChannel.longestPayload)
        outbound.append(message, .answer)
    }

    mutating func refuse(_ id: ChannelID, _ failure: ChannelOpenFailure) {
        guard let channel = channels[id], channel.opening == .offered else { return }
        channels[id] = nil
        refuse(remoteNumber: channel.remoteNumber, failure)
    }

    private mutating func refuse(remoteNumber: UInt32, _ failure: ChannelOpenFailure) {
        var message = message(MessageNumber.channelOpenFailure, to: remoteNumber)
        message.writeInteger(failure.code)
        message.writeSSHText(failure.text)
        message.writeSSHText("")
        outbound.append(message, .answer)
    }

    /// What says how the output ended comes after it. All else goes at once: no window holds a request back (RFC 4254,
    /// section 5.2), and a signal is for a program that does not read.
    private static let requestsAfterData: Set = ["exit-status", "exit-signal", "eow@openssh.com"]

    /// Sends a request on a channel. A channel of which more is asked than the other side takes is closed.
    mutating func sendRequest(_ id: ChannelID, type: String, wantsReply: Bool, details: ByteBuffer = ByteBuffer()) {
        guard let channel = channels[id], channel.opening == .open, !channel.hasSentClose else { return }
        var request = message(MessageNumber.channelRequest, to: channel.remoteNumber)
        request.writeSSHText(type)
        request.writeSSHBool(wantsReply)
        request.writeImmutableBuffer(details)
        if !channel.output.isEmpty, Self.requestsAfterData.contains(type) {
            if channels[id]?.follow(with: request) != true { abort(id) }
        } else if outbound.takesRequests {
            outbound.append(request, .request)
        } else {
            abort(id)
        }
    }

    mutating func answer(_ id: ChannelID, success: Bool) {
        guard let channel = channels[id], channel.opening == .open, !channel.hasSentClose else { return }
        let number = success ? MessageNumber.channelSuccess : MessageNumber.channelFailure
        outbound.append(message(number, to: channel.remoteNumber), .answer)
    }

    /// Sends a request that belongs to no channel, unless the other side has not taken many others yet.
    mutating func sendGlobalRequest(type: String, wantsReply: Bool) {
        guard outbound.takesRequests else { return }
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.globalRequest)
        message.writeSSHText(type)
        message.writeSSHBool(wantsReply)
        outbound.append(message, .request)
    }

    mutating func answerGlobalRequest(success: Bool) {
        outbound.append(
            ByteBuffer(integer: success ? MessageNumber.requestSuccess : MessageNumber.requestFailure), .answer)
    }

    // MARK: Data

    /// Sends bytes, as fast as the other side takes them.
    mutating func send(_ id: ChannelID, _ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0, channels[id]?.takesData == true else { return }
        guard waiting + bytes.readableBytes <= Self.mostWaiting else { return abort(id) }
        waiting += bytes.readableBytes
        channels[id]?.append(stream, bytes)
        makeReady(id)
    }

    /// What has not been sent yet.
    func waitingBytes(_ id: ChannelID) -> Int { channels[id]?.output.count ?? 0 }

    /// Whether what waits is no more than the other side takes. Where it is more, `drained` says that it has gone.
    func takesMore(_ id: ChannelID) -> Bool { channels[id]?.takesMore ?? true }

    mutating func sendEOF(_ id: ChannelID) {
        guard channels[id]?.opening == .open else { return }
        channels[id]?.eofFollows = true
        settle(id)
    }

    /// Closes once everything that waits is sent; of a channel that is not open yet, takes back the wish for it.
    mutating func close(_ id: ChannelID) {
        switch channels[id]?.opening {
        case .asked, .open:
            channels[id]?.closeFollows = true
            settle(id)
        case .offered: refuse(id, ChannelOpenFailure(.connectFailed, "It was given up before it was open."))
        case nil: return
        }
    }

    /// Closes without what still waits.
    mutating func abort(_ id: ChannelID) {
        dropOutput(id)
        close(id)
    }

    private mutating func dropOutput(_ id: ChannelID) {
        waiting -= waitingBytes(id)
        channels[id]?.output = ChannelOutput()
        _ = channels[id]?.takeRequestsToFollow()
    }

    /// Lets the other side send as many bytes again.
    mutating func consume(_ id: ChannelID, _ bytes: Int) {
        guard var channel = channels[id] else { return }
        let more = channel.receiveWindow.consume(bytes, room: roomForWindows)
        channels[id]?.receiveWindow = channel.receiveWindow
        guard let more, !channel.hasReceivedEOF, !channel.hasSentClose else { return }
        var adjust = message(MessageNumber.channelWindowAdjust, to: channel.remoteNumber)
        adjust.writeInteger(more)
        outbound.append(adjust, .other)
    }

    private var roomForWindows: Int {
        max(0, Self.widestWindows - channels.values.reduce(0) { $0 + Int($1.receiveWindow.size) })
    }

    private mutating func makeReady(_ id: ChannelID) {
        guard let channel = channels[id], !channel.isReady, channel.hasDataToSend else { return }
        channels[id]?.isReady = true
        ready.append(id)
    }

    /// Says what comes after the data, once none waits.
    private mutating func settle(_ id: ChannelID) {
        guard var channel = channels[id], channel.opening == .open, channel.output.isEmpty else { return }
        for request in channel.takeRequestsToFollow() { outbound.append(request, .request) }
        if channel.eofFollows, !channel.hasSentEOF, !channel.hasSentClose {
            channel.hasSentEOF = true
            outbound.append(message(MessageNumber.channelEOF, to: channel.remoteNumber), .other)
        }
        if channel.closeFollows, !channel.hasSentClose {
            channel.hasSentClose = true
            outbound.append(message(MessageNumber.channelClose, to: channel.remoteNumber), .other)
        }
        if channel.isFull {
            channel.isFull = false
            events.append(.drained(id))
        }
        channels[id] = channel.isOver ? nil : channel
    }

    private func message(_ number: UInt8, to remoteNumber: UInt32) -> ByteBuffer {
        var message = ByteBuffer()
        message.writeInteger(number)
        message.writeInteger(remoteNumber)
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
        guard let message = try ConnectionMessage(message) else { return false }
        switch message {
        case .globalRequest(let type, let wantsReply, let details):
            try expectRoom(wantsReply)
            events.append(.globalRequest(type: type, wantsReply: wantsReply, details: details))
        case .globalAnswer(let success): events.append(.globalAnswered(success: success))
        case .open(let opening, let sender):
            try expectRoom(true)
            receiveOpen(opening, sender)
        case .confirmation(let id, let sender): try receiveConfirmation(id, sender)
        case .failure(let id, let failure): try receiveFailure(id, failure)
        case .windowAdjust(let id, let bytes): try receiveAdjust(id, bytes)
        case .data(let id, let stream, let bytes): try receiveData(id, stream, bytes)
        case .eof(let id):
            guard try !openChannel(id).hasReceivedEOF else { return true }
            channels[id]?.hasReceivedEOF = true
            events.append(.eof(id))
        case .close(let id): try receiveClose(id)
        case .request(let id, let request):
            try expectRoom(request.wantsReply)
            _ = try openChannel(id)
            events.append(.request(id, request))
        case .answer(let id, let success):
            _ = try openChannel(id)
            events.append(.answered(id, success: success))
        }
        return true
    }

    private func expectRoom(_ wantsReply: Bool) throws(TransportError) {
        guard !wantsReply || takesAnswers else { throw .violation("Too many requests came at once.") }
    }

    private static let noChannel = TransportError.violation("A message is about a channel that is not open.")
    private static let notAsked = TransportError.violation("A channel is answered that nobody has asked for.")

    /// A channel that the other side has not closed.
    private func openChannel(_ id: ChannelID) throws(TransportError) -> SSHChannel {
        guard let channel = channels[id], channel.opening == .open, !channel.hasReceivedClose else {
            throw Self.noChannel
        }
        return channel
    }

    private mutating func receiveOpen(_ opening: ChannelOpening, _ sender: ConnectionMessage.SenderChannel) {
        var failure: ChannelOpenFailure?
        if channels.count >= Self.mostChannels { failure = Self.tooManyChannels }
        if sender.longestPayload < SSHChannel.shortestPayload {
            failure = ChannelOpenFailure(
                .resourceShortage, "A channel's packets have to hold \(SSHChannel.shortestPayload) bytes at least.")
        }
        if opening.details.readableBytes > Self.longestOpening {
            failure = ChannelOpenFailure(.resourceShortage, "The opening of the channel says too much.")
        }
        if let failure { return refuse(remoteNumber: sender.number, failure) }
        let id = newID()
        var channel = SSHChannel(.offered)
        channel.take(sender)
        channels[id] = channel
        events.append(.openRequested(id, opening))
    }

    private mutating func receiveConfirmation(
        _ id: ChannelID, _ sender: ConnectionMessage.SenderChannel
    ) throws(TransportError) {
        guard var channel = channels[id], channel.opening == .asked else { throw Self.notAsked }
        guard sender.longestPayload >= SSHChannel.shortestPayload else {
            throw .violation("A channel's packets are too small.")
        }
        channel.opening = .open
        channel.take(sender)
        channels[id] = channel
        // Nobody wants it any more: it is closed at once, and nobody hears that it was open.
        if channel.closeFollows { settle(id) } else { events.append(.opened(id)) }
    }

    private mutating func receiveFailure(_ id: ChannelID, _ failure: ChannelOpenFailure) throws(TransportError) {
        guard let channel = channels[id], channel.opening == .asked else { throw Self.notAsked }
        channels[id] = nil
        events.append(channel.closeFollows ? .closed(id) : .openFailed(id, failure))
    }

    private mutating func receiveAdjust(_ id: ChannelID, _ bytes: UInt32) throws(TransportError) {
        let (sum, overflow) = try openChannel(id).sendWindow.addingReportingOverflow(bytes)
        // RFC 4254, section 5.2: a window never exceeds 2^32 - 1.
        guard !overflow else { throw .violation("A channel's window is too large.") }
        channels[id]?.sendWindow = sum
        makeReady(id)
    }

    private mutating func receiveData(
        _ id: ChannelID, _ stream: ChannelStream?, _ bytes: ByteBuffer
    ) throws(TransportError) {
        guard try !openChannel(id).hasReceivedEOF else { throw .violation("Data came for a channel after its end.") }
        guard channels[id]?.receiveWindow.take(bytes.readableBytes) == true else {
            throw .violation("More data came than the window allows.")
        }
        guard let stream else { return consume(id, bytes.readableBytes) }
        if bytes.readableBytes > 0 { events.append(.data(id, stream, bytes)) }
    }

    private mutating func receiveClose(_ id: ChannelID) throws(TransportError) {
        _ = try openChannel(id)
        // Whoever has closed reads nothing more.
        dropOutput(id)
        guard var channel = channels[id] else { return }
        channel.isFull = false
        channel.hasReceivedClose = true
        channel.hasReceivedEOF = true
        channel.closeFollows = channel.hasSentClose
        channels[id] = channel.isOver ? nil : channel
        events.append(.closed(id))
    }
}

extension SSHChannel {
    /// What the other side has said of its own end.
    fileprivate mutating func take(_ sender: ConnectionMessage.SenderChannel) {
        remoteNumber = sender.number
        sendWindow = sender.window
        sendLimit = min(sender.longestPayload, Self.longestPayload)
    }
}
