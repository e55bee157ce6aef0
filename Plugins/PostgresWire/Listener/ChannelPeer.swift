import NIOCore

/// A connection's channel, as the relay writes to it.
final class ChannelPeer: RelayPeer {
    private let channel: any Channel
    private let writeTimeout: TimeAmount
    private var isReading = true
    private var isClosing = false
    private var stalled: Scheduled<Void>?

    /// What is written is given up when the peer takes nothing for this long after the end.
    private static let farewell = TimeAmount.seconds(5)

    init(_ channel: any Channel, isReading: Bool, writeTimeout: TimeAmount) {
        self.channel = channel
        self.isReading = isReading
        self.writeTimeout = writeTimeout
    }

    func write(_ bytes: ByteBuffer) { channel.write(bytes, promise: nil) }
    func flush() { channel.flush() }
    var isWritable: Bool { channel.isWritable }

    func setReading(_ isReading: Bool) {
        guard isReading != self.isReading, !isClosing else { return }
        self.isReading = isReading
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    /// Watches for a peer that takes nothing any more.
    func writabilityChanged(_ onStall: @escaping () -> Void) {
        if channel.isWritable {
            stalled?.cancel()
            stalled = nil
        } else if stalled == nil {
            let onStall = NIOLoopBound(onStall, eventLoop: channel.eventLoop)
            stalled = channel.eventLoop.scheduleTask(in: writeTimeout) { onStall.value() }
        }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        stalled?.cancel()
        let channel = channel
        let impatience = channel.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            impatience.cancel()
            channel.close(promise: nil)
        }
    }
}
