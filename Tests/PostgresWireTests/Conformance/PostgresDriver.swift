import AdapterTestKit
import Foundation
import GatewayCore
import Masking
import NIOCore
import NIOPosix
import StrictJSON
import Synchronization

@testable import PostgresWire

/// Tries the PostgreSQL adapter: commands are queries of a table for each kind, with the marker in a literal.
final class PostgresDriver: AdapterDriver {
    let adapter: any ProtocolAdapter.Type = PostgresWireAdapter.self
    let credential: String? = "the-databases-own-secret"
    let eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    private let secret = "\(NSTemporaryDirectory())sallyport-conformance-\(UUID().uuidString)"
    private let state = Mutex(State())

    private struct State {
        var gateway: SocketAddress?
        var database: ConformanceDatabase?
        /// The client's connection that waits for an answer.
        var waiting: (any Channel)?
    }

    func condition(for kind: ScriptedCommand.Kind) -> String? {
        "resource has name && resource.name == \"public.\(Self.table(kind))\""
    }

    /// Everybody may connect and say why, so that the kit's commands are what is decided about.
    var furtherPolicy: String {
        "permit (principal, action in [Action::\"sql.connect\", Action::\"sql.set\"], resource);"
    }

    let maskingRules = [
        MaskingRule(selector: .field("ssn"), transform: .redact),
        MaskingRule(selector: .detector(.ssn), transform: .keepLast(2)),
    ]

    private static func table(_ kind: ScriptedCommand.Kind) -> String { "\(kind)".lowercased() }

    func startUpstream(_ witness: UpstreamWitness) async throws -> DriverConfiguration {
        let database = try await ConformanceDatabase(eventLoops, witness)
        state.withLock { $0.database = database }
        try credential?.write(toFile: secret, atomically: true, encoding: .utf8)
        chmod(secret, 0o600)
        return DriverConfiguration(
            listener: "listen: \"127.0.0.1:0\"",
            target: """
                connection: {host: 127.0.0.1, port: "\(database.port)", dbname: kit, user: gate, sslmode: disable}
                password: "file:\(secret)"
                """)
    }

    func adapterStarted(_ adapter: any ProtocolAdapter) async throws {
        guard let adapter = adapter as? PostgresWireAdapter else { return }
        while adapter.addresses.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        state.withLock { $0.gateway = adapter.addresses.first }
    }

    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer {
        guard let address = state.withLock({ $0.gateway }) else { throw ChannelError.unknownLocalAddress }
        let answer = eventLoops.next().makePromise(of: ClientAnswer.self)
        let statements = Self.statements(command)
        let channel = try await ClientBootstrap(group: eventLoops)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Client(user: Self.user(of: token), token: token ?? "", statements: statements, answer))
                }
            }
            .connect(to: address).get()
        if command.kind == .unanswered { state.withLock { $0.waiting = channel } }
        let answered = try await answer.futureResult.get()
        // Until the gateway has seen it too: a statement that waits for an approval would get it else, for nobody.
        let patience = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        try? await channel.close(mode: .output)
        try? await channel.closeFuture.get()
        patience.cancel()
        return answered
    }

    private static func statements(_ command: ScriptedCommand) -> [String] {
        let named = command.kind == .masked ? "ssn = '\(command.named)' AND " : ""
        let statement =
            command.kind == .opaque
            ? "SELEC '\(command.marker)'"
            : "SELECT said, ssn, note FROM \(table(command.kind)) WHERE \(named)said = '\(command.marker)'"
        return (command.justification.map { ["SET sallyport.justification = '\($0)'"] } ?? []) + [statement]
    }

    /// Whom the token is for; clients have to name somebody.
    private static func user(of token: String?) -> String {
        let parts = (token ?? "").split(separator: ".")
        var text = parts.count == 3 ? String(parts[1]) : ""
        text = text.replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        let claims = Data(base64Encoded: text).flatMap { try? JSONValue(parsing: Array($0)) }
        return claims?["sub"]?.string ?? "nobody"
    }

    func cut(_ side: ScriptedCommand.Side) async throws {
        switch side {
        case .caller: try await state.withLock { $0.waiting }?.close()
        case .upstream: await state.withLock { $0.database }?.hangUp()
        }
    }

    func stop() async throws {
        try FileManager.default.removeItem(atPath: secret)
        try await state.withLock { $0.database }?.stop()
    }
}

/// Signs in, sends its statements one after the other, and collects all that it is told.
private final class Client: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let user: String
    private let token: String
    private var statements: [String]
    private let answer: EventLoopPromise<ClientAnswer>
    private var received = ByteBuffer()
    private var text = ""
    private var result = ClientAnswer.Result.answered

    init(user: String, token: String, statements: [String], _ answer: EventLoopPromise<ClientAnswer>) {
        self.user = user
        self.token = token
        self.statements = statements
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        var packet = ByteBuffer()
        packet.writeInteger(Int32(196_608))
        for word in ["user", user, "database", "kit", ""] { packet.writeProtocolString(word) }
        var bytes = ByteBuffer(integer: Int32(packet.readableBytes + 4))
        bytes.writeImmutableBuffer(packet)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        while let type = received.getInteger(at: received.readerIndex, as: UInt8.self),
            let length = received.getInteger(at: received.readerIndex + 1, as: Int32.self),
            let frame = received.readSlice(length: Int(length) + 1)
        {
            handle(type, frame.getSlice(at: frame.readerIndex + 5, length: Int(length) - 4) ?? ByteBuffer(), context)
        }
    }

    private func handle(_ type: UInt8, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        text += "\(Character(Unicode.Scalar(type))) \(String(buffer: payload))\n"
        switch type {
        case MessageCode.authentication where payload.getInteger(at: payload.readerIndex, as: Int32.self) == 3:
            var bytes = ByteBuffer()
            bytes.writeMessage(MessageCode.password) { $0.writeProtocolString(token) }
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case MessageCode.errorResponse: result = .refused
        case MessageCode.noticeResponse where text.contains("waits for approval"):
            answer.succeed(ClientAnswer(.pending, text))
        case MessageCode.readyForQuery:
            guard result == .answered, !statements.isEmpty else { return answer.succeed(ClientAnswer(result, text)) }
            context.writeAndFlush(wrapOutboundOut(Query.message(statements.removeFirst())), promise: nil)
        default: break
        }
    }

    // Without effect once the answer was whole.
    func channelInactive(context: ChannelHandlerContext) {
        answer.succeed(ClientAnswer(result == .refused ? .refused : .broken, text))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
