import NIOCore

/// A channel's number on this side (RFC 4254, section 5.1).
struct ChannelID: Hashable, Sendable {
    let number: UInt32
}

/// A wish to open a channel (RFC 4254, section 5.1).
struct ChannelOpening {
    let type: String
    /// What the type adds, such as the host and port of `direct-tcpip`.
    let details: ByteBuffer
}

/// A channel request (RFC 4254, section 5.4).
struct ChannelRequest {
    let type: String
    let wantsReply: Bool
    /// What the type adds, such as the command of `exec`.
    let details: ByteBuffer
}

/// Why a channel is not opened (RFC 4254, section 5.1).
struct ChannelOpenFailure: Error, Sendable, Equatable {
    enum Reason: UInt32, Sendable {
        case administrativelyProhibited = 1
        case connectFailed = 2
        case unknownChannelType = 3
        case resourceShortage = 4
    }

    /// A host may give a number that RFC 4254 does not know.
    let code: UInt32
    let text: String

    init(_ reason: Reason, _ text: String) {
        code = reason.rawValue
        self.text = text
    }

    init(code: UInt32, text: String) {
        self.code = code
        self.text = text
    }
}

/// Where output belongs (RFC 4254, section 5.2).
enum ChannelStream: Sendable, Hashable {
    case standard
    /// `SSH_EXTENDED_DATA_STDERR`.
    case error

    /// Of `error`; no other extended data is defined.
    static let errorDataType: UInt32 = 1
}
