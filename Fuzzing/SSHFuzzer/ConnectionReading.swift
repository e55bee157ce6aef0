import NIOCore

@testable import SSHExec

/// The connection protocol, with an owner who does what owners do.
enum ConnectionReading {
    /// What the other side wants, it gets.
    static func answer(_ connection: inout SSHConnection) {
        while let event = connection.nextEvent() {
            switch event {
            case .openRequested(let id, let opening):
                if opening.type.isEmpty {
                    connection.refuse(id, ChannelOpenFailure(.unknownChannelType, ""))
                } else {
                    connection.accept(id)
                }
            case .request(let id, let request): if request.wantsReply { connection.answer(id, success: true) }
            case .data(let id, let stream, let bytes):
                connection.send(id, stream, bytes)
                connection.consume(id, bytes.readableBytes)
            case .closed(let id): connection.close(id)
            case .globalRequest(_, let wantsReply, _): if wantsReply { connection.answerGlobalRequest(success: false) }
            case .opened, .openFailed, .answered, .drained, .eof, .globalAnswered: break
            }
        }
    }

    /// Messages of any bytes, and between them what the owner does.
    static func read(_ bytes: [UInt8]) {
        var input = InputBytes(bytes)
        var connection = SSHConnection()
        do throws(TransportError) {
            while let decision = input.next() {
                let id = ChannelID(number: UInt32(decision >> 4) % 4)
                switch decision % 16 {
                case 0: _ = connection.open(type: "session")
                case 1: connection.send(id, .standard, ByteBuffer(repeating: 1, count: 100_000))
                case 2: connection.send(id, .error, ByteBuffer(repeating: 1, count: Int(input.next() ?? 1)))
                case 3: connection.sendEOF(id)
                case 4: connection.close(id)
                case 5: connection.abort(id)
                case 6: connection.consume(id, Int(input.next() ?? 1) << 12)
                case 7: connection.sendRequest(id, type: "exit-status", wantsReply: false)
                case 8: connection.sendRequest(id, type: "signal", wantsReply: true)
                case 9: while connection.nextOutbound() != nil {}
                case 10: _ = connection.nextOutbound()
                default:
                    guard var message = input.piece() else { return }
                    // Most are to be messages of this protocol.
                    if let first = message.first, first < 80 { message[0] = 80 + first % 22 }
                    _ = try connection.receive(ByteBuffer(bytes: message))
                    answer(&connection)
                }
                check(connection)
            }
        } catch {}
        for number in UInt32(0)..<64 { connection.abort(ChannelID(number: number)) }
        check(connection)
        while connection.nextOutbound() != nil {}
        precondition(connection.waiting == 0, "something waits that nobody will send")
    }

    private static func check(_ connection: SSHConnection) {
        let waiting = (UInt32(0)..<64).reduce(0) { $0 + connection.waitingBytes(ChannelID(number: $1)) }
        precondition(connection.openChannels > 60 || connection.waiting == waiting, "what waits is counted wrongly")
        precondition(connection.waiting <= SSHConnection.mostWaiting, "more waits than may")
        precondition(connection.openChannels <= SSHConnection.mostChannels, "more channels than may be")
    }
}
