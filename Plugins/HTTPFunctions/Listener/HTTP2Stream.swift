import NIOCore
import NIOHPACK
import NIOHTTP2

/// One request of an HTTP/2 connection, on a stream's own channel.
final class HTTP2Stream: ChannelInboundHandler, Sweepable {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let services: LoopServices
    private let options: ListenerOptions
    private let sessions: CallerSessions
    private weak var connection: HTTP2Connection?
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    /// Bytes of body that `content-length` promises and that have not come.
    private var expectedLength: Int?
    private var receivedLength = 0
    private var isRequestWhole = false
    private var isEnded = false
    private var deadlines = CallerDeadlines()

    init(connection: HTTP2Connection) {
        services = connection.services
        options = connection.options
        sessions = connection.sessions
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        services.sweeper.add(self)
        connection?.streamOpened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        services.sweeper.remove(self)
        connection?.streamClosed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        switch unwrapInboundIn(data) {
        case .headers(let headers): receive(headers)
        case .data(let data):
            guard case .byteBuffer(let chunk) = data.data else { return }
            receivedLength += chunk.readableBytes
            deadlines.expectBytes(within: options.bodyTimeout)
            if let expectedLength, receivedLength > expectedLength { return refuse(.lengthMismatch) }
            if chunk.readableBytes > 0 { exchange?.receiveBody(chunk) }
            if data.endStream { receiveEnd() }
        default: break
        }
    }

    private func receive(_ headers: HTTP2Frame.FramePayload.Headers) {
        // A second block of fields is trailers, which nothing may depend on.
        guard exchange == nil else {
            if headers.endStream { receiveEnd() }
            return
        }
        isRequestWhole = headers.endStream
        do throws(MessageError) {
            let head = try HTTP2Head.read(headers.headers, endsStream: headers.endStream, options: options)
            if case .length(let length) = head.framing { expectedLength = length }
            let exchange = Exchange(head: head, peer: self, sessions: sessions, options: options)
            self.exchange = exchange
            if !headers.endStream { deadlines.expectBody(options) }
            exchange.start()
            if headers.endStream { self.exchange?.receiveEnd() }
        } catch {
            refuse(error)
        }
    }

    private func receiveEnd() {
        guard !isRequestWhole, !isEnded else { return }
        if let expectedLength, receivedLength != expectedLength { return refuse(.lengthMismatch) }
        isRequestWhole = true
        deadlines.expectNothing()
        exchange?.receiveEnd()
    }

    private func refuse(_ error: MessageError) {
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

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        deadlines.writabilityChanged(isWritable, within: options.writeTimeout)
        if isWritable { exchange?.writabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave(sessions.endOfCalls("the caller gave the request up"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func leave(_ reason: String) {
        exchange?.callerLeft(reason)
        exchange = nil
    }

    func sweep(at now: NIODeadline) {
        switch deadlines.missed(at: now) {
        case .sending? where !isRequestWhole: refuse(.bodyTimeout)
        case .sending?, nil: break
        case .taking?:
            leave("the caller stopped taking its answer")
            abort()
        }
    }
}

extension HTTP2Stream: ExchangePeer {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func sendContinue() {
        let headers = HPACKHeaders([(":status", "100")])
        context?.writeAndFlush(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
    }

    func send(_ head: AnswerHead, _ body: CallerBytes, isLast: Bool) {
        var headers = HPACKHeaders()
        headers.reserveCapacity(16)
        headers.add(name: ":status", value: "\(head.status)")
        var hasBody = true
        switch head.length {
        case .none: hasBody = false
        case .withoutBody(let length):
            hasBody = false
            headers.add(name: "content-length", value: "\(length)")
        case .known(let length): headers.add(name: "content-length", value: "\(length)")
        case .open: break
        }
        Self.add(head.lines, to: &headers)
        let endsHere = isLast && (!hasBody || body.isEmpty)
        context?.write(
            wrapOutboundOut(.headers(.init(headers: headers, endStream: endsHere))),
            promise: endsHere ? endOfAnswer() : nil)
        if hasBody, !body.isEmpty { write(body, isLast: isLast) }
        if isLast { ended() }
    }

    func send(_ body: CallerBytes, isLast: Bool) {
        if isLast || !body.isEmpty { write(body, isLast: isLast) }
        if isLast { ended() }
    }

    private func write(_ body: CallerBytes, isLast: Bool) {
        context?.write(
            wrapOutboundOut(.data(.init(data: .byteBuffer(body.buffer), endStream: isLast))),
            promise: isLast ? endOfAnswer() : nil)
    }

    /// For the answer's last frame. Once that is out nothing more is wanted of a request that is not whole (RFC 9113
    /// section 8.1); a reset any earlier would throw away what flow control still holds back.
    private func endOfAnswer() -> EventLoopPromise<Void>? {
        guard !isRequestWhole, let context else { return nil }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            self.context?.writeAndFlush(self.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
        return promise
    }

    private func ended() {
        exchange = nil
        isEnded = true
        deadlines.expectNothing()
    }

    func flush() { context?.flush() }

    func abort() {
        exchange = nil
        isEnded = true
        context?.writeAndFlush(wrapOutboundOut(.rstStream(.internalError)), promise: nil)
    }

    /// Field names are in lower case in HTTP/2.
    private static func add(_ lines: ByteBuffer, to headers: inout HPACKHeaders) {
        for line in lines.readableBytesView.split(separator: 0x0a) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon].lazy.map(\.asciiLowercased), as: UTF8.self)
            let value = line[line.index(after: colon)...].dropFirst().dropLast()
            headers.add(name: name, value: String(decoding: value, as: UTF8.self))
        }
    }
}
