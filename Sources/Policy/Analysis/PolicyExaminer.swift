/// Holds one policy against the vocabulary.
struct PolicyExaminer {
    private let policy: CompiledPolicy
    private let lines: LineTable
    private let set: PolicySet
    private let vocabulary: PolicyVocabulary
    private(set) var findings: [PolicyFinding] = []

    init(_ policy: CompiledPolicy, _ lines: LineTable, _ set: PolicySet, _ vocabulary: PolicyVocabulary) {
        self.policy = policy
        self.lines = lines
        self.set = set
        self.vocabulary = vocabulary
    }

    mutating func examine() {
        examineAnnotations()
        examineScope(policy.syntax.principal, vocabulary.principalTypes, "principal")
        examineScope(policy.syntax.action, ["Action"], "action")
        examineScope(policy.syntax.resource, vocabulary.resourceTypes, "resource")
        for condition in policy.syntax.conditions { examine(condition.body) }
        if let reason = Satisfiability(policy.syntax, set.hierarchy).neverMatches {
            report(.error, reason.offset, "this policy can never match: \(reason.message)")
        } else if let forbid = coveringForbid {
            report(
                .warning, policy.syntax.effectRange.start, "this permit has no effect: \(forbid.id) forbids all of it")
        }
    }

    private mutating func report(_ severity: PolicyFinding.Severity, _ offset: Int, _ message: String) {
        findings.append(
            PolicyFinding(severity: severity, position: lines.position(of: offset), policy: policy.id, message: message)
        )
    }

    // MARK: Annotations

    private mutating func examineAnnotations() {
        let ours = ObligationAnnotations.obligations + ObligationAnnotations.texts
        for annotation in policy.syntax.annotations {
            let name = annotation.name
            if !ours.contains(name) {
                if let meant = Spelling.nearest(to: name, among: ours) {
                    report(.error, annotation.range.start, "@\(name) means nothing here; did you mean @\(meant)?")
                }
            } else if policy.isForbid, ObligationAnnotations.obligations.contains(name) {
                report(.warning, annotation.range.start, "@\(name) has no effect on a forbid")
            }
            let offset = annotation.valueRange.start
            if name == "mask" {
                examineNames(policy.obligations.masks, vocabulary.maskingRuleSets, "masking rule set", offset)
            } else if name == "approve" {
                let groups = policy.obligations.approvals.flatMap(\.groups)
                examineNames(groups, vocabulary.approverGroups, "approver group", offset)
            }
        }
    }

    private mutating func examineNames(_ names: [String], _ known: Set<String>, _ kind: String, _ offset: Int) {
        for name in names where !known.contains(name) {
            report(
                .error, offset, "unknown \(kind) \"\(name)\"\(Spelling.suggestion(for: name, among: known.sorted()))")
        }
    }

    // MARK: Names

    private mutating func examineScope(_ scope: ScopeConstraint, _ types: Set<String>, _ variable: String) {
        for uid in scope.entities { examine(uid, scope.range.start, types) }
        switch scope.kind {
        case .equal(let uid): examineEquality(with: uid, scope.range.start)
        case .hasType(let type), .hasTypeAndIsMemberOf(let type, _):
            examine(type: type, scope.range.start, types, variable)
        default: break
        }
    }

    private mutating func examine(_ uid: EntityUID, _ offset: Int, _ types: Set<String>) {
        if !types.contains(uid.type) {
            let hint = Spelling.suggestion(for: uid.type, among: types.sorted())
            report(.error, offset, "unknown type \(uid.type) in \(uid)\(hint)")
        } else if let unknown = vocabulary.unknownAction(uid) {
            report(.error, offset, unknown)
        } else if let unknown = vocabulary.unknownTarget(uid) {
            report(.error, offset, unknown)
        }
    }

    /// A group has members and is no request's action, so that being equal to it is asked in vain.
    private mutating func examineEquality(with uid: EntityUID, _ offset: Int) {
        guard vocabulary.isActionGroup(uid) else { return }
        report(
            .error, offset,
            "\(uid.id) is a group of actions and never an action by itself: write `action in \(uid)`")
    }

    private mutating func examine(type: String, _ offset: Int, _ types: Set<String>, _ variable: String) {
        if types.contains(type) { return }
        let hint = Spelling.suggestion(for: type, among: types.sorted())
        report(.error, offset, "no \(variable) is of type \(type)\(hint)")
    }

    private mutating func examine(_ expression: Expression) {
        if let path = expression.contextPath {
            if !vocabulary.knows(contextPath: path) {
                let name = path.joined(separator: ".")
                let hint = Spelling.suggestion(for: name, among: vocabulary.contextAttributes.sorted())
                report(.error, expression.range.start, "unknown context attribute \"\(name)\"\(hint)")
            }
            return
        }
        for uid in expression.actionsComparedWith { examineEquality(with: uid, expression.range.start) }
        switch expression.kind {
        case .literal(.entity(let uid)): examine(uid, expression.range.start, vocabulary.types)
        case .isType(_, let type, _):
            examine(type: type, expression.range.start, vocabulary.types, "entity")
        case .call(let function, let arguments): examineCall(function, arguments, expression.range.start)
        default: break
        }
        var children: [Expression] = []
        expression.forEachChild { children.append($0) }
        for child in children { examine(child) }
    }

    private mutating func examineCall(_ function: ExtensionFunction, _ arguments: [Expression], _ offset: Int) {
        let given = arguments.count
        if given != function.arity {
            let own = function.isConstructor ? 0 : 1
            report(.error, offset, "\(function) takes \(function.arity - own) arguments, found \(given - own)")
            return
        }
        let constants = arguments.compactMap { if case .literal(let value) = $0.kind { value } else { nil } }
        if constants.count == given {
            do throws(EvaluationError) {
                _ = try function.apply(constants)
            } catch {
                report(.error, offset, "this always fails: \(error.message)")
            }
        }
    }

    // MARK: Coverage

    /// A forbid without clauses whose head asks for no more than this permit's.
    private var coveringForbid: CompiledPolicy? {
        if policy.isForbid { return nil }
        return set.compiled.first { forbid in
            forbid.isForbid && forbid.syntax.conditions.isEmpty
                && covers(forbid.syntax.principal.kind, policy.syntax.principal.kind)
                && covers(forbid.syntax.action.kind, policy.syntax.action.kind)
                && covers(forbid.syntax.resource.kind, policy.syntax.resource.kind)
        }
    }

    private func covers(_ wide: ScopeConstraint.Kind, _ narrow: ScopeConstraint.Kind) -> Bool {
        if wide == .any || wide == narrow { return true }
        guard case .memberOf(let ancestors) = wide else { return false }
        let members: [EntityUID]
        switch narrow {
        case .equal(let uid), .hasTypeAndIsMemberOf(_, let uid): members = [uid]
        case .memberOf(let uids): members = uids
        default: return false
        }
        return members.allSatisfy { member in
            guard let symbol = set.hierarchy.symbols.find(member) else { return false }
            return ancestors.contains { ancestor in
                set.hierarchy.symbols.find(ancestor).map { set.hierarchy.lineages[Int(symbol)].contains($0) } ?? false
            }
        }
    }
}

extension PolicyVocabulary {
    /// What is wrong with the action, which may be a group; `nil` where nothing is.
    func unknownAction(_ uid: EntityUID) -> String? {
        guard uid.type == "Action", !actions.contains(uid.id), !actionGroups.contains(uid.id) else { return nil }
        return "unknown action \(uid)\(Spelling.suggestion(for: uid.id, among: actions.union(actionGroups).sorted()))"
    }

    func unknownTarget(_ uid: EntityUID) -> String? {
        guard uid.type == "Target", !targets.contains(uid.id) else { return nil }
        return "unknown target \(uid)\(Spelling.suggestion(for: uid.id, among: targets.sorted()))"
    }
}

extension Expression {
    /// `["a", "b"]` for `context.a.b`, `context["a"].b` and `context has a.b`; `nil` for all else.
    var contextPath: [String]? {
        switch kind {
        case .attribute(let holder, let name):
            holder.isContext ? [name] : holder.contextPath.map { $0 + [name] }
        case .has(let holder, let path):
            holder.isContext ? path : holder.contextPath.map { $0 + path }
        default: nil
        }
    }

    /// The entities of `action == a`, `a != action` and `[a, b].contains(action)`.
    fileprivate var actionsComparedWith: [EntityUID] {
        switch kind {
        case .binary(.equal, let left, let right), .binary(.notEqual, let left, let right):
            left.isAction ? right.entities : right.isAction ? left.entities : []
        case .binary(.contains, let set, let element): element.isAction ? set.entities : []
        default: []
        }
    }

    private var isAction: Bool { if case .variable(.action) = kind { true } else { false } }

    /// Those that a literal, or a list of them, names.
    private var entities: [EntityUID] {
        switch kind {
        case .literal(.entity(let uid)): [uid]
        case .set(let elements): elements.flatMap(\.entities)
        default: []
        }
    }
}
