import NIOCore

/// One channel of a connection, as those speak to it who relay it.
struct PeerChannel {
    let id: ChannelID
    private let peer: SSHPeer

    init(id: ChannelID, peer: SSHPeer) {
        self.id = id
        self.peer = peer
    }

    /// Whether more may be sent now: the other side takes what it was given.
    var takesMore: Bool { peer.isWritable && peer.connection.takesMore(id) }

    func send(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        peer.connection.send(id, stream, bytes)
        peer.setNeedsFlush()
    }

    func sendRequest(_ type: String, wantsReply: Bool, details: ByteBuffer = ByteBuffer()) {
        peer.connection.sendRequest(id, type: type, wantsReply: wantsReply, details: details)
        peer.setNeedsFlush()
    }

    func answer(success: Bool) {
        peer.connection.answer(id, success: success)
        peer.setNeedsFlush()
    }

    /// Lets the other side send as much again, and in time further ahead.
    func consume(_ count: Int) {
        guard count > 0 else { return }
        peer.connection.consume(id, count)
        peer.setNeedsFlush()
    }

    func sendEOF() {
        peer.connection.sendEOF(id)
        peer.setNeedsFlush()
    }

    /// Closes once everything that waits has gone.
    func close() {
        peer.connection.close(id)
        peer.setNeedsFlush()
    }

    /// Closes now.
    func abort() {
        peer.connection.abort(id)
        peer.setNeedsFlush()
    }
}
