/// The code of an SSH_FXP_STATUS (draft-ietf-secsh-filexfer-02, section 7). Codes of later versions pass unchanged.
struct SFTPStatusCode: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt32

    static let ok = SFTPStatusCode(rawValue: 0)
    static let endOfFile = SFTPStatusCode(rawValue: 1)
    static let noSuchFile = SFTPStatusCode(rawValue: 2)
    static let permissionDenied = SFTPStatusCode(rawValue: 3)
    static let failure = SFTPStatusCode(rawValue: 4)
    static let badMessage = SFTPStatusCode(rawValue: 5)
    static let operationUnsupported = SFTPStatusCode(rawValue: 8)
}

/// What an SSH_FXP_STATUS says.
struct SFTPStatus: Equatable, Sendable {
    let code: SFTPStatusCode
    let message: String

    /// A host's message goes into records, so it may not be as long as a packet.
    static let longestMessage = 512

    static func shortened(_ message: some Collection<UInt8>) -> String {
        String(decoding: message.prefix(longestMessage), as: UTF8.self)
    }
}
