import Masking

/// How a permitted command ended.
public struct Outcome: Sendable {
    public enum Kind: String, Sendable {
        case succeeded
        /// The upstream answered that it failed.
        case failed
        /// The gateway could not reach the upstream, or could not pass its answer on.
        case interrupted
        /// The permit was dropped without an outcome; only `Permit` itself says so.
        case abandoned
    }

    public var kind: Kind
    /// The protocol's own word for the result: `200`, `SELECT 3`, `exit 1`.
    public var status: String
    /// What went wrong, for `failed` and `interrupted`.
    public var reason: String?
    /// Bytes of payload to and from the upstream.
    public var requestBytes: Int
    public var responseBytes: Int
    /// Rows returned or changed, where the protocol counts them.
    public var rows: Int?
    /// What masking did, per rule and field.
    public var masked: [MaskCount]

    public init(
        _ kind: Kind, status: String, reason: String? = nil, requestBytes: Int = 0, responseBytes: Int = 0,
        rows: Int? = nil, masked: [MaskCount] = []
    ) {
        self.kind = kind
        self.status = status
        self.reason = reason
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
        self.rows = rows
        self.masked = masked
    }
}
