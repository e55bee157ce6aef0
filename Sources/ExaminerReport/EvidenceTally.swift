import Audit
import Identifiers
import StrictJSON

/// What a period's entries come to. Reads each entry once, in the order of the log, and keeps no entry.
struct EvidenceTally: Sendable {
    struct AccessKey: Sendable, Hashable {
        let person: Person
        let target: String
        let kind: String
        let action: String
    }

    struct Access: Sendable {
        var label: String?
        var commands = 0
        var refused = 0
        var failed = 0
        var rows: Int64 = 0
        var answerBytes: Int64 = 0
        var first: UInt64?
        var last: UInt64?
    }

    /// A command that ran because people had approved it.
    struct Elevated: Sendable {
        let index: UInt64?
        let time: String
        let person: Person
        let target: String
        let text: String
        let ticket: String
        let justification: String
        let approvers: [Person]
    }

    struct ApprovalStep: Sendable {
        let index: UInt64?
        let time: String
        let ticket: String
        let step: String
        let requester: Person?
        let actor: Person?
        let target: String
        let justification: String?
    }

    struct MaskKey: Sendable, Hashable {
        let target: String
        let rule: String
        let selector: String
    }

    struct SignInFailureKey: Sendable, Hashable {
        let code: String
        let client: String
    }

    struct PolicyLoad: Sendable {
        let index: UInt64?
        let time: String
        let by: String
        let policy: String?
        let previous: String?
        let refusal: String?
        let changes: ToldChanges
        /// What changed of the files that hold the policies.
        let files: ToldChanges
    }

    /// Policies by which the gateway judges, as an entry says.
    struct PolicyInForce: Sendable {
        let index: UInt64?
        let time: String
        let policy: String
        /// On trial beside it; entries of kind `start` do not say.
        let candidate: String?
    }

    struct ConfigurationChange: Sendable {
        let index: UInt64?
        let time: String
        let digest: String?
        let previous: String?
        let changes: ToldChanges
    }

    /// An entry that is told with its own words.
    struct Notable: Sendable {
        let index: UInt64?
        let time: String
        let kind: String
        let text: String
    }

    struct Breach: Sendable {
        let index: UInt64?
        let time: String
        let what: String
    }

    private static let mostRows = 5_000
    private static let mostListed = 500
    /// Commands whose outcome is still to come.
    private static let mostOpen = 100_000

    private(set) var kinds = BoundedTable<String, Int>(most: 200)
    private(set) var entries = 0
    /// The time of the log's first entry, before the period or in it.
    private(set) var began: Timestamp?
    /// What was in force when the period began; `nil` where no entry before it says so.
    private(set) var inForceBefore: PolicyInForce?
    private(set) var firstTime: String?
    private(set) var lastTime: String?
    private(set) var activity = Activity()
    private(set) var access = BoundedTable<AccessKey, Access>(most: mostRows)
    private(set) var elevated = TopList<Elevated>(most: mostListed)
    private(set) var approvals = TopList<ApprovalStep>(most: mostListed)
    private(set) var approvalSteps = BoundedTable<String, Int>(most: 50)
    private(set) var masking = BoundedTable<MaskKey, Int64>(most: mostRows)
    private(set) var sealedValues: Int64 = 0
    private(set) var openings = TopList<Notable>(most: mostListed)
    private(set) var signInFailures = BoundedTable<SignInFailureKey, Int>(most: mostRows)
    private(set) var policyLoads = TopList<PolicyLoad>(most: mostListed)
    private(set) var configurations = TopList<ConfigurationChange>(most: mostListed)
    private(set) var policies = BoundedTable<String, Int>(most: 1000)
    private(set) var operations = TopList<Notable>(most: mostListed)
    private(set) var breaches = TopList<Breach>(most: mostListed)
    /// Entries that are no JSON object of the schema.
    private(set) var unreadable = TopList<UInt64>(most: 100)
    /// People who had policies loaded, and those who used targets.
    private var policyPeople: Set<Person> = []
    private var approvers: Set<Person> = []
    private var open: [String: AccessKey] = [:]

    /// Takes of an entry before the period what still holds in it.
    mutating func addBefore(_ entry: AuditEntry) {
        noteBeginning(entry)
        guard entry.kind == "policy-load" || entry.kind == "start",
            let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord), value["refused"] == nil,
            let policy = value["policy"]?.string, let time = value["time"]?.string
        else { return }
        let candidate = value["candidate"]?.string
        if let known = inForceBefore, known.policy.isExactly(policy) {
            // Loaded again, or at a start, it is in force since it first was.
            if entry.kind == "start" || known.candidate == candidate { return }
        }
        inForceBefore = PolicyInForce(index: entry.index, time: time, policy: policy, candidate: candidate)
    }

    private mutating func noteBeginning(_ entry: AuditEntry) {
        if began == nil { began = entry.time.flatMap { Timestamp($0) } }
    }

    mutating func add(_ entry: AuditEntry) {
        entries += 1
        noteBeginning(entry)
        guard let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord), let kind = value["kind"]?.string,
            let time = value["time"]?.string, Timestamp(time) != nil
        else { return unreadable.append(entry.index ?? 0) }
        kinds.update(kind, default: 0) { $0 += 1 }
        if firstTime == nil { firstTime = time }
        lastTime = time
        switch kind {
        case "intent", "refusal": addCommand(entry, value, refused: kind == "refusal", at: time)
        case "outcome": addOutcome(value)
        case "approval": addApproval(entry, value, at: time)
        case "sign-in-failure": addSignInFailure(value)
        case "policy-load": addPolicyLoad(entry, value, at: time)
        case "configuration": addConfiguration(entry, value, at: time)
        case "originals-opened":
            openings.append(Notable(index: entry.index, time: time, kind: kind, text: entry.text))
        case "session-start", "session-end", "originals", "console": break
        // Start and stop, keys, deletions, holds: whatever else the gateway tells of itself.
        default: operations.append(Notable(index: entry.index, time: time, kind: kind, text: entry.text))
        }
    }

    // MARK: Commands

    private mutating func addCommand(_ entry: AuditEntry, _ value: JSONValue, refused: Bool, at time: String) {
        activity.add(at: time, refused: refused)
        guard let person = Person(value["caller"]) else { return }
        let target = value["target"]?["name"]?.string ?? ""
        let kind = value["target"]?["kind"]?.string ?? ""
        let effects = value["command"]?["effects"]?.array ?? []
        let actions = Set(effects.compactMap { $0["action"]?.string }).sorted()
        let key = AccessKey(
            person: person, target: target, kind: kind,
            action: actions.isEmpty ? "(not told)" : actions.joined(separator: " + "))
        access.update(key, default: Access(label: value["caller"]?["label"]?.string)) { row in
            row.commands += 1
            if refused { row.refused += 1 }
            if row.first == nil { row.first = entry.index }
            row.last = entry.index
        }
        if let policy = value["decision"]?["policy"]?.string { policies.update(policy, default: 0) { $0 += 1 } }
        if !refused, open.count < Self.mostOpen, let id = value["id"]?.string { open[id] = key }
        if let approval = value["approval"] {
            addElevated(entry, value, approval, person, target: target, at: time)
        }
    }

    private mutating func addElevated(
        _ entry: AuditEntry, _ value: JSONValue, _ approval: JSONValue, _ person: Person, target: String,
        at time: String
    ) {
        let approvers = (approval["approvers"]?.array ?? []).compactMap { Person($0) }
        elevated.append(
            Elevated(
                index: entry.index, time: time, person: person, target: target,
                text: value["command"]?["text"]?.string ?? "(stands beside the log)",
                ticket: approval["ticket"]?.string ?? "", justification: approval["justification"]?.string ?? "",
                approvers: approvers))
        if approvers.contains(person) {
            breaches.append(
                Breach(
                    index: entry.index, time: time,
                    what: "\(person.subject) is among the approvers of their own command on \(target)"))
        }
        if approvers.isEmpty {
            breaches.append(
                Breach(
                    index: entry.index, time: time,
                    what: "the command of \(person.subject) on \(target) names a ticket and no approver"))
        }
    }

    private mutating func addOutcome(_ value: JSONValue) {
        let outcome = value["outcome"]
        let target = value["target"]?["name"]?.string ?? ""
        for mask in outcome?["masked"]?.array ?? [] {
            let key = MaskKey(
                target: target, rule: mask["rule"]?.string ?? "", selector: mask["selector"]?.string ?? "")
            masking.update(key, default: 0) { $0.addClamped(mask["count"]?.integer ?? 0) }
        }
        sealedValues.addClamped(value["originals"]?["values"]?.integer ?? 0)
        guard let id = value["command"]?.string, let key = open.removeValue(forKey: id) else { return }
        access.update(key, default: Access()) { row in
            if outcome?["kind"]?.string != "succeeded" { row.failed += 1 }
            row.rows.addClamped(outcome?["rows"]?.integer ?? 0)
            row.answerBytes.addClamped(outcome?["response_bytes"]?.integer ?? 0)
        }
    }

    // MARK: People

    private mutating func addApproval(_ entry: AuditEntry, _ value: JSONValue, at time: String) {
        let step = value["step"]?.string ?? ""
        let requester = Person(value["requester"])
        let actor = Person(value["actor"])
        let target = value["target"]?["name"]?.string ?? ""
        approvalSteps.update(step, default: 0) { $0 += 1 }
        approvals.append(
            ApprovalStep(
                index: entry.index, time: time, ticket: value["ticket"]?.string ?? "", step: step,
                requester: requester, actor: actor, target: target, justification: value["justification"]?.string))
        guard step == "approved", let actor else { return }
        approvers.insert(actor)
        if actor == requester {
            breaches.append(
                Breach(
                    index: entry.index, time: time,
                    what: "\(actor.subject) approved a request of their own on \(target)"))
        }
    }

    private mutating func addSignInFailure(_ value: JSONValue) {
        let client = value["client"]?.string ?? ""
        let key = SignInFailureKey(code: value["code"]?.string ?? "", client: Self.host(of: client))
        let attempts = Int(clamping: value["suppressed"]?.integer ?? 0).addingClamped(1)
        signInFailures.update(key, default: 0) { $0.addClamped(attempts) }
    }

    /// `10.1.2.3` of `10.1.2.3:51234`: each connection has a port of its own.
    private static func host(of client: String) -> String {
        guard let colon = client.lastIndex(of: ":"), client[client.index(after: colon)...].allSatisfy(\.isNumber),
            client.hasPrefix("[") || client.firstIndex(of: ":") == colon
        else { return client }
        return String(client[..<colon])
    }

    private mutating func addPolicyLoad(_ entry: AuditEntry, _ value: JSONValue, at time: String) {
        let by = value["by"]?.string ?? ""
        // One that was refused changed nothing.
        if value["refused"] == nil, let person = Person(policyLoader: by), policyPeople.count < Self.mostRows {
            policyPeople.insert(person)
        }
        policyLoads.append(
            PolicyLoad(
                index: entry.index, time: time, by: by, policy: value["policy"]?.string,
                previous: value["previous"]?.string, refusal: value["refused"]?.string,
                changes: ToldChanges(value, "changes"), files: ToldChanges(value, "files")))
    }

    private mutating func addConfiguration(_ entry: AuditEntry, _ value: JSONValue, at time: String) {
        configurations.append(
            ConfigurationChange(
                index: entry.index, time: time, digest: value["digest"]?.string, previous: value["previous"]?.string,
                changes: ToldChanges(value, "changes")))
    }

    /// People with two duties that are better apart: no breach by itself, something to look at.
    var doubleDuties: [(person: Person, what: String)] {
        var found: [(Person, String)] = []
        let users = Dictionary(grouping: access.rows.keys) { $0.person }
        for person in policyPeople where users[person] != nil {
            found.append((person, "had policies loaded and used targets that they govern"))
        }
        for person in approvers where users[person] != nil {
            found.append((person, "approved requests of others and used targets as well"))
        }
        for person in policyPeople where approvers.contains(person) {
            found.append((person, "had policies loaded and approved requests"))
        }
        return found.sorted { ($0.0.subject, $0.1) < ($1.0.subject, $1.1) }.map { (person: $0.0, what: $0.1) }
    }
}
