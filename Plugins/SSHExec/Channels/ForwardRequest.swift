import NIOCore

/// Where a caller wants a connection to (`direct-tcpip`, RFC 4254, section 7.2). What is decided is what the host is
/// asked for: text that two programs could read in two ways is none.
struct ForwardRequest {
    let host: String
    let port: UInt16
    private let originator: String
    private let originatorPort: UInt32

    /// `nil` where a text is not UTF-8, is empty or has control characters or blanks, or the port is none.
    init?(_ details: ByteBuffer) {
        var details = details
        guard let host = Self.name(&details), !host.isEmpty,
            let port = details.readInteger(as: UInt32.self).flatMap({ UInt16(exactly: $0) }),
            let originator = Self.name(&details), let originatorPort = details.readInteger(as: UInt32.self),
            details.readableBytes == 0
        else { return nil }
        self.host = host
        self.port = port
        self.originator = originator
        self.originatorPort = originatorPort
    }

    private static func name(_ details: inout ByteBuffer) -> String? {
        guard let bytes = details.readSSHString(),
            let text = String(validating: bytes.readableBytesView, as: UTF8.self), text.utf8.count <= 255,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return nil }
        return text
    }

    /// `web-1.example:443`.
    var endpoint: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var details: ByteBuffer {
        var details = ByteBuffer()
        details.writeSSHText(host)
        details.writeInteger(UInt32(port))
        details.writeSSHText(originator)
        details.writeInteger(originatorPort)
        return details
    }
}
