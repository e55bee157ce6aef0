import NIOCore

/// How a program ended, as its host says it (RFC 4254, section 6.10).
enum ProgramExit {
    case status(UInt32)
    case signal(ExitSignal)

    /// `nil` where the request says nothing of that, or cannot be read.
    init?(_ request: ChannelRequest) {
        var details = request.details
        switch request.type {
        case "exit-status":
            guard let status = details.readInteger(as: UInt32.self) else { return nil }
            self = .status(status)
        case "exit-signal":
            guard let name = details.readSSHText(), let dumpedCore = details.readSSHBool() else { return nil }
            self = .signal(ExitSignal(name: name, dumpedCore: dumpedCore))
        default: return nil
        }
    }
}

/// The signal that ended a program.
struct ExitSignal {
    /// Without `SIG`.
    let name: String
    let dumpedCore: Bool

    /// The request without its message: under a masking rule nobody has looked into that.
    var withoutMessage: ByteBuffer {
        var details = ByteBuffer()
        details.writeSSHText(name)
        details.writeSSHBool(dumpedCore)
        details.writeSSHText("")
        details.writeSSHText("")
        return details
    }
}
