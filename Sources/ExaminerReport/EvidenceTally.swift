import Audit
import Identifiers
import StrictJSON

/// What a period's entries come to. Reads each entry once, in the order of the log, and keeps no entry.
struct EvidenceTally: Sendable {
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
    private(set) var masking = BoundedTable<MaskKey, Int64>(most: mostRows)
    private(set) var sealedValues: Int64 = 0
    private(set) var signInFailures = BoundedTable<SignInFailureKey, Int>(most: mostRows)
    private(set) var policyLoads = TopList<PolicyLoad>(most: mostListed)
    private(set) var configurations = TopList<ConfigurationChange>(most: mostListed)
    private(set) var policies = BoundedTable<String, Int>(most: 1000)
    private(set) var operations = OperationsTally()
    private(set) var console = ConsoleTally()
    /// What people are called, by entries before the period too.
    private(set) var names = PeopleNames()
    private(set) var breaches = TopList<Breach>(most: mostListed)
    /// Entries that are no JSON object of the schema.
    private(set) var unreadable = TopList<UInt64>(most: 100)
    /// People who had policies loaded, and those who used targets.
    private var policyPeople: Set<Person> = []
    private var approvers: Set<Person> = []
    private var open: [String: AccessKey] = [:]
    private var tickets = Tickets()

    /// Takes of an entry before the period what still holds in it.
    mutating func addBefore(_ entry: AuditEntry) {
        noteBeginning(entry)
        guard let kind = entry.kind, ["policy-load", "start", "session-start", "approval"].contains(kind),
            let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord)
        else { return }
        noteNames(value)
        switch kind {
        case "session-start": break
        case "approval": tickets.note(value)
        default: notePolicyBefore(entry, value)
        }
    }

    private mutating func noteNames(_ value: JSONValue) {
        for member in ["caller", "requester", "actor", "by"] { names.note(value[member]) }
    }

    private mutating func notePolicyBefore(_ entry: AuditEntry, _ value: JSONValue) {
        guard value["refused"] == nil, let policy = value["policy"]?.string, let time = value["time"]?.string else {
            return
        }
        let candidate = value["candidate"]?.string
        if let known = inForceBefore, known.policy.isExactly(policy) {
            // Loaded again, or at a start, it is in force since it first was.
            if entry.kind == "start" || known.candidate == candidate { return }
        }
        inForceBefore = PolicyInForce(index: entry.index, time: time, policy: policy, candidate: candidate)
    }

    /// Takes the log's beginning from its first entry, whatever period that is in.
    mutating func noteBeginning(_ entry: AuditEntry) {
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
        noteNames(value)
        switch kind {
        case "intent", "refusal": addCommand(entry, value, refused: kind == "refusal", at: time)
        case "outcome": addOutcome(value)
        case "approval": addApproval(entry, value, at: time)
        case "sign-in-failure": addSignInFailure(value)
        case "policy-load": addPolicyLoad(entry, value, at: time)
        case "configuration": addConfiguration(entry, value, at: time)
        case "console": console.add(entry, value, tickets, at: time)
        case "originals-opened": console.addOpening(entry, value, at: time)
        case "session-start", "session-end", "originals": break
        // Start and stop, keys, deletions, holds: whatever else the gateway tells of itself.
        default: operations.add(entry, value, kind: kind, at: time)
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
        access.update(key, default: Access()) { row in
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
        let ticket = approval["ticket"]?.string ?? ""
        elevated.append(
            Elevated(
                index: entry.index, time: time, person: person, target: target,
                text: value["command"]?["text"]?.string ?? "(stands beside the log)",
                ticket: ticket, justification: approval["justification"]?.string ?? "", approvers: approvers,
                parameters: CommandParameters.text(value["command"]), request: tickets[ticket]))
        if approvers.contains(person) {
            breaches.append(
                Breach(
                    index: entry.index, time: time, person: person,
                    what: "is among the approvers of their own command on \(target)"))
        }
        if approvers.isEmpty {
            breaches.append(
                Breach(
                    index: entry.index, time: time, person: person,
                    what: "ran a command on \(target) that names a ticket and no approver"))
        }
    }

    /// What was asked for with the ticket of a command. Within a batch of entries it may stand behind the command.
    func request(of item: Elevated) -> TicketRequest? { item.request ?? tickets[item.ticket] }

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
        let ticket = value["ticket"]?.string ?? ""
        tickets.note(value)
        approvals.append(
            ApprovalStep(
                index: entry.index, time: time, ticket: ticket, step: step, requester: requester, actor: actor,
                target: target, justification: value["justification"]?.string, request: tickets[ticket]))
        guard step == "approved", let actor else { return }
        approvers.insert(actor)
        if actor == requester {
            breaches.append(
                Breach(
                    index: entry.index, time: time, person: actor,
                    what: "approved a request of their own on \(target)"))
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
