/// Why the gateway has no connection to a host, in words for the person who wanted one.
struct HostError: Error, Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        case unreachable
        /// It may be another machine than the one meant.
        case notTrusted
        case signInFailed
        case gatewaysOwn
    }

    let kind: Kind
    /// One sentence without its dot.
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    var nextStep: String {
        switch kind {
        case .unreachable: "Try again later; if it lasts, tell the owners of the host."
        case .notTrusted: "Do not work around this: tell the gateway's operators, who compare the keys with the host's."
        case .signInFailed, .gatewaysOwn: "Tell the gateway's operators."
        }
    }

    var description: String { message }
}
