import NIOCore

/// A message of the connection protocol, taken apart (RFC 4254).
///
/// What has a fixed form ends where that ends. Details and data are slices of the message: they keep its memory, and so
/// nothing may hide behind them.
enum ConnectionMessage {
    case globalRequest(type: String, wantsReply: Bool, details: ByteBuffer)
    case globalAnswer(success: Bool)
    case open(ChannelOpening, SenderChannel)
    case confirmation(ChannelID, SenderChannel)
    case failure(ChannelID, ChannelOpenFailure)
    case windowAdjust(ChannelID, UInt32)
    /// - Parameter stream: `nil` for a type of extended data that is not defined.
    case data(ChannelID, ChannelStream?, ByteBuffer)
    case eof(ChannelID)
    case close(ChannelID)
    case request(ChannelID, ChannelRequest)
    case answer(ChannelID, success: Bool)

    /// A channel as its sender describes it (RFC 4254, section 5.1).
    struct SenderChannel {
        let number: UInt32
        let window: UInt32
        let longestPayload: UInt32
    }

    /// - Parameter message: With its number.
    /// - Returns: `nil` for a number that is not known.
    init?(_ message: ByteBuffer) throws(TransportError) {
        var message = message
        switch message.readInteger(as: UInt8.self) {
        case MessageNumber.globalRequest:
            guard let type = message.readSSHText(), let wantsReply = message.readSSHBool() else {
                throw Self.unreadable
            }
            self = .globalRequest(type: type, wantsReply: wantsReply, details: message.slice())
        // A success may say more, which depends on the request.
        case MessageNumber.requestSuccess: self = .globalAnswer(success: true)
        case MessageNumber.requestFailure:
            try Self.end(of: message)
            self = .globalAnswer(success: false)
        case MessageNumber.channelOpen:
            guard let type = message.readSSHText() else { throw Self.unreadable }
            let sender = try Self.sender(&message)
            self = .open(ChannelOpening(type: type, details: message.slice()), sender)
        // What follows here depends on the channel's type; for those that are asked for it is nothing, and not kept.
        case MessageNumber.channelOpenConfirmation:
            self = .confirmation(try Self.recipient(&message), try Self.sender(&message))
        case MessageNumber.channelOpenFailure:
            let id = try Self.recipient(&message)
            guard let code = message.readInteger(as: UInt32.self), let text = message.readSSHText(),
                message.readSSHString() != nil
            else { throw Self.unreadable }
            try Self.end(of: message)
            self = .failure(id, ChannelOpenFailure(code: code, text: String(text.prefix(1024))))
        case MessageNumber.channelWindowAdjust:
            let id = try Self.recipient(&message)
            guard let bytes = message.readInteger(as: UInt32.self) else { throw Self.unreadable }
            try Self.end(of: message)
            self = .windowAdjust(id, bytes)
        case MessageNumber.channelData:
            self = .data(try Self.recipient(&message), .standard, try Self.data(message))
        case MessageNumber.channelExtendedData:
            let id = try Self.recipient(&message)
            guard let type = message.readInteger(as: UInt32.self) else { throw Self.unreadable }
            self = .data(id, type == ChannelStream.errorDataType ? .error : nil, try Self.data(message))
        case MessageNumber.channelEOF: self = .eof(try Self.onlyRecipient(message))
        case MessageNumber.channelClose: self = .close(try Self.onlyRecipient(message))
        case MessageNumber.channelRequest:
            let id = try Self.recipient(&message)
            guard let type = message.readSSHText(), let wantsReply = message.readSSHBool() else {
                throw Self.unreadable
            }
            self = .request(id, ChannelRequest(type: type, wantsReply: wantsReply, details: message.slice()))
        case MessageNumber.channelSuccess: self = .answer(try Self.onlyRecipient(message), success: true)
        case MessageNumber.channelFailure: self = .answer(try Self.onlyRecipient(message), success: false)
        default: return nil
        }
    }

    private static let unreadable = TransportError.violation("A message about a channel cannot be read.")

    private static func end(of message: ByteBuffer) throws(TransportError) {
        guard message.readableBytes == 0 else { throw unreadable }
    }

    private static func recipient(_ message: inout ByteBuffer) throws(TransportError) -> ChannelID {
        guard let number = message.readInteger(as: UInt32.self) else { throw unreadable }
        return ChannelID(number: number)
    }

    private static func onlyRecipient(_ message: ByteBuffer) throws(TransportError) -> ChannelID {
        var message = message
        let id = try recipient(&message)
        try end(of: message)
        return id
    }

    private static func sender(_ message: inout ByteBuffer) throws(TransportError) -> SenderChannel {
        guard let number = message.readInteger(as: UInt32.self), let window = message.readInteger(as: UInt32.self),
            let longest = message.readInteger(as: UInt32.self)
        else { throw unreadable }
        return SenderChannel(number: number, window: window, longestPayload: longest)
    }

    private static func data(_ message: ByteBuffer) throws(TransportError) -> ByteBuffer {
        var message = message
        guard let bytes = message.readSSHString() else { throw unreadable }
        try end(of: message)
        return bytes
    }
}
