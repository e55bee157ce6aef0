/// What `@approve("2 of dba-leads, sre within 15m for 1h")` asks for.
public struct ApprovalRequirement: Sendable, Hashable {
    /// How many people have to approve; at least 1.
    public let approvers: Int
    /// The groups that they come from, any of them; never empty.
    public let groups: [String]
    /// How long the request waits for them.
    public let within: Duration
    /// How long an approval holds on the target; `nil`: it is for one command alone.
    public let window: Duration?

    public static let defaultPatience = Duration.seconds(15 * 60)

    public init(approvers: Int = 1, groups: [String], within: Duration = Self.defaultPatience, window: Duration? = nil)
    {
        self.approvers = approvers
        self.groups = groups
        self.within = within
        self.window = window
    }
}

extension ApprovalRequirement: CustomStringConvertible {
    /// In the annotation's own form.
    public var description: String {
        let window = window.map { " for \(Self.text($0))" } ?? ""
        return "\(approvers) of \(groups.joined(separator: ", ")) within \(Self.text(within))\(window)"
    }

    private static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        for (unit, length) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)] where seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}

extension ApprovalRequirement {
    struct Malformed: Error {
        let message: String
    }

    /// Reads `[N of] group[, group] [within 15m] [for 1h]`.
    init(parsing text: String) throws(Malformed) {
        var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).map(String.init)
        var approvers = 1
        if words.count >= 2, words[1] == "of" {
            guard let count = Int(words[0]), (1...100).contains(count) else {
                throw Malformed(message: "\"\(words[0])\" is no number of approvers from 1 to 100")
            }
            approvers = count
            words.removeFirst(2)
        }
        var within: Duration?
        var window: Duration?
        while words.count >= 2, let keyword = words.dropLast().last, keyword == "within" || keyword == "for" {
            let length = try Self.duration(words[words.count - 1])
            if keyword == "within" {
                guard within == nil else { throw Malformed(message: "\"within\" stands twice") }
                within = length
            } else {
                guard window == nil else { throw Malformed(message: "\"for\" stands twice") }
                window = length
            }
            words.removeLast(2)
        }
        let groups = words.joined(separator: " ").split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingSpace() }
        for group in groups {
            guard !group.isEmpty else { throw Malformed(message: "names no group where one must stand") }
            guard !group.contains(" ") else {
                throw Malformed(message: "\"\(group)\" is no group's name; groups are separated by commas")
            }
        }
        guard Set(groups).count == groups.count else { throw Malformed(message: "names a group twice") }
        self.init(approvers: approvers, groups: groups, within: within ?? Self.defaultPatience, window: window)
    }

    private static func duration(_ text: String) throws(Malformed) -> Duration {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()),
            (1...366 * 86_400).contains(count), count * unit <= 366 * 86_400
        else { throw Malformed(message: "\"\(text)\" is no length of time such as 90s, 15m, 1h or 7d") }
        return .seconds(count * unit)
    }
}

extension StringProtocol {
    func trimmingSpace() -> String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
