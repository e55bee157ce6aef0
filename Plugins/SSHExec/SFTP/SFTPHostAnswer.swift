import NIOCore

/// A host's answer, checked against what its request may get.
enum SFTPHostAnswer {
    case status(SFTPStatus)
    case handle([UInt8])
    case data(ByteBuffer)
    case attributes(SFTPAttributes)
    /// The last entry's name.
    case name([UInt8])
    case limits(SFTPHostLimits)
    /// Well-formed, and of no further concern.
    case other
}

/// The reply to limits@openssh.com; zero means that the host sets no limit.
struct SFTPHostLimits {
    var packet: UInt64
    var read: UInt64
    var write: UInt64
    var handles: UInt64
}

extension SFTPPacketReader {
    /// Reads what follows the request id (section 7).
    mutating func hostAnswer(to kind: SFTPAnswerKind) throws(SFTPViolation) -> SFTPHostAnswer {
        guard let type else { throw violation("version 3 has no such type") }
        if type == .status { return .status(try status(for: kind)) }
        guard kind.takes(type) else { throw violation("this request cannot get that answer") }
        let answer: SFTPHostAnswer
        switch kind {
        case .status: throw violation("this request cannot get that answer")
        case .handle: answer = .handle(try handle())
        case .data(let most): answer = .data(try data(atMost: most))
        case .attributes: answer = .attributes(try attributes())
        case .oneName:
            let count = try count(ofAtLeast: 12)
            guard count == 1 else { throw violation("\(count) names where one was asked for") }
            answer = .name(try name())
        case .names:
            for _ in 0..<(try count(ofAtLeast: 12)) { _ = try name() }
            answer = .other
        case .fileSystem:
            for _ in 0..<11 { _ = try integer(UInt64.self) }
            answer = .other
        case .limits:
            answer = .limits(
                SFTPHostLimits(
                    packet: try integer(), read: try integer(), write: try integer(), handles: try integer()))
        case .userNames:
            _ = try string()
            _ = try string()
            answer = .other
        }
        try end()
        return answer
    }

    private mutating func status(for kind: SFTPAnswerKind) throws(SFTPViolation) -> SFTPStatus {
        let status = try status()
        if case .status = kind { return status }
        guard status.code != .ok else { throw violation("success, where the answer is more than a status") }
        return status
    }

    private mutating func data(atMost most: UInt32) throws(SFTPViolation) -> ByteBuffer {
        let data = try string()
        guard data.readableBytes <= Int(most) else {
            throw violation("\(data.readableBytes) bytes where at most \(most) were asked for")
        }
        // The end of a file is a status; a reader that goes on after nothing would never stop.
        guard data.readableBytes > 0 || most == 0 else { throw violation("no byte, and not the file's end") }
        return data
    }

    private mutating func name() throws(SFTPViolation) -> [UInt8] {
        let name = Array(try string().readableBytesView)
        _ = try string()
        _ = try attributes()
        return name
    }
}
