import AdapterTestKit
import Foundation
import GatewayCore
import HTTPFunctions
import Masking
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import Synchronization

/// Tries the HTTP adapter: commands are calls of functions by name, with the marker in a query parameter.
final class HTTPDriver: AdapterDriver {
    enum Version: CaseIterable { case http1, http2 }

    /// What callers speak.
    let version: Version
    let adapter: any ProtocolAdapter.Type = HTTPFunctionsAdapter.self
    let credential: String? = "the-functions-own-secret"
    let eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    private let secret = "\(NSTemporaryDirectory())sallyport-conformance-\(UUID().uuidString)"
    private let state = Mutex(State())

    private struct State {
        var gateway: SocketAddress?
        var upstream: ConformanceUpstream?
        /// The client's connection that waits for an answer.
        var waiting: (any Channel)?
    }

    init(_ version: Version) { self.version = version }

    func condition(for kind: ScriptedCommand.Kind) -> String? { "resource.name == \"\(Self.function(kind))\"" }

    let maskingRules = [
        MaskingRule(selector: .field("ssn"), transform: .redact),
        MaskingRule(selector: .detector(.ssn), transform: .keepLast(2)),
    ]

    private static func function(_ kind: ScriptedCommand.Kind) -> String { "\(kind)" }

    func startUpstream(_ witness: UpstreamWitness) async throws -> DriverConfiguration {
        let upstream = try await ConformanceUpstream(eventLoops, witness)
        state.withLock { $0.upstream = upstream }
        try credential?.write(toFile: secret, atomically: true, encoding: .utf8)
        return DriverConfiguration(
            listener: "listen: \"127.0.0.1:0\"",
            target: """
                url: "http://127.0.0.1:\(upstream.port)"
                host: functions.example
                credential: {type: header, name: X-Api-Key, value: "file:\(secret)"}
                """)
    }

    func adapterStarted(_ adapter: any ProtocolAdapter) async throws {
        guard let adapter = adapter as? HTTPFunctionsAdapter else { return }
        while adapter.addresses.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        state.withLock { $0.gateway = adapter.addresses.first }
    }

    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer {
        guard let address = state.withLock({ $0.gateway }) else { throw ChannelError.unknownLocalAddress }
        let answer = eventLoops.next().makePromise(of: ClientAnswer.self)
        let (connection, channel) =
            switch version {
            case .http1: try await connect(to: address, answer)
            case .http2: try await openStream(to: address, answer)
            }
        if command.kind == .unanswered { state.withLock { $0.waiting = connection } }
        let (head, body) = Self.request(command, token: token)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let answered = try await answer.futureResult.get()
        try? await connection.close()
        return answered
    }

    private func connect(
        to address: SocketAddress, _ answer: EventLoopPromise<ClientAnswer>
    ) async throws -> (connection: any Channel, channel: any Channel) {
        let channel = try await ClientBootstrap(group: eventLoops)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(WholeAnswer(answer))
                }
            }
            .connect(to: address).get()
        return (channel, channel)
    }

    /// A stream of a connection of its own, with prior knowledge.
    private func openStream(
        to address: SocketAddress, _ answer: EventLoopPromise<ClientAnswer>
    ) async throws -> (connection: any Channel, channel: any Channel) {
        let connection = try await ClientBootstrap(group: eventLoops)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                }
            }
            .connect(to: address).get()
        let multiplexer = try await connection.eventLoop.submit {
            try connection.pipeline.syncOperations.handler(type: NIOHTTP2Handler.self).syncMultiplexer()
        }.get()
        let stream = try await multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .http))
                try stream.pipeline.syncOperations.addHandler(WholeAnswer(answer))
            }
        }.get()
        return (connection, stream)
    }

    private static func request(_ command: ScriptedCommand, token: String?) -> (HTTPRequestHead, body: String) {
        let isMasked = command.kind == .masked
        let named = isMasked ? ",\"ssn\":\"\(command.named)\"" : ""
        let body = command.kind == .opaque ? "\u{1}\u{2}\u{3}" : "{\"amount\":5\(named)}"
        let query = "marker=\(command.marker)\(isMasked ? "&ssn=\(command.named)" : "")"
        var head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: "/\(function(command.kind))?\(query)",
            headers: [
                "Host": "functions.example", "Connection": "close", "Content-Length": "\(body.utf8.count)",
                "Content-Type": command.kind == .opaque ? "application/octet-stream" : "application/json",
            ])
        if let token { head.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let words = command.justification { head.headers.add(name: "Sallyport-Justification", value: words) }
        return (head, body)
    }

    func cut(_ side: ScriptedCommand.Side) async throws {
        switch side {
        case .caller: try await state.withLock { $0.waiting }?.close()
        case .upstream: await state.withLock { $0.upstream }?.hangUp()
        }
    }

    func stop() async throws {
        try FileManager.default.removeItem(atPath: secret)
        try await state.withLock { $0.upstream }?.stop()
    }
}

/// Collects an answer, its chunks put together, until it ends or the peer closes.
private final class WholeAnswer: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<ClientAnswer>
    private var status: UInt?
    private var text = ""

    init(_ answer: EventLoopPromise<ClientAnswer>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = head.status.code
            text = "\(head)\n"
        case .body(let body): text += String(buffer: body)
        case .end:
            switch status {
            case 200: answer.succeed(ClientAnswer(.answered, text))
            case 202: answer.succeed(ClientAnswer(.pending, text))
            default:
                let isProblem = text.contains("application/problem+json")
                answer.succeed(ClientAnswer(isProblem ? .refused : .broken, text))
            }
        }
    }

    // Without effect once the answer was whole.
    func channelInactive(context: ChannelHandlerContext) { answer.succeed(ClientAnswer(.broken, text)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
