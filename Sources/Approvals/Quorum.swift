/// Whether enough different people have approved.
///
/// Several requirements add up, and one person fills one seat: someone who is in two groups is still one pair of eyes,
/// also when each group is asked for by a policy of its own. Only requirements on the very same groups are one
/// requirement, with the higher count.
struct Quorum {
    /// The groups that each seat may be filled from.
    private let seats: [Set<String>]

    init(_ requirements: [NeededApproval]) {
        var counts: [(groups: Set<String>, approvers: Int)] = []
        for requirement in requirements {
            let groups = Set(requirement.groups)
            if let index = counts.firstIndex(where: { $0.groups == groups }) {
                counts[index].approvers = max(counts[index].approvers, requirement.approvers)
            } else {
                counts.append((groups, requirement.approvers))
            }
        }
        seats = counts.flatMap { Array(repeating: $0.groups, count: $0.approvers) }
    }

    /// How many different people are needed.
    var size: Int { seats.count }

    /// How many seats `people`, each given by the groups they were in, fill at best (a maximum bipartite matching, by
    /// augmenting paths).
    func filled(by people: [Set<String>]) -> Int {
        var seatOf: [Int?] = Array(repeating: nil, count: people.count)
        var personIn: [Int?] = Array(repeating: nil, count: seats.count)
        func place(_ person: Int, _ tried: inout Set<Int>) -> Bool {
            for seat in seats.indices where !tried.contains(seat) && !seats[seat].isDisjoint(with: people[person]) {
                tried.insert(seat)
                if let sitting = personIn[seat], !place(sitting, &tried) { continue }
                personIn[seat] = person
                seatOf[person] = seat
                return true
            }
            return false
        }
        for person in people.indices {
            var tried: Set<Int> = []
            _ = place(person, &tried)
        }
        return seatOf.count { $0 != nil }
    }
}
