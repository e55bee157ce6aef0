/// What a request does, in a policy's words.
enum SFTPOperation: String, Sendable, CaseIterable {
    case read
    case write
    case list
    case stat
    case setstat
    case remove
    case rmdir
    case mkdir
    case rename
    case symlink
    case hardlink
    case copyData = "copy-data"
}

/// The flags of OPEN (section 6.3).
struct SFTPOpenFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    static let read = SFTPOpenFlags(rawValue: 0x01)
    static let write = SFTPOpenFlags(rawValue: 0x02)
    static let append = SFTPOpenFlags(rawValue: 0x04)
    static let create = SFTPOpenFlags(rawValue: 0x08)
    static let truncate = SFTPOpenFlags(rawValue: 0x10)
    static let exclusive = SFTPOpenFlags(rawValue: 0x20)
    static let known: SFTPOpenFlags = [.read, .write, .append, .create, .truncate, .exclusive]

    /// OpenSSH opens a file for reading when neither READ nor WRITE is asked for.
    var reads: Bool { contains(.read) || !contains(.write) }

    var writes: Bool { contains(.write) }

    /// CREAT and TRUNC change the host also when nothing is written afterwards.
    var operations: [SFTPOperation] {
        let changes = !isDisjoint(with: [.write, .append, .create, .truncate])
        return (reads ? [.read] : []) + (changes ? [.write] : [])
    }

    /// The names of section 6.3, without SSH_FXF_.
    var names: [String] {
        let all: [(SFTPOpenFlags, String)] = [
            (.read, "READ"), (.write, "WRITE"), (.append, "APPEND"), (.create, "CREAT"), (.truncate, "TRUNC"),
            (.exclusive, "EXCL"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

/// Numbers of a request by which it differs from others on the same paths.
struct SFTPNumbers: Equatable, Sendable {
    let name: String
    let values: [UInt64]
    let isList: Bool

    init(_ name: String, _ value: UInt64) {
        self.name = name
        values = [value]
        isList = false
    }

    init(list name: String, _ values: [UInt64]) {
        self.name = name
        self.values = values
        isList = true
    }
}

/// One request that needs a decision.
struct SFTPRequest: Equatable, Sendable {
    /// One; two (read and write) for an OPEN that does both.
    let operations: [SFTPOperation]
    /// The packet's name (`OPEN`, `LSTAT`), or the extension's (`posix-rename@openssh.com`).
    let message: String
    /// What it touches. Rename: old and new. Hard link: existing file and link. Symbolic link: target and link, the
    /// target normalised from the link's folder. Copy: source and destination. home-directory: `~name`.
    /// users-groups-by-id: none.
    let paths: [SFTPPath]
    /// What SETSTAT and its like set, and what a new file or folder gets.
    let attributes: SFTPAttributes?
    let openFlags: SFTPOpenFlags?
    /// copy-data: `read_offset`, `length` (0: up to the end) and `write_offset`. users-groups-by-id: `uids`, `gids`.
    let numbers: [SFTPNumbers]

    init(
        _ operations: [SFTPOperation], _ message: String, _ paths: [SFTPPath], attributes: SFTPAttributes? = nil,
        openFlags: SFTPOpenFlags? = nil, numbers: [SFTPNumbers] = []
    ) {
        self.operations = operations
        self.message = message
        self.paths = paths
        self.attributes = attributes
        self.openFlags = openFlags
        self.numbers = numbers
    }
}
