/// What a host may answer to a request beside an SSH_FXP_STATUS that says a failure.
enum SFTPAnswerKind: Sendable {
    /// Only a STATUS, which may say SSH_FX_OK.
    case status
    case handle
    case data(atMost: UInt32)
    case attributes
    /// NAME with exactly one entry: REALPATH and READLINK (sections 6.10, 6.11).
    case oneName
    /// NAME with any number of entries: READDIR.
    case names
    /// statvfs: eleven numbers.
    case fileSystem
    case limits
    /// users-groups-by-id: two lists of names.
    case userNames

    func takes(_ type: SFTPPacketType) -> Bool {
        switch self {
        case .status: false
        case .handle: type == .handle
        case .data: type == .data
        case .attributes: type == .attributes
        case .oneName, .names: type == .name
        case .fileSystem, .limits, .userNames: type == .extendedReply
        }
    }

    /// READ and READDIR announce their end by a status.
    var mayEnd: Bool {
        switch self {
        case .data, .names: true
        default: false
        }
    }
}
