/// The extended requests that are understood: those of OpenSSH's PROTOCOL file, section 4.
enum SFTPExtension: String, CaseIterable, Sendable {
    case posixRename = "posix-rename@openssh.com"
    case statvfs = "statvfs@openssh.com"
    case fstatvfs = "fstatvfs@openssh.com"
    case hardlink = "hardlink@openssh.com"
    case fsync = "fsync@openssh.com"
    case lsetstat = "lsetstat@openssh.com"
    case limits = "limits@openssh.com"
    case expandPath = "expand-path@openssh.com"
    case copyData = "copy-data"
    case homeDirectory = "home-directory"
    case usersGroupsByID = "users-groups-by-id@openssh.com"

    /// The version that is understood, as a server's VERSION announces it; another one may have other fields.
    var version: String {
        switch self {
        case .statvfs, .fstatvfs: "2"
        default: "1"
        }
    }

    init?(name: some Collection<UInt8>) {
        guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else { return nil }
        self = found
    }
}
