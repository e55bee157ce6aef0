import NIOCore

/// A terminal that a caller asks for (`pty-req`, RFC 4254, section 6.2).
struct TerminalRequest {
    let type: String
    private(set) var columns: UInt32
    private(set) var rows: UInt32
    private var pixels: (width: UInt32, height: UInt32)
    let modes: ByteBuffer

    init?(_ details: ByteBuffer) {
        var details = details
        guard let type = details.readSSHText(), type.utf8.count <= 256,
            let columns = details.readInteger(as: UInt32.self), let rows = details.readInteger(as: UInt32.self),
            let width = details.readInteger(as: UInt32.self), let height = details.readInteger(as: UInt32.self),
            let modes = details.readSSHString(), modes.readableBytes <= 4096
        else { return nil }
        self.type = type
        self.columns = columns
        self.rows = rows
        pixels = (width, height)
        self.modes = modes
    }

    /// - Parameter details: Of `window-change` (section 6.7).
    mutating func resize(_ details: ByteBuffer) {
        var details = details
        guard let columns = details.readInteger(as: UInt32.self), let rows = details.readInteger(as: UInt32.self),
            let width = details.readInteger(as: UInt32.self), let height = details.readInteger(as: UInt32.self)
        else { return }
        self.columns = columns
        self.rows = rows
        pixels = (width, height)
    }

    /// As the request says it to the host.
    var details: ByteBuffer {
        var details = ByteBuffer()
        details.writeSSHText(type)
        details.writeInteger(columns)
        details.writeInteger(rows)
        details.writeInteger(pixels.width)
        details.writeInteger(pixels.height)
        details.writeSSHString(modes)
        return details
    }
}
