import NIOCore

/// A caller's request after INIT, understood.
enum SFTPCallerRequest {
    /// It names paths and needs a decision.
    case onPaths(SFTPPathRequest)
    /// It goes to something that is open already.
    case onHandle(SFTPHandleRequest)
    case limits
    /// A type or an extension that is not understood.
    case unknown(String)
}

struct SFTPPathRequest {
    let operations: [SFTPOperation]
    let message: String
    let paths: [SFTPPathField]
    var attributes: SFTPAttributes?
    var openFlags: SFTPOpenFlags?
    var numbers: [SFTPNumbers] = []
    let answer: SFTPAnswerKind
}

enum SFTPHandleRequest {
    case close([UInt8])
    case read([UInt8], offset: UInt64, length: UInt32)
    case write([UInt8], offset: UInt64, content: ByteBuffer)
    case fstat([UInt8])
    case fsetstat([UInt8], SFTPAttributes)
    case readdir([UInt8])
    case fstatvfs([UInt8])
    case fsync([UInt8])
    case copyData(from: [UInt8], to: [UInt8], [SFTPNumbers])
}

extension SFTPPacketReader {
    /// Reads what follows the request id (sections 6.3 to 6.11).
    mutating func callerRequest() throws(SFTPViolation) -> SFTPCallerRequest {
        guard let type else { return .unknown("packet type \(typeNumber)") }
        let request: SFTPCallerRequest
        switch type {
        case .open:
            let path = try path()
            let flags = SFTPOpenFlags(rawValue: try integer())
            request = .onPaths(
                SFTPPathRequest(
                    operations: flags.operations, message: type.word, paths: [path], attributes: try attributes(),
                    openFlags: flags, answer: .handle))
        case .close: request = .onHandle(.close(try handle()))
        case .read: request = .onHandle(.read(try handle(), offset: try integer(), length: try integer()))
        case .write: request = .onHandle(.write(try handle(), offset: try integer(), content: try string()))
        case .fstat: request = .onHandle(.fstat(try handle()))
        case .fsetstat: request = .onHandle(.fsetstat(try handle(), try attributes()))
        case .readdir: request = .onHandle(.readdir(try handle()))
        case .lstat, .stat: request = try onPath(.stat, type.word, .attributes)
        case .realpath, .readlink: request = try onPath(.stat, type.word, .oneName)
        case .opendir: request = try onPath(.list, type.word, .handle)
        case .remove: request = try onPath(.remove, type.word, .status)
        case .rmdir: request = try onPath(.rmdir, type.word, .status)
        case .mkdir: request = try onPathWithAttributes(.mkdir, type.word)
        case .setstat: request = try onPathWithAttributes(.setstat, type.word)
        case .rename: request = try onTwoPaths(.rename, type.word)
        // OpenSSH sends the target first, against the draft (PROTOCOL, section 4.1), and all now do as it does.
        case .symlink: request = try onTwoPaths(.symlink, type.word)
        case .extended: return try extendedRequest()
        case .initialize: throw violation("the session was opened already")
        case .version, .status, .handle, .data, .name, .attributes, .extendedReply:
            throw violation("only a server sends that")
        }
        try end()
        return request
    }

    private mutating func extendedRequest() throws(SFTPViolation) -> SFTPCallerRequest {
        let name = try string().readableBytesView
        guard let known = SFTPExtension(name: name) else {
            return .unknown("extension \(String(decoding: name.prefix(64), as: UTF8.self))")
        }
        let word = known.rawValue
        let request: SFTPCallerRequest
        switch known {
        case .posixRename: request = try onTwoPaths(.rename, word)
        case .hardlink: request = try onTwoPaths(.hardlink, word)
        case .statvfs: request = try onPath(.stat, word, .fileSystem)
        case .expandPath: request = try onPath(.stat, word, .oneName)
        case .homeDirectory: request = try onPath(.stat, word, .oneName)
        case .lsetstat: request = try onPathWithAttributes(.setstat, word)
        case .fstatvfs: request = .onHandle(.fstatvfs(try handle()))
        case .fsync: request = .onHandle(.fsync(try handle()))
        case .limits: request = .limits
        case .copyData:
            let source = try handle()
            var numbers = [SFTPNumbers("read_offset", try integer()), SFTPNumbers("length", try integer())]
            let destination = try handle()
            numbers.append(SFTPNumbers("write_offset", try integer()))
            request = .onHandle(.copyData(from: source, to: destination, numbers))
        case .usersGroupsByID:
            let numbers = [SFTPNumbers(list: "uids", try idList()), SFTPNumbers(list: "gids", try idList())]
            request = .onPaths(
                SFTPPathRequest(operations: [.stat], message: word, paths: [], numbers: numbers, answer: .userNames))
        }
        try end()
        return request
    }

    private mutating func idList() throws(SFTPViolation) -> [UInt64] {
        var list = try string()
        guard list.readableBytes % 4 == 0 else {
            throw violation("a list of \(list.readableBytes) bytes for numbers of 4")
        }
        var ids: [UInt64] = []
        while let id = list.readInteger(as: UInt32.self) { ids.append(UInt64(id)) }
        return ids
    }

    private mutating func onPath(
        _ operation: SFTPOperation, _ message: String, _ answer: SFTPAnswerKind
    ) throws(SFTPViolation) -> SFTPCallerRequest {
        .onPaths(SFTPPathRequest(operations: [operation], message: message, paths: [try path()], answer: answer))
    }

    private mutating func onPathWithAttributes(
        _ operation: SFTPOperation, _ message: String
    ) throws(SFTPViolation) -> SFTPCallerRequest {
        let path = try path()
        return .onPaths(
            SFTPPathRequest(
                operations: [operation], message: message, paths: [path], attributes: try attributes(),
                answer: .status))
    }

    private mutating func onTwoPaths(
        _ operation: SFTPOperation, _ message: String
    ) throws(SFTPViolation) -> SFTPCallerRequest {
        let first = try path()
        return .onPaths(
            SFTPPathRequest(operations: [operation], message: message, paths: [first, try path()], answer: .status))
    }
}
