import StrictJSON

/// A request that a person wrote down, with what the gateway says of every command like it.
public struct WrittenRequest: Sendable {
    /// As written, with the resource's name and the usual value of each fact that it does not give.
    public let request: PolicyRequest
    /// The facts that were added.
    private let assumed: [(name: String, value: Value)]
    /// Facts that have no usual value, and that nothing is said about.
    private let untold: [PolicyFact]

    public init(_ written: PolicyRequest, _ vocabulary: PolicyVocabulary) {
        var request = written
        var assumed: [(name: String, value: Value)] = []
        var untold: [PolicyFact] = []
        if request.resource.attributes["name"] == nil {
            request.resource.attributes["name"] = .string(request.resource.nameInTarget)
        }
        // Nothing is usual about a command that cannot be read.
        let isUnread = written.context.saysOpaque
        let facts = request.action.type == "Action" ? vocabulary.facts[request.action.id] ?? [] : []
        for fact in facts {
            let (prefix, member) = fact.parts
            let usual = isUnread ? nil : fact.usual
            guard let namespace = prefix else {
                if written.context[member] != nil { continue }
                guard let usual else {
                    untold.append(fact)
                    continue
                }
                request.context[member] = usual
                assumed.append((fact.name, usual))
                continue
            }
            var members: [String: Value] = [:]
            if let given = request.context[namespace] {
                // What is no mapping there stays as it was written.
                guard case .record(let record) = given else { continue }
                members = record
            }
            if members[member] != nil { continue }
            if let usual {
                members[member] = usual
                request.context[namespace] = .record(members)
                assumed.append((fact.name, usual))
            } else if written.context[namespace] == nil {
                // Who writes a part of a namespace has spoken for it: what is not there is absent.
                untold.append(fact)
            }
        }
        self.request = request
        self.assumed = assumed
        self.untold = untold
    }

    /// The facts that were added and that a policy whose head fits the request reads, as `context.shell.opaque = false`;
    /// and those that it reads, perhaps behind `has`, and that nothing is said about, as `no context.client`.
    public func assumptions(for set: PolicySet) -> [String] {
        let read = set.contextNames(readFor: request)
        return assumed.filter { read.containsFact($0.name) }.map { "context.\($0.name) = \($0.value)" }
            + untold.filter { read.containsFact($0.name) }.map { "no context.\($0.name)" }
    }

    /// Why `decision` on this request says nothing: policies that could not be evaluated read facts which it does not
    /// give. `nil` where there are none, and where the answer is no whatever they are.
    public func doubt(about decision: PolicyDecision, by set: PolicySet) -> PolicyDoubt? {
        let failed = Set(decision.errors.map(\.policy))
        if failed.isEmpty { return nil }
        if !decision.allowed, decision.determining.contains(where: { !failed.contains($0) }) { return nil }
        let read = set.contextNames(readFor: request, by: failed)
        let missing = untold.filter { read.containsFact($0.name) }
        return missing.isEmpty ? nil : PolicyDoubt(missing: missing)
    }
}

/// Facts without which it cannot be told what policies say.
public struct PolicyDoubt: Sendable, Hashable, CustomStringConvertible {
    let missing: [PolicyFact]

    public var description: String {
        "cannot be told without \(missing.map { "context.\($0.name)" }.joined(separator: ", "))"
    }

    /// A context that has them all, with values as they could be.
    public var example: JSONValue {
        var members: [JSONMember] = []
        for fact in missing {
            let (prefix, member) = fact.parts
            guard let namespace = prefix else {
                members.append(JSONMember(member, fact.example))
                continue
            }
            let added = JSONMember(member, fact.example)
            if let place = members.firstIndex(where: { $0.name == namespace }) {
                members[place] = JSONMember(namespace, .object((members[place].value.object ?? []) + [added]))
            } else {
                members.append(JSONMember(namespace, .object([added])))
            }
        }
        return .object(members)
    }
}

extension PolicyVocabulary {
    /// What a request names that is not declared. Such a request never comes, so that a decision on it says nothing.
    ///
    /// - Parameter path: Where the request stands, as `cases[3]`.
    public func findings(in request: PolicyRequest, path: String) -> [PolicyDecodingError] {
        var findings: [PolicyDecodingError] = []
        func add(_ key: String, _ message: String?) {
            if let message { findings.append(PolicyDecodingError(path: "\(path).\(key)", message: message)) }
        }
        add("principal", unknownType(request.principal.uid, among: principalTypes))
        if isActionGroup(request.action) {
            add(
                "action",
                "\(request.action.id) is a group of actions and never an action by itself: name one of its actions, "
                    + "which `sallyport adapters` lists")
        } else {
            add("action", unknownType(request.action, among: ["Action"]) ?? unknownAction(request.action))
        }
        add("resource", unknownType(request.resource.uid, among: resourceTypes) ?? unknownTarget(request.resource.uid))
        for parent in request.resource.parents {
            add("in", unknownType(parent, among: types) ?? unknownTarget(parent))
        }
        for (name, value) in request.context.sorted(by: { $0.key < $1.key }) {
            for finding in findingsInContext(name, value) { add("context", finding) }
        }
        return findings
    }

    private func unknownType(_ uid: EntityUID, among types: Set<String>) -> String? {
        if types.contains(uid.type) { return nil }
        return "unknown type \(uid.type) in \(uid)\(Spelling.suggestion(for: uid.type, among: types.sorted()))"
    }

    private func findingsInContext(_ name: String, _ value: Value) -> [String] {
        if contextAttributes.contains(name) {
            guard let dot = name.firstIndex(of: ".") else { return [] }
            let member = name[name.index(after: dot)...]
            return ["\"\(name)\" is written as a mapping: {\"\(name[..<dot])\": {\"\(member)\": …}}"]
        }
        guard case .record(let members) = value, contextAttributes.contains(where: { $0.hasPrefix("\(name).") }) else {
            return [unknownAttribute(name)]
        }
        return members.keys.sorted().filter { !contextAttributes.contains("\(name).\($0)") }
            .map { unknownAttribute("\(name).\($0)") }
    }

    private func unknownAttribute(_ name: String) -> String {
        "unknown context attribute \"\(name)\"\(Spelling.suggestion(for: name, among: contextAttributes.sorted()))"
    }
}

extension Entity {
    /// What the gateway calls `name`: the id without the target that it begins with.
    fileprivate var nameInTarget: String {
        for parent in parents where parent.type == "Target" && uid.id.hasPrefix("\(parent.id)/") {
            return String(uid.id.dropFirst(parent.id.count + 1))
        }
        return uid.id
    }
}

extension PolicySet {
    /// What policies whose head fits the request read of `context`, a record's members by dots.
    ///
    /// - Parameter chosen: Only these policies.
    fileprivate func contextNames(readFor request: PolicyRequest, by chosen: Set<PolicyID>? = nil) -> Set<String> {
        let environment = Environment(request, hierarchy)
        var names: Set<String> = []
        for policy in compiled where chosen?.contains(policy.id) ?? true {
            guard policy.action.holdsForAction(environment),
                (try? policy.resource.holdsForResource(environment)) ?? true,
                (try? policy.principal.holdsForPrincipal(environment)) ?? true
            else { continue }
            for condition in policy.syntax.conditions {
                condition.body.visit { if let path = $0.contextPath { names.insert(path.joined(separator: ".")) } }
            }
        }
        return names
    }
}

extension [String: Value] {
    /// Whether this context calls the command opaque, in whichever namespace.
    fileprivate var saysOpaque: Bool {
        contains { name, value in
            if case .record(let members) = value { return members["opaque"] == true }
            return name == "opaque" && value == true
        }
    }
}

extension Set<String> {
    /// Whether the fact itself is among these names, or a member of it.
    fileprivate func containsFact(_ name: String) -> Bool {
        contains { $0 == name || $0.hasPrefix("\(name).") }
    }
}
