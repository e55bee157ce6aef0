import NIOCore
import NIOSSL

/// A caller's HTTP/1.1 connection: one exchange after the other, in the order of the requests.
final class HTTP1Connection: ChannelDuplexHandler, Sweepable, DrainableConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Between requests, or in the middle of a head.
        case head
        case body(BodyDecoder)
        /// The request is whole, its answer is not.
        case answering
        /// The last answer is out; what still arrives is thrown away until the caller closes.
        case lingering
    }

    /// Bytes of later requests that are kept while one is answered.
    private static let pipelineLimit = 65_536
    /// How long a caller may go on sending after an answer that ends the connection.
    private static let lingerTime = TimeAmount.seconds(2)

    private let services: LoopServices
    private let options: ListenerOptions
    private let sessions: CallerSessions
    private var context: ChannelHandlerContext?
    private var phase = Phase.head
    private var parser: RequestParser
    private var buffer = ByteBuffer()
    private var exchange: Exchange?
    private var writer = AnswerWriter()
    private var version = RequestHead.Version.http11
    private var keepsAlive = true
    private var isParsing = false
    private var isReading = false
    private var needsFlush = false
    private var readWaits = false
    private var deadlines = CallerDeadlines()
    private var hasHeadDeadline = false

    init(services: LoopServices, options: ListenerOptions, sessions: CallerSessions) {
        self.services = services
        self.options = options
        self.sessions = sessions
        parser = RequestParser(targetLimit: options.targetLimit, headLimit: options.headLimit)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        services.add(self)
        services.sweeper.add(self)
        deadlines.expectBytes(within: options.idleTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        services.remove(self)
        services.sweeper.remove(self)
    }

    func read(context: ChannelHandlerContext) {
        if buffer.readableBytes > Self.pipelineLimit, case .answering = phase {
            readWaits = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .lingering = phase { return }
        var incoming = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { buffer = incoming } else { buffer.writeBuffer(&incoming) }
        isReading = true
        parse()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if needsFlush {
            needsFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        deadlines.writabilityChanged(isWritable, within: options.writeTimeout)
        if isWritable { exchange?.writabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave(sessions.endOfCalls("the caller closed the connection"))
        sessions.close(reason: "the caller disconnected")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func leave(_ reason: String) {
        exchange?.callerLeft(reason)
        exchange = nil
    }

    // MARK: Requests

    private func parse() {
        guard !isParsing else { return }
        isParsing = true
        defer { isParsing = false }
        do throws(MessageError) {
            while try parseNext() {}
        } catch {
            refuse(error)
        }
    }

    /// - Returns: Whether there may be more to parse.
    private func parseNext() throws(MessageError) -> Bool {
        switch phase {
        case .head:
            guard let head = try parser.next(&buffer) else {
                awaitHead()
                return false
            }
            begin(head)
            return true
        case .body(var decoder):
            let event = try decoder.next(&buffer)
            phase = .body(decoder)
            switch event {
            case .needsMore: return false
            case .data(let chunk):
                deadlines.expectBytes(within: options.bodyTimeout)
                exchange?.receiveBody(chunk)
            case .end:
                phase = .answering
                deadlines.expectNothing()
                exchange?.receiveEnd()
            }
            return true
        case .answering, .lingering: return false
        }
    }

    private func begin(_ head: RequestHead) {
        hasHeadDeadline = false
        version = head.version
        keepsAlive = head.keepsAlive && !services.isDraining
        let decoder = BodyDecoder(head.framing)
        if decoder.isDone { deadlines.expectNothing() } else { deadlines.expectBody(options) }
        phase = decoder.isDone ? .answering : .body(decoder)
        let exchange = Exchange(head: head, peer: self, sessions: sessions, options: options)
        self.exchange = exchange
        exchange.start()
        if decoder.isDone { exchange.receiveEnd() }
    }

    /// A head that has begun has one deadline, which further bytes do not move.
    private func awaitHead() {
        guard parser.isInsideHead, !hasHeadDeadline else { return }
        hasHeadDeadline = true
        deadlines.expectBytes(within: options.headTimeout)
    }

    /// The request cannot be read: it is answered, and nothing after it on this connection is believed.
    private func refuse(_ error: MessageError) {
        keepsAlive = false
        if let exchange {
            exchange.answer(.problem(error))
        } else {
            let answer = GatewayAnswer.problem(error)
            var lines = ByteBuffer()
            lines.writeField("Content-Type", answer.contentType)
            for field in answer.fields { lines.writeField(field.name, field.value) }
            send(
                AnswerHead(status: answer.status, lines: lines, length: .known(answer.body.readableBytes)),
                CallerBytes(answer), isLast: true)
            flush()
        }
    }

    // MARK: Ending

    private func exchangeEnded() {
        exchange = nil
        // An answer before the request's end: the rest of the request must not be read as another request.
        if case .body = phase { keepsAlive = false }
        guard keepsAlive, !services.isDraining else { return closeLingering() }
        phase = .head
        deadlines.expectNothing()
        deadlines.expectBytes(within: options.idleTimeout)
        if readWaits {
            readWaits = false
            context?.read()
        }
        // Called from within the parser, its loop goes on; else a pipelined request may be waiting.
        if buffer.readableBytes > 0, !isParsing { parse() }
    }

    /// Closes for writing and lets the caller finish: a reset would destroy the answer on its way (RFC 9112 section 9.6).
    private func closeLingering() {
        phase = .lingering
        buffer.clear()
        deadlines.expectNothing()
        deadlines.expectBytes(within: options.writeTimeout)
        needsFlush = false
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.deadlines.expectBytes(within: Self.lingerTime)
            self.context?.close(mode: .output, promise: nil)
        }
        if readWaits {
            readWaits = false
            context.read()
        }
    }

    func drain() {
        if case .head = phase, !parser.isInsideHead { close() }
    }

    func close() { context?.close(promise: nil) }

    func sweep(at now: NIODeadline) {
        switch (deadlines.missed(at: now), phase) {
        case (nil, _), (.sending, .answering): break
        case (.sending, .head) where parser.isInsideHead: refuse(.headTimeout)
        case (.sending, .body): refuse(.bodyTimeout)
        case (.sending, .head), (.sending, .lingering): close()
        case (.taking, _):
            leave("the caller stopped taking its answer")
            close()
        }
    }
}

extension HTTP1Connection: ExchangePeer {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func sendContinue() {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    func send(_ head: AnswerHead, _ body: CallerBytes, isLast: Bool) {
        if case .body = phase, isLast { keepsAlive = false }
        if services.isDraining { keepsAlive = false }
        let (first, second) = writer.head(
            head, body: body.buffer, isLast: isLast, version: version, keepsAlive: &keepsAlive)
        write(first, second, isLast: isLast)
    }

    func send(_ body: CallerBytes, isLast: Bool) {
        let (first, second) = writer.body(body.buffer, isLast: isLast)
        write(first, second, isLast: isLast)
    }

    private func write(_ first: ByteBuffer, _ second: ByteBuffer?, isLast: Bool) {
        guard let context else { return }
        if first.readableBytes > 0 { context.write(wrapOutboundOut(first), promise: nil) }
        if let second { context.write(wrapOutboundOut(second), promise: nil) }
        if isLast { exchangeEnded() }
    }

    func flush() {
        // While a read is handled its end flushes, so that answers to pipelined requests leave together.
        if isReading { needsFlush = true } else { context?.flush() }
    }

    /// Chunked answers lack their last chunk, others are shorter than their length: both are visibly cut. Where the
    /// end of the connection is the end of the answer, only a reset tells the caller (RFC 9112 section 8).
    func abort() {
        exchange = nil
        guard let context else { return }
        guard writer.framing == .untilClose else { return context.close(promise: nil) }
        context.channel.resetOnClose()
        // TLS would say farewell, which is how an answer that is whole ends: the socket is closed below it.
        let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        (tls ?? context).close(promise: nil)
    }
}
