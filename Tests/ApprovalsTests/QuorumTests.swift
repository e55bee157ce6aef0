import Testing

@testable import Approvals

@Suite("Quorum")
struct QuorumTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let seats: [(Int, [String])]
        let people: [Set<String>]
        let filled: Int
        let needed: Int

        init(_ name: String, _ seats: [(Int, [String])], people: [Set<String>], filled: Int, of needed: Int) {
            testDescription = name
            self.seats = seats
            self.people = people
            self.filled = filled
            self.needed = needed
        }
    }

    @Test(
        "seats are filled by different people",
        arguments: [
            Case("nobody", [(1, ["a"])], people: [], filled: 0, of: 1),
            Case("one of one", [(1, ["a"])], people: [["a"]], filled: 1, of: 1),
            Case("the wrong group", [(1, ["a"])], people: [["b"]], filled: 0, of: 1),
            Case("one of two", [(2, ["a"])], people: [["a"]], filled: 1, of: 2),
            Case("a person in both groups is one", [(2, ["a", "b"])], people: [["a", "b"]], filled: 1, of: 2),
            Case("one from each group", [(2, ["a", "b"])], people: [["a"], ["b"]], filled: 2, of: 2),
            Case(
                "a person in two groups does not meet two requirements", [(1, ["a"]), (1, ["b"])],
                people: [["a", "b"]], filled: 1, of: 2),
            Case(
                "the versatile person takes the seat that nobody else can", [(1, ["a"]), (1, ["b"])],
                people: [["a", "b"], ["a"]], filled: 2, of: 2),
            Case(
                "in either order", [(1, ["a"]), (1, ["b"])], people: [["a"], ["a", "b"]], filled: 2, of: 2),
            Case(
                "two of the same group leave the other open", [(1, ["a"]), (1, ["b"])], people: [["a"], ["a"]],
                filled: 1, of: 2),
            Case(
                "the same groups are one requirement with the higher count", [(1, ["a", "b"]), (2, ["b", "a"])],
                people: [["a"], ["b"]], filled: 2, of: 2),
            Case("more than enough", [(1, ["a"])], people: [["a"], ["a"], ["a"]], filled: 1, of: 1),
            Case(
                "a chain of three", [(1, ["a", "b"]), (1, ["b", "c"]), (1, ["a"])],
                people: [["a", "b"], ["a"], ["b", "c"]], filled: 3, of: 3),
        ])
    func filling(_ example: Case) {
        let quorum = Quorum(
            example.seats.map { NeededApproval(approvers: $0.0, groups: $0.1, within: .seconds(900)) })
        #expect(quorum.size == example.needed)
        #expect(quorum.filled(by: example.people) == example.filled)
        #expect(quorum.filled(by: example.people.reversed()) == example.filled)
    }

    @Test("the matching is the best one, compared with trying all, on generated cases")
    func againstAllAssignments() {
        var generator = SplitMix(seed: 7)
        let names = ["a", "b", "c"]
        for _ in 0..<500 {
            let requirements = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                NeededApproval(
                    approvers: Int.random(in: 1...2, using: &generator),
                    groups: Array(names.shuffled(using: &generator).prefix(Int.random(in: 1...2, using: &generator))),
                    within: .seconds(60))
            }
            let people = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                Set(names.filter { _ in Bool.random(using: &generator) })
            }
            let quorum = Quorum(requirements)
            #expect(quorum.filled(by: people) == Self.best(seats: Self.seats(of: requirements), people: people[...]))
        }
    }

    private static func seats(of requirements: [NeededApproval]) -> [Set<String>] {
        Dictionary(grouping: requirements, by: { Set($0.groups) }).flatMap { groups, same in
            Array(repeating: groups, count: same.map(\.approvers).max() ?? 0)
        }
    }

    private static func best(seats: [Set<String>], people: ArraySlice<Set<String>>) -> Int {
        guard let person = people.first else { return 0 }
        var most = best(seats: seats, people: people.dropFirst())
        for index in seats.indices where !seats[index].isDisjoint(with: person) {
            var rest = seats
            rest.remove(at: index)
            most = max(most, 1 + best(seats: rest, people: people.dropFirst()))
        }
        return most
    }
}

/// A small generator with a seed, so that a failing case comes again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
