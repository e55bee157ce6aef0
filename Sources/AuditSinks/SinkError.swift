/// Why something did not leave; it stays in the log and is tried again.
public enum SinkError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The other side could not be reached, or ended the connection.
    case unreachable(String)
    /// The other side answered that it does not take this, now or at all.
    case refused(String)
    /// The same, and the other side says when to come again.
    case busy(String, retryAfter: Duration)
    /// What is wrong is on this machine: a file, a key, the cursor.
    case local(String)
    /// The log has another history than what was delivered: it was replaced or set back.
    case otherLog(String)

    public var description: String {
        switch self {
        case .unreachable(let reason), .refused(let reason), .local(let reason), .otherLog(let reason): reason
        case .busy(let reason, let wait): "\(reason); it asks to wait for \(wait)"
        }
    }
}
