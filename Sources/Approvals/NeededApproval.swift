import Identifiers

/// What a policy asks for before a command may run: so many people from these groups, in this time.
///
/// The same shape as a policy's `@approve` annotation; approvals do not know the policy language.
public struct NeededApproval: Sendable, Hashable {
    /// How many different people must approve, 1 to 20.
    public let approvers: Int
    /// Whoever is in one of these may decide. Sorted, without repetition.
    public let groups: [String]
    /// How long after it was asked for the approval can be given, and used where there is no `window`.
    public let within: Duration
    /// For how long after the approval the requester may run commands on the target; `nil` for exactly one command.
    public let window: Duration?

    public init(approvers: Int, groups: [String], within: Duration, window: Duration? = nil) {
        self.approvers = approvers
        self.groups = Set(groups).sorted()
        self.within = within
        self.window = window
    }
}

extension NeededApproval: CustomStringConvertible {
    /// E.g. `2 of dba-leads, sre`.
    public var description: String { "\(approvers) of \(groups.joined(separator: ", "))" }
}

extension NeededApproval {
    /// Longest that a ticket may wait or a window may last.
    static let longest: Duration = .seconds(31 * 86_400)
    static let mostApprovers = 20

    /// Why no ticket can be made of this; `nil` when one can.
    var fault: String? {
        if !(1...Self.mostApprovers).contains(approvers) {
            return "\(approvers) approvers are asked for, from 1 to \(Self.mostApprovers) are possible"
        }
        if groups.isEmpty || groups.contains("") { return "it names no group of approvers" }
        if within < .seconds(1) || within > Self.longest { return "its time to decide is not between 1 s and 31 days" }
        if let window, window < .seconds(1) || window > Self.longest {
            return "its window is not between 1 s and 31 days"
        }
        return nil
    }
}

/// Codable by milliseconds: the form in which tickets are stored.
extension NeededApproval: Codable {
    private enum Key: String, CodingKey { case approvers, groups, within, window }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            approvers: try values.decode(Int.self, forKey: .approvers),
            groups: try values.decode([String].self, forKey: .groups),
            within: .milliseconds(try values.decode(Int64.self, forKey: .within)),
            window: try values.decodeIfPresent(Int64.self, forKey: .window).map { .milliseconds($0) })
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(approvers, forKey: .approvers)
        try values.encode(groups, forKey: .groups)
        try values.encode(within.wholeMilliseconds, forKey: .within)
        try values.encodeIfPresent(window?.wholeMilliseconds, forKey: .window)
    }
}
