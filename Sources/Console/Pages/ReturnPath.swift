import Identifiers

/// Where a person goes on after signing in: one of our own pages, so that a link to us cannot lead elsewhere.
struct ReturnPath: Sendable, Hashable {
    let path: String

    init(_ text: String?) {
        let segments = (text ?? "").split(separator: "/", omittingEmptySubsequences: false)
        switch segments.count {
        case 3 where segments[0] == "" && segments[1] == "approvals":
            path = UUIDv7(segments[2]).map { "/approvals/\($0)" } ?? "/approvals"
        default: path = "/approvals"
        }
    }
}
