/// Somebody who can sign in at the local issuer, without a password.
public struct LocalUser: Sendable, Hashable {
    public let name: String
    public let groups: [String]

    public init(name: String, groups: [String]) {
        self.name = name
        self.groups = groups
    }

    var email: String { "\(name)@example.com" }

    /// The users of the demo.
    public static let demo = [
        LocalUser(name: "alice", groups: ["payments"]),
        LocalUser(name: "bob", groups: ["approver"]),
        LocalUser(name: "carol", groups: ["auditor"]),
    ]
}
