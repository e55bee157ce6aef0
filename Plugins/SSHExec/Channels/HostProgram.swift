import NIOCore

/// What a channel on the host is to run.
struct ProgramStart {
    enum Kind: String { case exec, shell, subsystem }

    let kind: Kind
    /// Whether the caller wants to hear that it runs.
    let wantsReply: Bool
    /// What the request says beyond its type, as the caller said it.
    let details: ByteBuffer
    var pty: TerminalRequest?
    var environment: [(name: String, value: String)] = []
}

/// What hears of a program on the host.
protocol HostProgramDelegate: AnyObject {
    func programStarted()
    /// It does not run.
    func programFailed(_ reason: String)
    func programSent(_ stream: ChannelStream, _ bytes: ByteBuffer)
    func programRequested(_ request: ChannelRequest)
    func programDrained()
    func programSentEOF()
    /// - Parameter reason: Why, when it was the connection that ended.
    func programClosed(_ reason: String?)
}

/// A program on the host, in a channel of its own: opens it, sets it up, starts it.
final class HostProgram: HostChannelDelegate {
    private enum Phase {
        case opening
        /// - Parameter answers: What is still to come, the start's own answer last.
        case starting(answers: Int)
        case running
        /// The caller has closed its channel; how the program ends is still to be heard.
        case finishing
        case over
    }

    private let start: ProgramStart
    private weak var delegate: (any HostProgramDelegate)?
    private var phase = Phase.opening
    private var channel: PeerChannel?

    init(_ start: ProgramStart, delegate: any HostProgramDelegate) {
        self.start = start
        self.delegate = delegate
    }

    func open(on host: HostConnection) {
        channel = host.open(type: "session", details: ByteBuffer(), for: self)
        if channel == nil { fail("the connection to the host has ended") }
    }

    // MARK: What the caller sends

    var takesMore: Bool {
        if case .running = phase { channel?.takesMore ?? false } else { false }
    }

    func send(_ bytes: ByteBuffer) { channel?.send(.standard, bytes) }
    func sendEOF() { channel?.sendEOF() }
    func consume(_ count: Int) { channel?.consume(count) }

    func sendRequest(_ request: ChannelRequest) {
        guard case .running = phase else { return }
        channel?.sendRequest(request.type, wantsReply: false, details: request.details)
    }

    /// Closes the channel once the host has taken all that the caller sent. A host answers with its own close when the
    /// program has ended, and says before that how.
    ///
    /// - Returns: Whether the program runs, so that its end is told; otherwise this was the end.
    func finish() -> Bool {
        guard case .running = phase else {
            close()
            return false
        }
        phase = .finishing
        channel?.sendEOF()
        channel?.close()
        return true
    }

    /// Closes the channel now: the host ends what runs in it, and what waits is not sent.
    func close() {
        if case .over = phase { return }
        phase = .over
        channel?.abort()
    }

    // MARK: What the host says

    func hostChannelOpened() {
        guard case .opening = phase, let channel else { return }
        var answers = 1
        if let pty = start.pty {
            answers += 1
            channel.sendRequest("pty-req", wantsReply: true, details: pty.details)
        }
        for variable in start.environment {
            var details = ByteBuffer()
            details.writeSSHText(variable.name)
            details.writeSSHText(variable.value)
            // A host that does not take it says nothing, as with OpenSSH's own client.
            channel.sendRequest("env", wantsReply: false, details: details)
        }
        channel.sendRequest(start.kind.rawValue, wantsReply: true, details: start.details)
        phase = .starting(answers: answers)
    }

    func hostChannelFailed(_ failure: ChannelOpenFailure) {
        fail("the host opens no channel: \(failure.text.isEmpty ? "reason \(failure.code)" : failure.text)")
    }

    func hostAnswered(success: Bool) {
        guard case .starting(let answers) = phase else { return }
        if answers > 1 {
            // The first is that of the terminal. Without one the program runs all the same, as with a direct connection.
            phase = .starting(answers: answers - 1)
        } else if success {
            phase = .running
            delegate?.programStarted()
        } else {
            channel?.abort()
            fail("the host refuses to start it")
        }
    }

    func hostRequested(_ request: ChannelRequest) { delegate?.programRequested(request) }

    func hostSent(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        switch phase {
        case .opening, .starting, .running: delegate?.programSent(stream, bytes)
        case .finishing, .over: consume(bytes.readableBytes)
        }
    }

    func hostDrained() { delegate?.programDrained() }
    func hostSentEOF() { delegate?.programSentEOF() }

    func hostClosed() { closed(nil) }
    func hostEnded(_ reason: String) { closed(reason) }

    private func closed(_ reason: String?) {
        switch phase {
        case .over: return
        case .opening, .starting: fail(reason ?? "the host closed the channel")
        case .running, .finishing:
            phase = .over
            delegate?.programClosed(reason)
        }
    }

    private func fail(_ reason: String) {
        if case .over = phase { return }
        phase = .over
        delegate?.programFailed(reason)
    }
}
