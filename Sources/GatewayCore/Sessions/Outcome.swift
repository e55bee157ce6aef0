import Masking
import StrictJSON

/// How a permitted command ended.
public struct Outcome: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
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
    /// What masking did, per rule and field: one of each, however they were given.
    public var masked: [MaskCount] { didSet { masked = MaskCount.sum(masked) } }
    /// What the protocol knows beyond that, such as the digest of a file that was transferred.
    public var details: [OutcomeDetail]

    public init(
        _ kind: Kind, status: String, reason: String? = nil, requestBytes: Int = 0, responseBytes: Int = 0,
        rows: Int? = nil, masked: [MaskCount] = [], details: [OutcomeDetail] = []
    ) {
        self.kind = kind
        self.status = status
        self.reason = reason
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
        self.rows = rows
        self.masked = MaskCount.sum(masked)
        self.details = details
    }
}

/// Something that an adapter says of an outcome, which stands in the audit log under `details`, as it is: digests and
/// counts, never anything that a caller or an upstream wrote.
public struct OutcomeDetail: Sendable, Hashable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}
