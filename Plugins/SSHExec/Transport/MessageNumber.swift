/// The numbers that SSH messages begin with (RFC 4250, section 4.1.2, and the documents that it names).
enum MessageNumber {
    static let disconnect: UInt8 = 1
    static let ignore: UInt8 = 2
    static let unimplemented: UInt8 = 3
    static let debug: UInt8 = 4
    static let serviceRequest: UInt8 = 5
    static let serviceAccept: UInt8 = 6
    /// RFC 8308.
    static let extensionInfo: UInt8 = 7
    static let keyExchangeInit: UInt8 = 20
    static let newKeys: UInt8 = 21
    /// `SSH_MSG_KEX_ECDH_INIT` (RFC 5656, section 4); the numbers 30 to 49 mean what the chosen method says.
    static let keyExchangeECDHInit: UInt8 = 30
    static let keyExchangeECDHReply: UInt8 = 31
    static let userAuthRequest: UInt8 = 50
    static let userAuthFailure: UInt8 = 51
    static let userAuthSuccess: UInt8 = 52
    static let userAuthBanner: UInt8 = 53
    /// What 60 means depends on the method: `PK_OK`, `INFO_REQUEST`, `PASSWD_CHANGEREQ`.
    static let userAuthMethodSpecific: UInt8 = 60
    static let userAuthInfoResponse: UInt8 = 61
    /// What lies below belongs to the transport, to the service request and to signing in.
    static let firstOfConnectionProtocol: UInt8 = 80
    static let globalRequest: UInt8 = 80
    static let requestSuccess: UInt8 = 81
    static let requestFailure: UInt8 = 82
    /// What names a channel.
    static let channels: ClosedRange<UInt8> = 90...127
    static let channelOpen: UInt8 = 90
    static let channelOpenConfirmation: UInt8 = 91
    static let channelOpenFailure: UInt8 = 92
    static let channelWindowAdjust: UInt8 = 93
    static let channelData: UInt8 = 94
    static let channelExtendedData: UInt8 = 95
    static let channelEOF: UInt8 = 96
    static let channelClose: UInt8 = 97
    static let channelRequest: UInt8 = 98
    static let channelSuccess: UInt8 = 99
    static let channelFailure: UInt8 = 100
}

/// Why a connection ends (RFC 4253, section 11.1).
enum DisconnectReason: UInt32, Sendable {
    case hostNotAllowedToConnect = 1
    case protocolError = 2
    case keyExchangeFailed = 3
    case macError = 5
    case serviceNotAvailable = 7
    case protocolVersionNotSupported = 8
    case hostKeyNotVerifiable = 9
    case connectionLost = 10
    case byApplication = 11
    case tooManyConnections = 12
    case noMoreAuthenticationMethods = 14
}
