import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP server on loopback that answers as it is told.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        let method: HTTPMethod
        let target: String
        let fields: HTTPHeaders
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status: HTTPResponseStatus = .ok
        var fields: HTTPHeaders = [:]
        var body = ""
    }

    /// Follows no redirects, as the gateway's do not. A client that goes away without having been shut down traps; this
    /// one lives as long as the process.
    static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

    private let server: any Channel

    init(_ answer: @escaping @Sendable (Request) -> Answer) async throws {
        server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(server.localAddress?.port ?? 0)" }

    func stop() async throws { try await server.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Answer
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ answer: @escaping @Sendable (Request) -> Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                respond(
                    answer(Request(method: head.method, target: head.uri, fields: head.headers, body: body)),
                    context)
            }
        }

        private func respond(_ answer: Answer, _ context: ChannelHandlerContext) {
            var fields = answer.fields
            fields.replaceOrAdd(name: "Content-Length", value: "\(answer.body.utf8.count)")
            // The client keeps no connection to a server whose port the next one may get.
            fields.replaceOrAdd(name: "Connection", value: "close")
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: answer.status, headers: fields))), promise: nil)
            if !answer.body.isEmpty {
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
