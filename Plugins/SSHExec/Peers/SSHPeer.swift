import NIOCore

/// What happens on a connection, for whoever it belongs to.
protocol SSHPeerDelegate: AnyObject {
    /// The first keys are in use; a client looks at the host's key now.
    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?)
    /// A message of signing in, or one that must not come before it is over.
    func peer(_ peer: SSHPeer, received message: ByteBuffer)
    func peer(_ peer: SSHPeer, received event: SSHConnection.Event)
    /// What was written is on its way: more may be sent.
    func peerBecameWritable(_ peer: SSHPeer)
    /// Once, whatever the cause.
    func peer(_ peer: SSHPeer, ended reason: String)
}

/// One side of the gateway: the transport and the channels of a connection, on its event loop.
final class SSHPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What is written is given up when the other side takes nothing for this long after the end.
    private static let farewell = TimeAmount.seconds(5)
    /// How long the other side may take for a key exchange, in which much waits for it.
    static let keyExchangeTimeout = TimeAmount.seconds(60)
    /// How much is written at once, and how much may lie before the socket. All else waits in its channel, where small
    /// pieces are put together and the windows of those whom it comes from bound it.
    private static let longestWrite = 128 * 1024
    private static let waterMarks = ChannelOptions.Types.WriteBufferWaterMark(low: 64 * 1024, high: 256 * 1024)

    let channel: any Channel
    private(set) var transport: SSHTransport
    var connection = SSHConnection()
    weak var delegate: (any SSHPeerDelegate)?
    /// Whether channels may be spoken of.
    var isAuthenticated = false
    /// When something of a channel last came or was sent. What only keeps a connection alive counts for nothing.
    private(set) var lastActivity = NIODeadline.now()
    private let writeTimeout: TimeAmount
    private let keyExchangeTimeout: TimeAmount
    /// How much was given to the channel.
    private var writtenBytes = 0
    /// Both while the channel takes nothing more.
    private var progress: WriteProgress?
    private var stalled: Scheduled<Void>?
    /// For the exchange of that number.
    private var exchangeDeadline: (number: Int, timer: Scheduled<Void>)?
    private var isFlushScheduled = false
    private var isReading = true
    private var isClosing = false
    private var hasEnded = false
    /// Whoever pauses it has to let it go on; meanwhile nothing is taken out of what has come.
    private var isPaused = false

    /// - Parameter writeTimeout: The other side has to take something of what is written at least that often.
    init(
        _ channel: any Channel, _ transport: SSHTransport, writeTimeout: TimeAmount,
        keyExchangeTimeout: TimeAmount = SSHPeer.keyExchangeTimeout
    ) {
        self.channel = channel
        self.transport = transport
        self.writeTimeout = writeTimeout
        self.keyExchangeTimeout = keyExchangeTimeout
    }

    var eventLoop: any EventLoop { channel.eventLoop }
    var isWritable: Bool { channel.isWritable && !transport.isExchangingKeys }
    var isEnded: Bool { hasEnded || isClosing }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        flush()
        context.fireChannelActive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        try? channel.syncOptions?.setOption(.writeBufferWaterMark, value: Self.waterMarks)
        if context.channel.isActive { flush() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        transport.append(unwrapInboundIn(data))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) { flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if channel.isWritable {
            stalled?.cancel()
            stalled = nil
            delegate?.peerBecameWritable(self)
            // Not at once: this comes in the middle of a write.
            setNeedsFlush()
        } else if stalled == nil, !hasEnded {
            progress = WriteProgress(patience: writeTimeout, taken: takenBytes, at: eventLoop.now)
            watchProgress()
        }
        regulate()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        end("the connection was closed")
    }

    /// A connection that is closed before it became active is told of nothing else.
    func handlerRemoved(context: ChannelHandlerContext) {
        end("the connection was closed")
    }

    /// Whoever does not read what is written is not read from either: its requests would pile up answers.
    private func regulate() {
        let wants = channel.isWritable && !isPaused
        guard wants != isReading, !isClosing else { return }
        isReading = wants
        try? channel.syncOptions?.setOption(.autoRead, value: wants)
    }

    /// Stops taking messages, e.g. while a token is verified.
    func pause() {
        isPaused = true
        regulate()
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        regulate()
        process()
        flush()
    }

    private func process() {
        let wasExchangingKeys = transport.isExchangingKeys
        do throws(TransportError) {
            while !isPaused, !isEnded, let event = try transport.next() { try handle(event) }
        } catch {
            fail(error)
        }
        // What waited for new keys may go on.
        if wasExchangingKeys, isWritable, !isEnded { delegate?.peerBecameWritable(self) }
    }

    private func handle(_ event: SSHTransport.Event) throws(TransportError) {
        switch event {
        case .keysExchanged(let hostKey, _): delegate?.peer(self, exchangedKeys: hostKey)
        case .disconnected(_, let message):
            end(message.isEmpty ? "the other side disconnected" : "the other side disconnected: \(message)")
            channel.close(promise: nil)
        case .message(let message):
            let number = message.getInteger(at: message.readerIndex, as: UInt8.self) ?? 0
            guard isAuthenticated, number >= MessageNumber.firstOfConnectionProtocol else {
                delegate?.peer(self, received: message)
                return
            }
            if MessageNumber.channels.contains(number) { lastActivity = .now() }
            if !connection.takesAnswers { flush() }
            if try !connection.receive(message) { try transport.sendUnimplemented() }
            report()
        }
    }

    private func report() {
        while let event = connection.nextEvent() { delegate?.peer(self, received: event) }
    }

    // MARK: Sending

    /// Sends a message that belongs to no channel.
    func send(_ message: ByteBuffer) {
        guard !isEnded else { return }
        do throws(TransportError) {
            try transport.send(message)
            setNeedsFlush()
        } catch {
            fail(error)
        }
    }

    func sendUnimplemented() {
        try? transport.sendUnimplemented()
        setNeedsFlush()
    }

    /// Writes soon, together with whatever else happens until then.
    func setNeedsFlush() {
        guard !isFlushScheduled, !hasEnded else { return }
        isFlushScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.flush() }
    }

    func flush() {
        isFlushScheduled = false
        guard !isEnded else { return }
        do throws(TransportError) {
            repeat {
                if channel.isWritable { try collect() }
                guard let bytes = transport.takeOutbound() else { break }
                writtenBytes += bytes.readableBytes
                channel.writeAndFlush(bytes, promise: nil)
            } while channel.isWritable && !isEnded
        } catch {
            return fail(error)
        }
        if !isEnded { report() }
        watchKeyExchange()
    }

    /// Gives the transport what it can send. What waits for new keys waits in its channel.
    private func collect() throws(TransportError) {
        while !transport.isEnded, !transport.isExchangingKeys, transport.outboundBytes < Self.longestWrite,
            let message = connection.nextOutbound()
        {
            if message.getInteger(at: message.readerIndex).map(MessageNumber.channels.contains) == true {
                lastActivity = .now()
            }
            try transport.send(message)
        }
    }

    // MARK: Time

    private var bufferedBytes: Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// How much has left the gateway.
    private var takenBytes: Int { writtenBytes - bufferedBytes }

    private func watchProgress() {
        guard let next = progress?.nextLook else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        stalled = eventLoop.scheduleTask(in: next) { bound.value.lookAtProgress() }
    }

    private func lookAtProgress() {
        guard progress?.isStalled(taken: takenBytes, at: eventLoop.now) == true else { return watchProgress() }
        end("the other side takes nothing any more")
        channel.close(mode: .all, promise: nil)
    }

    private func watchKeyExchange() {
        guard transport.isExchangingKeys, !isEnded else {
            exchangeDeadline?.timer.cancel()
            exchangeDeadline = nil
            return
        }
        guard exchangeDeadline?.number != transport.exchangesBegun else { return }
        exchangeDeadline?.timer.cancel()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let timer = eventLoop.scheduleTask(in: keyExchangeTimeout) { bound.value.keyExchangeTookLong() }
        exchangeDeadline = (transport.exchangesBegun, timer)
    }

    private func keyExchangeTookLong() {
        exchangeDeadline = nil
        // Who has not got all of it yet has its time from the write timeout.
        guard bufferedBytes == 0 else { return watchKeyExchange() }
        disconnect(.keyExchangeFailed, "The key exchange took too long.")
    }

    // MARK: Ending

    private func fail(_ error: TransportError) {
        disconnect(error.reason, error.message)
    }

    /// Says goodbye with a reason, and closes once it has left.
    func disconnect(_ reason: DisconnectReason, _ text: String) {
        guard !isClosing else { return }
        try? collect()
        transport.disconnect(reason, text)
        isClosing = true
        // First: the channel may close within the write, and for another reason then.
        end(text)
        if let bytes = transport.takeOutbound() { channel.write(bytes, promise: nil) }
        let channel = channel
        let impatience = eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            impatience.cancel()
            channel.close(promise: nil)
        }
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        stalled?.cancel()
        exchangeDeadline?.timer.cancel()
        delegate?.peer(self, ended: reason)
    }
}
