import NIOCore

/// A channel that a caller has opened.
protocol CallerChannel: AnyObject {
    func received(_ request: ChannelRequest)
    func received(_ stream: ChannelStream, _ bytes: ByteBuffer)
    func receivedEOF()
    /// The caller has closed its half, and reads nothing more but how a program ends. Whoever this is closes the other
    /// half, at once or when that is known.
    func closed()
    /// Everything that waited for the caller has gone.
    func drained()
    /// The connection or the session ends, for `reason`.
    func end(_ reason: String)
    /// Whether something runs in it that a stop of the gateway should wait for.
    var isBusy: Bool { get }
}
