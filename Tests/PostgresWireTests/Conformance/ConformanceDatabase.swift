import AdapterTestKit
import NIOCore
import NIOPosix

@testable import PostgresWire

/// A server that speaks PostgreSQL's protocol and has one table for each kind of the kit's commands. It answers what
/// the kit asks for; real databases have their own suites.
final class ConformanceDatabase: Sendable {
    let port: Int
    private let server: any Channel
    private let connections: OpenChannels

    init(_ eventLoops: any EventLoopGroup, _ witness: UpstreamWitness) async throws {
        let connections = OpenChannels()
        self.connections = connections
        server = try await ServerBootstrap(group: eventLoops)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatabaseHandler(witness, connections))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = server.localAddress?.port ?? 0
    }

    func hangUp() async { await connections.hangUp() }

    func stop() async throws {
        try await server.close()
        await hangUp()
    }
}

private final class DatabaseHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The table's number, and its columns.
    private static let masked: UInt32 = 16_400
    private static let columns = ["said", "ssn", "note"]

    private let witness: UpstreamWitness
    private let connections: OpenChannels
    private var received = ByteBuffer()
    private var hasStarted = false
    private var password = ""
    /// What the Parse of the gateway's own questions asked for.
    private var asked = ""

    init(_ witness: UpstreamWitness, _ connections: OpenChannels) {
        self.witness = witness
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) { connections.add(context.channel) }
    func channelInactive(context: ChannelHandlerContext) { connections.remove(context.channel) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        if !hasStarted {
            guard let length = received.getInteger(at: received.readerIndex, as: Int32.self),
                let packet = received.readSlice(length: Int(length))
            else { return }
            guard packet.getInteger(at: packet.readerIndex + 4, as: UInt32.self) == 196_608 else {
                return context.close(promise: nil)
            }
            hasStarted = true
            send(Authentication.message(3), context)
        }
        while let type = received.getInteger(at: received.readerIndex, as: UInt8.self),
            let length = received.getInteger(at: received.readerIndex + 1, as: Int32.self),
            let frame = received.readSlice(length: Int(length) + 1)
        {
            handle(type, frame.getSlice(at: frame.readerIndex + 5, length: Int(length) - 4) ?? ByteBuffer(), context)
        }
    }

    private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func handle(_ type: UInt8, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        let text = String(buffer: payload).split(separator: "\0").joined(separator: " ")
        var answer = ByteBuffer()
        switch type {
        case MessageCode.password:
            password = text
            answer = Authentication.ok
            answer.writeImmutableBuffer(ParameterStatus.message("client_encoding", "UTF8"))
            answer.writeImmutableBuffer(ParameterStatus.message("standard_conforming_strings", "on"))
            answer.writeImmutableBuffer(BackendKeyData(processID: 1, secret: [1, 2, 3, 4]).message)
            answer.writeImmutableBuffer(ReadyForQuery.message(.idle))
        case MessageCode.query:
            guard let shown = query(text, &answer) else { return }
            return write(answer, by: shown, to: context.channel)
        case MessageCode.parse:
            asked = text
            answer.writeMessage(MessageCode.parseComplete) { _ in }
        case MessageCode.bind: answer.writeMessage(MessageCode.bindComplete) { _ in }
        case MessageCode.describe: Self.describe(asked.contains("pg_attribute") ? 9 : 0, &answer)
        case MessageCode.execute:
            if asked.contains("pg_attribute") {
                for (index, name) in Self.columns.enumerated() {
                    Self.row(
                        ["\(Self.masked)", "public", "masked", "\(index + 1)", name, "25", "f", nil, "f"], &answer)
                }
            }
            Self.complete(&answer)
        case MessageCode.sync: answer = ReadyForQuery.message(.idle)
        case MessageCode.terminate: return context.close(promise: nil)
        default: break
        }
        send(answer, context)
    }

    /// - Returns: By how many bytes the answer goes out; `nil` for none at all.
    private func query(_ text: String, _ answer: inout ByteBuffer) -> Int? {
        var piece = Int.max
        if text == SearchPath.query {
            Self.describe(1, &answer)
            Self.row(["public"], &answer)
        } else if let command = witness.received("\(password) \(text)") {
            if command.kind == .unanswered { return nil }
            piece = command.pieceBytes
            Self.describe(3, &answer, table: command.kind == .masked ? Self.masked : 0)
            let isMasked = command.kind == .masked
            let note = isMasked ? "SSN \(command.regulated) is on file" : nil
            Self.row([command.marker, isMasked ? command.regulated : nil, note], &answer)
        }
        Self.complete(&answer)
        answer.writeImmutableBuffer(ReadyForQuery.message(.idle))
        return piece
    }

    private static func describe(_ count: Int, _ answer: inout ByteBuffer, table: UInt32 = 0) {
        answer.writeMessage(MessageCode.rowDescription) {
            $0.writeInteger(Int16(count))
            for index in 0..<count {
                $0.writeProtocolString(index < columns.count ? columns[index] : "c\(index)")
                $0.writeInteger(table)
                $0.writeInteger(Int16(table == 0 ? 0 : index + 1))
                $0.writeMultipleIntegers(UInt32(25), Int16(-1), Int32(-1), Int16(0))
            }
        }
    }

    private static func row(_ values: [String?], _ answer: inout ByteBuffer) {
        answer.writeMessage(MessageCode.dataRow) {
            $0.writeInteger(Int16(values.count))
            for value in values {
                $0.writeInteger(Int32(value?.utf8.count ?? -1))
                $0.writeString(value ?? "")
            }
        }
    }

    private static func complete(_ answer: inout ByteBuffer) {
        answer.writeMessage(MessageCode.commandComplete) { $0.writeProtocolString("SELECT 1") }
    }

    /// The next piece once this one is out, each in a turn of the loop of its own, so that they arrive in pieces.
    private func write(_ bytes: ByteBuffer, by size: Int, to channel: any Channel) {
        var rest = bytes
        guard let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 else { return }
        let left = rest
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.writeAndFlush(piece).whenSuccess {
            channel.eventLoop.execute { bound.value.write(left, by: size, to: channel) }
        }
    }
}
