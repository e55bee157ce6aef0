import GatewayCore
import NIOCore
import SSHCredentials

/// What a caller who has signed in has: a session with one target, and the connection to it once something runs.
final class CallerSession {
    let session: Session
    let target: SSHTarget
    let login: String
    /// What the caller's certificate allows of terminals and forwarding; policy decides on all else.
    let permissions: Set<CertificatePermission>
    let options: ListenerOptions
    let eventLoop: any EventLoop
    private var host: HostConnection?
    private var waiting: [(Result<HostConnection, HostError>) -> Void] = []
    private var isDialling = false
    private var isOver = false
    /// Why nothing new may begin.
    private(set) var isEnding: String?

    init(
        _ session: Session, _ target: SSHTarget, login: String, permissions: Set<CertificatePermission>,
        options: ListenerOptions, eventLoop: any EventLoop
    ) {
        self.session = session
        self.target = target
        self.login = login
        self.permissions = permissions
        self.options = options
        self.eventLoop = eventLoop
    }

    /// Gives the connection to the host: the one that is there, or a new one. Only who holds a permit asks for it.
    func withHost(_ command: RunningCommand, _ body: @escaping (Result<HostConnection, HostError>) -> Void) {
        precondition(!command.isOver, "nothing is sent to a host without a permit")
        if let host { return body(.success(host)) }
        waiting.append(body)
        guard !isDialling else { return }
        isDialling = true
        HostConnection.dial(target, login: login, on: eventLoop) { result in
            self.isDialling = false
            if case .success(let connection) = result {
                if self.isOver { return connection.close() }
                self.host = connection
            }
            self.answerWaiting(result)
        } onEnd: { connection in
            if self.host === connection { self.host = nil }
        }
    }

    private func answerWaiting(_ result: Result<HostConnection, HostError>) {
        let waiting = waiting
        self.waiting = []
        for body in waiting { body(result) }
    }

    /// What runs may end, and nothing new begins.
    func takeNothingNew(_ reason: String) { isEnding = reason }

    func sendKeepalive() { host?.sendKeepalive() }

    func close(_ reason: String) {
        guard !isOver else { return }
        isOver = true
        answerWaiting(.failure(HostError(.unreachable, "the session has ended: \(reason)")))
        session.close(reason: reason)
        host?.close()
        host = nil
    }
}
