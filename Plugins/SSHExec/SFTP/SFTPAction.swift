import NIOCore

/// One decision that the relay waits for; never used twice in a session.
struct SFTPDecisionID: Hashable, Sendable {
    let number: UInt64
}

/// What the relay's driver has to do, in this order.
enum SFTPAction: Equatable {
    case sendToHost(ByteBuffer)
    case sendToCaller(ByteBuffer)
    /// Answer with `permit` or `refuse`. Until then the caller's later requests wait.
    case decide(SFTPDecisionID, SFTPRequest)
    /// The session ended before the decision; it is needed no more.
    case withdrawn(SFTPDecisionID)
    /// What became of a permitted request. Comes exactly once for each `permit`, also when the session dies.
    case finished(SFTPDecisionID, SFTPOutcome)
}
