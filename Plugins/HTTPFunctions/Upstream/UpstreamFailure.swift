/// Why a function gave no whole answer.
enum UpstreamFailure: Error, Sendable, Hashable {
    /// No connection could be made; nothing was sent.
    case connect(String)
    /// The connection is not safe; nothing was sent.
    case tls(String)
    /// All connections stay taken; nothing was sent.
    case busy
    /// The function closed the connection before its answer was whole.
    case closed
    /// What it sent is not an HTTP response.
    case malformed(MessageError)
    /// It did not begin to answer in time.
    case headTimeout
    /// It stopped in the middle of its answer.
    case bodyTimeout

    /// The status that it is answered with while nothing else was.
    var status: Int {
        switch self {
        case .headTimeout, .bodyTimeout: 504
        case .busy: 503
        case .connect, .tls, .closed, .malformed: 502
        }
    }

    var rule: String {
        switch self {
        case .connect: "upstream-unreachable"
        case .tls: "upstream-not-trusted"
        case .busy: "upstream-busy"
        case .closed: "upstream-closed"
        case .malformed: "upstream-malformed"
        case .headTimeout, .bodyTimeout: "upstream-timeout"
        }
    }

    /// One sentence.
    var reason: String {
        switch self {
        case .connect(let detail): "The function cannot be reached: \(detail)."
        case .tls(let detail): "No safe connection to the function can be made: \(detail)."
        case .busy: "All connections to the function are taken."
        case .closed: "The function closed the connection before its answer was whole."
        case .malformed(let fault): "The function's answer is not valid HTTP: \(fault.reason)"
        case .headTimeout: "The function did not answer in time."
        case .bodyTimeout: "The function stopped in the middle of its answer."
        }
    }

    /// One sentence.
    var nextStep: String {
        switch self {
        case .connect, .busy: "Try again later; if it lasts, tell the function's owners."
        case .tls: "Tell the gateway's operators; nothing was sent to the function."
        case .closed, .headTimeout, .bodyTimeout:
            "The function may have run: look before you send the request again."
        case .malformed: "Tell the function's owners; the function may have run."
        }
    }
}
