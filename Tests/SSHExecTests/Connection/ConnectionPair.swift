import NIOCore
import Testing

@testable import SSHExec

/// Both ends of a connection in memory.
struct ConnectionPair {
    var client = SSHConnection()
    var server = SSHConnection()
    var clientEvents: [SSHConnection.Event] = []
    var serverEvents: [SSHConnection.Event] = []

    /// Passes messages to and fro until neither side has more to say.
    mutating func run() throws {
        while true {
            let (toServer, toClient) = (client.takeOutbound(), server.takeOutbound())
            for message in toServer { #expect(try server.receive(message)) }
            for message in toClient { #expect(try client.receive(message)) }
            while let event = client.nextEvent() { clientEvents.append(event) }
            while let event = server.nextEvent() { serverEvents.append(event) }
            if toServer.isEmpty, toClient.isEmpty { return }
        }
    }

    /// A session channel that both have.
    mutating func open() throws -> (client: ChannelID, server: ChannelID) {
        let id = client.open(type: "session")
        try run()
        guard case .openRequested(let other, _)? = serverEvents.last else { throw TransportError.violation("none") }
        server.accept(other)
        try run()
        serverEvents = []
        clientEvents = []
        return (id, other)
    }
}

extension SSHConnection {
    mutating func takeOutbound() -> [ByteBuffer] {
        var messages: [ByteBuffer] = []
        while let message = nextOutbound() { messages.append(message) }
        return messages
    }

    mutating func takeEvents() -> [Event] {
        var events: [Event] = []
        while let event = nextEvent() { events.append(event) }
        return events
    }
}

extension [SSHConnection.Event] {
    /// What came on a channel.
    func bytes(of id: ChannelID) -> (out: [UInt8], err: [UInt8]) {
        var (out, err): ([UInt8], [UInt8]) = ([], [])
        for case .data(id, let stream, let piece) in self {
            if stream == .standard { out += piece.readableBytesView } else { err += piece.readableBytesView }
        }
        return (out, err)
    }

    /// Each in a word, with the channel's number.
    var words: [String] {
        map { event in
            switch event {
            case .openRequested(let id, _): "openRequested \(id.number)"
            case .opened(let id): "opened \(id.number)"
            case .openFailed(let id, _): "openFailed \(id.number)"
            case .request(let id, let request): "\(request.type) \(id.number)"
            case .answered(let id, let success): "answered \(id.number) \(success)"
            case .data(let id, let stream, let bytes): "\(stream) \(id.number) \(bytes.readableBytes)"
            case .drained(let id): "drained \(id.number)"
            case .eof(let id): "eof \(id.number)"
            case .closed(let id): "closed \(id.number)"
            case .globalRequest(let type, _, _): type
            case .globalAnswered(let success): "globalAnswered \(success)"
            }
        }
    }
}

/// Messages as a peer could make them.
enum RawMessage {
    static func make(_ number: UInt8, _ fields: UInt32..., body: (inout ByteBuffer) -> Void = { _ in }) -> ByteBuffer {
        var message = ByteBuffer(integer: number)
        for field in fields { message.writeInteger(field) }
        body(&message)
        return message
    }

    static func open(
        _ number: UInt32, window: UInt32 = 1 << 20, longest: UInt32 = 32 * 1024, details: [UInt8] = []
    ) -> ByteBuffer {
        make(MessageNumber.channelOpen) {
            $0.writeSSHText("session")
            $0.writeMultipleIntegers(number, window, longest)
            $0.writeBytes(details)
        }
    }

    static func request(_ type: String, to number: UInt32, wantsReply: Bool) -> ByteBuffer {
        make(MessageNumber.channelRequest, number) {
            $0.writeSSHText(type)
            $0.writeSSHBool(wantsReply)
        }
    }

    static func data(_ bytes: [UInt8], to number: UInt32) -> ByteBuffer {
        make(MessageNumber.channelData, number) { $0.writeSSHString(bytes) }
    }
}
