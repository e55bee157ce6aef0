extension ExpressionCompiler {
    func binary(_ operation: BinaryOperator, _ left: Expression, _ right: Expression) -> Compiled {
        switch operation {
        case .equal: .test(equality(left, right))
        case .notEqual: .test(inverted(equality(left, right)))
        case .less: comparison(left, right) { $0 < 0 }
        case .lessOrEqual: comparison(left, right) { $0 <= 0 }
        case .greater: comparison(left, right) { $0 > 0 }
        case .greaterOrEqual: comparison(left, right) { $0 >= 0 }
        case .memberOf: memberOf(left, right)
        case .contains: contains(left, right)
        case .containsAll: setRelation(left, right) { $0.isSuperset(of: $1) }
        case .containsAny: setRelation(left, right) { !$0.isDisjoint(with: $1) }
        case .getTag: getTag(left, right)
        case .hasTag: hasTag(left, right)
        }
    }

    // MARK: Equality and order

    private func equality(_ left: Expression, _ right: Expression) -> Test {
        switch (compile(left), compile(right)) {
        case (let left, .constant(let value)), (.constant(let value), let left):
            let left = left.term
            return Test { environment throws(EvaluationError) in try left(environment) == value }
        case (let left, let right):
            let (left, right) = (left.term, right.term)
            return Test { environment throws(EvaluationError) in
                let value = try left(environment)
                return value == (try right(environment))
            }
        }
    }

    private func inverted(_ test: Test) -> Test {
        Test { environment throws(EvaluationError) in !(try test(environment)) }
    }

    /// Order exists between longs, between datetimes and between durations.
    private func comparison(
        _ left: Expression, _ right: Expression, _ accepts: @escaping @Sendable (Int) -> Bool
    ) -> Compiled {
        let (left, right) = (compile(left).term, compile(right).term)
        return .testing { environment throws(EvaluationError) in
            let (first, second) = (try left(environment), try right(environment))
            switch (first, second) {
            case (.long(let first), .long(let second)):
                return accepts(first < second ? -1 : first == second ? 0 : 1)
            case (.datetime(let first), .datetime(let second)):
                return accepts(first < second ? -1 : first == second ? 0 : 1)
            case (.duration(let first), .duration(let second)):
                return accepts(first < second ? -1 : first == second ? 0 : 1)
            default:
                throw EvaluationError("cannot compare \(first.typeName) with \(second.typeName)")
            }
        }
    }

    // MARK: Membership

    func memberOf(_ left: Expression, _ right: Expression) -> Compiled {
        if case .variable(let variable) = left.kind, case .literal(.entity(let uid)) = right.kind,
            let ancestor = hierarchy.symbols.find(uid)
        {
            switch variable {
            case .principal:
                return .testing { environment throws(EvaluationError) in try environment.isPrincipal(in: ancestor) }
            case .action: return .testing { environment throws(EvaluationError) in environment.isAction(in: ancestor) }
            case .resource:
                return .testing { environment throws(EvaluationError) in try environment.isResource(in: ancestor) }
            case .context: break
            }
        }
        let (left, right) = (compile(left).term, compile(right).term)
        return .testing { environment throws(EvaluationError) in
            let (subject, ancestors) = (try left(environment), try right(environment))
            let uid = try subject.requireEntity()
            switch ancestors {
            case .entity(let ancestor): return try environment.isMember(uid, of: ancestor)
            case .set(let elements): return try environment.isMember(uid, ofAny: elements)
            default: throw .type(ancestors, expected: "entity or set of entities")
            }
        }
    }

    // MARK: Sets

    private func contains(_ left: Expression, _ right: Expression) -> Compiled {
        let element = compile(right).term
        if case .constant(.set(let set)) = compile(left) {
            return .testing { environment throws(EvaluationError) in set.contains(try element(environment)) }
        }
        let set = compile(left).term
        return .testing { environment throws(EvaluationError) in
            let (container, member) = (try set(environment), try element(environment))
            return try container.requireSet().contains(member)
        }
    }

    private func setRelation(
        _ left: Expression, _ right: Expression, _ holds: @escaping @Sendable (Set<Value>, Set<Value>) -> Bool
    ) -> Compiled {
        let (left, right) = (compile(left).term, compile(right).term)
        return .testing { environment throws(EvaluationError) in
            let (first, second) = (try left(environment), try right(environment))
            return holds(try first.requireSet(), try second.requireSet())
        }
    }

    // MARK: Tags

    private func getTag(_ left: Expression, _ right: Expression) -> Compiled {
        let (left, right) = (compile(left).term, compile(right).term)
        return .computing { environment throws(EvaluationError) in
            let (holder, key) = (try left(environment), try right(environment))
            let (uid, name) = (try holder.requireEntity(), try key.requireString())
            guard let value = environment.tag(name, of: uid) else {
                throw EvaluationError("\(uid) has no tag \(quoted(name))")
            }
            return value
        }
    }

    private func hasTag(_ left: Expression, _ right: Expression) -> Compiled {
        let (left, right) = (compile(left).term, compile(right).term)
        return .testing { environment throws(EvaluationError) in
            let (holder, key) = (try left(environment), try right(environment))
            return environment.tag(try key.requireString(), of: try holder.requireEntity()) != nil
        }
    }

    // MARK: Arithmetic

    func negative(_ operand: Term) -> Compiled {
        .computing { environment throws(EvaluationError) in
            let value = try operand(environment).requireLong()
            let (result, overflow) = Int64(0).subtractingReportingOverflow(value)
            if overflow { throw EvaluationError("integer overflow in -(\(value))") }
            return .long(result)
        }
    }

    func sum(_ first: Expression, _ rest: [(isMinus: Bool, term: Expression)]) -> Compiled {
        let first = compile(first).term
        let rest = rest.map { (isMinus: $0.isMinus, term: compile($0.term).term) }
        return .computing { environment throws(EvaluationError) in
            var total = try first(environment).requireLong()
            for (isMinus, next) in rest {
                let term = try next(environment).requireLong()
                let (result, overflow) =
                    isMinus ? total.subtractingReportingOverflow(term) : total.addingReportingOverflow(term)
                if overflow { throw EvaluationError("integer overflow in \(total) \(isMinus ? "-" : "+") \(term)") }
                total = result
            }
            return .long(total)
        }
    }

    func product(_ factors: [Term]) -> Compiled {
        .computing { environment throws(EvaluationError) in
            var total: Int64 = 1
            for (index, next) in factors.enumerated() {
                let factor = try next(environment).requireLong()
                let (result, overflow) = index == 0 ? (factor, false) : total.multipliedReportingOverflow(by: factor)
                if overflow { throw EvaluationError("integer overflow in \(total) * \(factor)") }
                total = result
            }
            return .long(total)
        }
    }
}
