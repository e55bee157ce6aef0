import NIOCore

// What the gateway itself says on a caller's channel.
extension PeerChannel {
    /// - Parameter hasTerminal: Whether the caller's terminal is in raw mode, where a line has to end with a return.
    func sendNotice(_ text: String, hasTerminal: Bool) {
        send(.error, ByteBuffer(string: hasTerminal ? text.replacing("\n", with: "\r\n") : text))
    }

    func sendExit(status: UInt32) {
        sendRequest("exit-status", wantsReply: false, details: ByteBuffer(integer: status))
    }
}
