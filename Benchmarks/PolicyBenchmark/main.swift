import Foundation
import Policy

// What a decision costs with 10, 100 and 10,000 policies of which two match, in CPU time of one thread. The question is
// whether policies that cannot match are free, so the peer of each size is ours with ten policies, in the same run.

/// What the policies that do not match differ in from those that do.
enum Difference: String {
    /// Action, target and group, in the shapes that people write.
    case heads
    /// The principal alone: a grant a person, on the very action and target that are asked for.
    case principals
}

/// A set of `count` policies, two of which match the request, both with a condition.
func makeSet(count: Int, differingIn difference: Difference) throws -> PolicySet {
    var policies = [
        #"@id("payments-post") @mask("pii") permit(principal in Group::"payments", action in Action::"write", resource in Target::"ledger") when { context.http.body_bytes < 65536 && context.path like "/v1/*" };"#,
        #"@id("staff") permit(principal in Group::"staff", action, resource in Target::"ledger") unless { context.opaque };"#,
    ]
    while policies.count < count {
        let number = policies.count
        if difference == .principals {
            policies.append(
                #"permit(principal == User::"https://idp.example.com|\#(number)", action in Action::"write", resource in Target::"ledger");"#
            )
            continue
        }
        let effect = number.isMultiple(of: 5) ? "forbid" : "permit"
        let action = [
            "action", #"action == Action::"http.get""#, #"action in Action::"read""#,
            #"action in [Action::"sql.select", Action::"sql.insert"]"#,
        ][number % 4]
        policies.append(
            """
            \(effect)(principal in Group::"team-\(number % 200)", \(action), resource in Target::"service-\(number)")
            when { context.size > \(number) && context.name == "n\(number)" };
            """)
    }
    let entities =
        [Entity(EntityUID(type: "Action", id: "http.post"), parents: [EntityUID(type: "Action", id: "write")])]
        + (0..<200).map { Entity(EntityUID(type: "Target", id: "service-\($0)")) }
        + [Entity(EntityUID(type: "Target", id: "ledger"), attributes: ["tier": "gold"])]
    return try PolicySet.load(
        [PolicySource(name: "benchmark.cedar", text: policies.joined(separator: "\n"))], entities: EntityGraph(entities)
    )
}

let request = PolicyRequest(
    principal: Entity(
        EntityUID(type: "User", id: "https://idp.example.com|00u1a2b3c4"),
        attributes: ["email": "alice@example.com"],
        parents: ["payments", "staff", "all", "team-x", "berlin"].map { EntityUID(type: "Group", id: $0) }),
    action: EntityUID(type: "Action", id: "http.post"),
    resource: Entity(
        EntityUID(type: "Function", id: "ledger/transfer"), parents: [EntityUID(type: "Target", id: "ledger")]),
    context: [
        "path": "/v1/transfers", "opaque": false, "http": ["body_bytes": 512, "method": "POST"], "size": 3, "name": "x",
    ])

func threadCPUSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// CPU microseconds a decision.
func measure(_ set: PolicySet, decisions: Int) -> Double {
    var allowed = 0
    let start = threadCPUSeconds()
    for _ in 0..<decisions where set.decide(request).allowed { allowed += 1 }
    let elapsed = threadCPUSeconds() - start
    precondition(allowed == decisions, "the request must be allowed, or the benchmark measures something else")
    return elapsed / Double(decisions) * 1e6
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let cases: [(difference: Difference, size: Int)] = [
    (.heads, 10), (.heads, 100), (.heads, 10_000), (.principals, 10_000),
]
var loadMilliseconds: [Double] = []
let sets = try cases.map { each in
    let start = threadCPUSeconds()
    let set = try makeSet(count: each.size, differingIn: each.difference)
    loadMilliseconds.append((threadCPUSeconds() - start) * 1000)
    precondition(set.decide(request).determining.count == 2, "two policies must match")
    return set
}
for set in sets { _ = measure(set, decisions: 20_000) }
// Interleaved, so that a busy moment of the machine hits all sizes alike.
var rounds: [[Double]] = cases.map { _ in [] }
for _ in 0..<9 {
    for (index, set) in sets.enumerated() { rounds[index].append(measure(set, decisions: 50_000)) }
}

let medians = rounds.map(median)
var rows: [String] = []
print("policies    differing in    µs a decision    ratio to 10 policies    load, ms")
for (index, each) in cases.enumerated() {
    let ratio = medians[index] / medians[0]
    print(
        String(
            format: "%8d    %12@    %13.3f    %20.2f    %8.1f", each.size, each.difference.rawValue as NSString,
            medians[index], ratio, loadMilliseconds[index]))
    rows.append(
        String(
            format:
                #"{"case": "decide-%d-policies-other-%@", "metric": "cpu", "unit": "us", "ours": %.4f, "peer": %.4f, "peer_name": "10 policies", "ratio": %.4f}"#,
            each.size, each.difference.rawValue as NSString, medians[index], medians[0], ratio))
}

let folder = CommandLine.arguments.dropFirst().first ?? ".build/bench"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
try Data("[\n  \(rows.joined(separator: ",\n  "))\n]\n".utf8).write(to: URL(filePath: "\(folder)/policy.json"))
