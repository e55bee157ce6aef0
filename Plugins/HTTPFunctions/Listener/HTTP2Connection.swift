import NIOCore
import NIOHTTP2

/// What the streams of one HTTP/2 connection share, and how the connection ends.
final class HTTP2Connection: ChannelInboundHandler, Sweepable, DrainableConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let services: LoopServices
    let options: ListenerOptions
    let sessions: CallerSessions
    private var context: ChannelHandlerContext?
    private var streams = 0
    private var isDraining = false
    private var idleSince = NIODeadline.now()
    /// Until when the last bytes must be out.
    private var deadline: NIODeadline?

    init(services: LoopServices, options: ListenerOptions, sessions: CallerSessions) {
        self.services = services
        self.options = options
        self.sessions = sessions
    }

    /// NIOHTTP2's own limits stay in force: resets and faulty frames beyond a rate end the connection.
    static func settings(_ options: ListenerOptions) -> HTTP2Settings {
        [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 100),
            HTTP2Setting(parameter: .maxHeaderListSize, value: options.headLimit),
            HTTP2Setting(parameter: .enableConnectProtocol, value: 0),
        ]
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        services.add(self)
        services.sweeper.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        services.remove(self)
        services.sweeper.remove(self)
    }

    func streamOpened() { streams += 1 }

    func streamClosed() {
        streams -= 1
        idleSince = .now()
        if streams == 0, isDraining { closeWhenWritten() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        sessions.close(reason: "the caller disconnected")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A fault of one stream is told to that stream; only the connection's own end it.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    /// Tells the caller to open no more streams (RFC 9113 section 6.8) and lets those that are open end.
    func drain() {
        guard !isDraining, let context else { return }
        isDraining = true
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        if streams == 0 { closeWhenWritten() }
    }

    /// The last answer may still be on its way out: what is written now is written after it.
    private func closeWhenWritten() {
        guard let context else { return }
        let last = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
        deadline = .now() + options.writeTimeout
        context.writeAndFlush(wrapOutboundOut(last)).assumeIsolated().whenComplete { _ in self.close() }
    }

    func close() { context?.close(promise: nil) }

    func sweep(at now: NIODeadline) {
        if let deadline, deadline < now { return close() }
        if streams == 0, idleSince + options.idleTimeout < now {
            drain()
        }
    }
}
