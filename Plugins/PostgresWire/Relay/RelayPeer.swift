import NIOCore

/// One of the two connections of a session, as the relay uses it. Bound to the session's event loop.
protocol RelayPeer: AnyObject {
    /// Takes whole or cut messages, in order; they leave with the next `flush`.
    func write(_ bytes: ByteBuffer)
    func flush()
    /// Whether more can be written without piling up in memory.
    var isWritable: Bool { get }
    /// Stops reading, so that the peer's own socket fills up, or goes on.
    func setReading(_ isReading: Bool)
    /// Closes once everything that was written has left.
    func close()
}
