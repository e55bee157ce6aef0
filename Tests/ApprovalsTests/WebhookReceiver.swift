import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A chat tool of these tests: an HTTP server on loopback that keeps what it gets and answers as told.
final class WebhookReceiver: Sendable {
    struct Delivery: Sendable {
        let headers: HTTPHeaders
        let path: String
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status: HTTPResponseStatus = .ok
        var headers: HTTPHeaders = [:]
        /// Closes the connection instead of answering.
        var hangsUp = false
    }

    private struct State {
        var deliveries: [Delivery] = []
        var answers: [Answer] = []
    }

    private let state = Mutex(State())
    private let arrivals: AsyncStream<Delivery>
    private let arrived: AsyncStream<Delivery>.Continuation
    private let channel: Mutex<(any Channel)?> = Mutex(nil)
    private let group: any EventLoopGroup

    /// - Parameter answers: In their order; then `200` to all.
    init(_ answers: [Answer] = []) async throws {
        group = MultiThreadedEventLoopGroup.singleton
        (arrivals, arrived) = AsyncStream.makeStream(of: Delivery.self)
        state.withLock { $0.answers = answers }
        let listening = try await ServerBootstrap(group: group)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = listening }
    }

    var url: String { "http://127.0.0.1:\(channel.withLock { $0?.localAddress?.port } ?? 0)/hook" }
    var deliveries: [Delivery] { state.withLock { $0.deliveries } }

    /// The next `count` deliveries.
    func next(_ count: Int) async -> [Delivery] {
        var taken: [Delivery] = []
        for await delivery in arrivals {
            taken.append(delivery)
            if taken.count == count { break }
        }
        return taken
    }

    func stop() async throws { try await channel.withLock { $0.take() }?.close() }

    private func take(_ delivery: Delivery) -> Answer {
        let answer = state.withLock { state in
            state.deliveries.append(delivery)
            return state.answers.isEmpty ? Answer() : state.answers.removeFirst()
        }
        arrived.yield(delivery)
        return answer
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: WebhookReceiver
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ receiver: WebhookReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                let answer = receiver.take(Delivery(headers: head.headers, path: head.uri, body: body))
                guard !answer.hangsUp else { return context.close(promise: nil) }
                var headers = answer.headers
                headers.replaceOrAdd(name: "Content-Length", value: "0")
                context.write(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: answer.status, headers: headers))),
                    promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
