typealias Evaluate = @Sendable (Environment) throws(EvaluationError) -> Value
typealias Test = @Sendable (Environment) throws(EvaluationError) -> Bool

/// A compiled expression. What yields a truth value is kept apart, so that conditions run without boxing it.
enum Compiled: Sendable {
    case constant(Value)
    case test(Test)
    case value(Evaluate)

    var evaluate: Evaluate {
        switch self {
        case .constant(let value): { _ throws(EvaluationError) in value }
        case .test(let test): { environment throws(EvaluationError) in .bool(try test(environment)) }
        case .value(let evaluate): evaluate
        }
    }

    /// Errs on what is no truth value.
    var test: Test {
        switch self {
        case .constant(.bool(let value)): { _ throws(EvaluationError) in value }
        case .constant(let value): { _ throws(EvaluationError) in try value.requireBool() }
        case .test(let test): test
        case .value(let evaluate): { environment throws(EvaluationError) in try evaluate(environment).requireBool() }
        }
    }
}

/// Turns expressions into closures, once, when the policies are loaded.
struct ExpressionCompiler {
    let hierarchy: EntityHierarchy

    func compile(_ expression: Expression) -> Compiled {
        switch expression.kind {
        case .literal(let value): .constant(value)
        case .variable(let variable): compile(variable)
        case .conditional(let condition, let then, let otherwise): conditional(condition, then, otherwise)
        case .and(let operands): .test(conjunction(operands.map { compile($0).test }))
        case .or(let operands): .test(disjunction(operands.map { compile($0).test }))
        case .not(let operand): .test(negation(compile(operand).test))
        case .negate(let operand): negative(compile(operand).evaluate)
        case .sum(let first, let rest): sum(first, rest)
        case .product(let factors): product(factors.map { compile($0).evaluate })
        case .binary(let operation, let left, let right): binary(operation, left, right)
        case .isEmpty(let operand): isEmpty(compile(operand).evaluate)
        case .attribute(let operand, let name): attribute(of: operand, name)
        case .has(let operand, let path): has(operand, path)
        case .like(let operand, let pattern): like(compile(operand).evaluate, WildcardPattern(pattern))
        case .isType(let operand, let type, let ancestor): isType(operand, type, ancestor)
        case .set(let elements): set(elements)
        case .record(let members): record(members)
        case .call(let function, let arguments): call(function, arguments)
        }
    }

    private func compile(_ variable: Variable) -> Compiled {
        switch variable {
        case .principal: .value { environment throws(EvaluationError) in .entity(environment.request.principal.uid) }
        case .action: .value { environment throws(EvaluationError) in .entity(environment.request.action) }
        case .resource: .value { environment throws(EvaluationError) in .entity(environment.request.resource.uid) }
        case .context: .value { environment throws(EvaluationError) in .record(environment.request.context) }
        }
    }

    private func conditional(_ condition: Expression, _ then: Expression, _ otherwise: Expression) -> Compiled {
        let condition = compile(condition).test
        switch (compile(then), compile(otherwise)) {
        case (.test(let then), .test(let otherwise)):
            return .test { environment throws(EvaluationError) in
                try condition(environment) ? try then(environment) : try otherwise(environment)
            }
        case (let then, let otherwise):
            let (then, otherwise) = (then.evaluate, otherwise.evaluate)
            return .value { environment throws(EvaluationError) in
                try condition(environment) ? try then(environment) : try otherwise(environment)
            }
        }
    }

    private func conjunction(_ tests: [Test]) -> Test {
        if tests.count == 2 {
            let (first, second) = (tests[0], tests[1])
            return { environment throws(EvaluationError) in
                guard try first(environment) else { return false }
                return try second(environment)
            }
        }
        return { environment throws(EvaluationError) in
            for test in tests where !(try test(environment)) { return false }
            return true
        }
    }

    private func disjunction(_ tests: [Test]) -> Test {
        { environment throws(EvaluationError) in
            for test in tests where try test(environment) { return true }
            return false
        }
    }

    private func negation(_ test: @escaping Test) -> Test {
        { environment throws(EvaluationError) in !(try test(environment)) }
    }

    private func isEmpty(_ operand: @escaping Evaluate) -> Compiled {
        .test { environment throws(EvaluationError) in try operand(environment).requireSet().isEmpty }
    }

    private func like(_ operand: @escaping Evaluate, _ pattern: WildcardPattern) -> Compiled {
        .test { environment throws(EvaluationError) in pattern.matches(try operand(environment).requireString()) }
    }

    private func isType(_ operand: Expression, _ type: String, _ ancestor: Expression?) -> Compiled {
        let subject = compile(operand).evaluate
        let isOfType: Test = { environment throws(EvaluationError) in
            identical(try subject(environment).requireEntity().type, type)
        }
        guard let ancestor else { return .test(isOfType) }
        return .test(conjunction([isOfType, memberOf(operand, ancestor).test]))
    }

    private func set(_ elements: [Expression]) -> Compiled {
        let elements = elements.map(compile)
        let constants = elements.compactMap { if case .constant(let value) = $0 { value } else { nil } }
        if constants.count == elements.count { return .constant(.set(Set(constants))) }
        let evaluations = elements.map(\.evaluate)
        return .value { environment throws(EvaluationError) in
            var set: Set<Value> = []
            for evaluate in evaluations { set.insert(try evaluate(environment)) }
            return .set(set)
        }
    }

    private func record(_ members: [(name: String, value: Expression)]) -> Compiled {
        let members = members.map { (name: $0.name, evaluate: compile($0.value).evaluate) }
        return .value { environment throws(EvaluationError) in
            var record: [String: Value] = [:]
            for (name, evaluate) in members { record[name] = try evaluate(environment) }
            return .record(record)
        }
    }

    /// A call whose arguments are constants is made now. One that fails stays, for the error belongs to the policies that
    /// come to evaluate it.
    private func call(_ function: ExtensionFunction, _ arguments: [Expression]) -> Compiled {
        let arguments = arguments.map(compile)
        let constants = arguments.compactMap { if case .constant(let value) = $0 { value } else { nil } }
        if constants.count == arguments.count, let value = try? function.apply(constants) { return .constant(value) }
        let evaluations = arguments.map(\.evaluate)
        return .value { environment throws(EvaluationError) in
            var values: [Value] = []
            values.reserveCapacity(evaluations.count)
            for evaluate in evaluations { values.append(try evaluate(environment)) }
            return try function.apply(values)
        }
    }
}
