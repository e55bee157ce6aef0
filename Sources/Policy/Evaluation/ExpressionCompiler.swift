/// A compiled expression that yields any value.
///
/// A closure in a struct of its own: kept bare in an array or an optional it would be called through a thunk.
struct Term: Sendable {
    private let body: @Sendable (Environment) throws(EvaluationError) -> Value

    init(_ body: @escaping @Sendable (Environment) throws(EvaluationError) -> Value) { self.body = body }

    @inline(__always)
    func callAsFunction(_ environment: Environment) throws(EvaluationError) -> Value { try body(environment) }
}

/// A compiled expression that yields a truth value, so that conditions run without boxing it.
struct Test: Sendable {
    private let body: @Sendable (Environment) throws(EvaluationError) -> Bool

    init(_ body: @escaping @Sendable (Environment) throws(EvaluationError) -> Bool) { self.body = body }

    @inline(__always)
    func callAsFunction(_ environment: Environment) throws(EvaluationError) -> Bool { try body(environment) }
}

enum Compiled: Sendable {
    case constant(Value)
    case test(Test)
    case term(Term)

    static func testing(_ body: @escaping @Sendable (Environment) throws(EvaluationError) -> Bool) -> Compiled {
        .test(Test(body))
    }

    static func computing(_ body: @escaping @Sendable (Environment) throws(EvaluationError) -> Value) -> Compiled {
        .term(Term(body))
    }

    var term: Term {
        switch self {
        case .constant(let value): Term { _ throws(EvaluationError) in value }
        case .test(let test): Term { environment throws(EvaluationError) in .bool(try test(environment)) }
        case .term(let term): term
        }
    }

    /// Errs on what is no truth value.
    var test: Test {
        switch self {
        case .constant(.bool(let value)): Test { _ throws(EvaluationError) in value }
        case .constant(let value): Test { _ throws(EvaluationError) in try value.requireBool() }
        case .test(let test): test
        case .term(let term): Test { environment throws(EvaluationError) in try term(environment).requireBool() }
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
        case .negate(let operand): negative(compile(operand).term)
        case .sum(let first, let rest): sum(first, rest)
        case .product(let factors): product(factors.map { compile($0).term })
        case .binary(let operation, let left, let right): binary(operation, left, right)
        case .isEmpty(let operand): isEmpty(compile(operand).term)
        case .attribute(let operand, let name): attribute(of: operand, name)
        case .has(let operand, let path): has(operand, path)
        case .like(let operand, let pattern): like(compile(operand).term, WildcardPattern(pattern))
        case .isType(let operand, let type, let ancestor): isType(operand, type, ancestor)
        case .set(let elements): set(elements)
        case .record(let members): record(members)
        case .call(let function, let arguments): call(function, arguments)
        }
    }

    private func compile(_ variable: Variable) -> Compiled {
        switch variable {
        case .principal:
            .computing { environment throws(EvaluationError) in .entity(environment.request.principal.uid) }
        case .action: .computing { environment throws(EvaluationError) in .entity(environment.request.action) }
        case .resource: .computing { environment throws(EvaluationError) in .entity(environment.request.resource.uid) }
        case .context: .computing { environment throws(EvaluationError) in .record(environment.request.context) }
        }
    }

    private func conditional(_ condition: Expression, _ then: Expression, _ otherwise: Expression) -> Compiled {
        let condition = compile(condition).test
        switch (compile(then), compile(otherwise)) {
        case (.test(let then), .test(let otherwise)):
            return .testing { environment throws(EvaluationError) in
                try condition(environment) ? try then(environment) : try otherwise(environment)
            }
        case (let then, let otherwise):
            let (then, otherwise) = (then.term, otherwise.term)
            return .computing { environment throws(EvaluationError) in
                try condition(environment) ? try then(environment) : try otherwise(environment)
            }
        }
    }

    private func conjunction(_ tests: [Test]) -> Test {
        if tests.count == 2 {
            let (first, second) = (tests[0], tests[1])
            return Test { environment throws(EvaluationError) in
                guard try first(environment) else { return false }
                return try second(environment)
            }
        }
        return Test { environment throws(EvaluationError) in
            for test in tests where !(try test(environment)) { return false }
            return true
        }
    }

    private func disjunction(_ tests: [Test]) -> Test {
        Test { environment throws(EvaluationError) in
            for test in tests where try test(environment) { return true }
            return false
        }
    }

    private func negation(_ test: Test) -> Test {
        Test { environment throws(EvaluationError) in !(try test(environment)) }
    }

    private func isEmpty(_ operand: Term) -> Compiled {
        .testing { environment throws(EvaluationError) in try operand(environment).requireSet().isEmpty }
    }

    private func like(_ operand: Term, _ pattern: WildcardPattern) -> Compiled {
        .testing { environment throws(EvaluationError) in pattern.matches(try operand(environment).requireString()) }
    }

    private func isType(_ operand: Expression, _ type: String, _ ancestor: Expression?) -> Compiled {
        let subject = compile(operand).term
        let isOfType = Test { environment throws(EvaluationError) in
            identical(try subject(environment).requireEntity().type, type)
        }
        guard let ancestor else { return .test(isOfType) }
        return .test(conjunction([isOfType, memberOf(operand, ancestor).test]))
    }

    private func set(_ elements: [Expression]) -> Compiled {
        let elements = elements.map(compile)
        let constants = elements.compactMap { if case .constant(let value) = $0 { value } else { nil } }
        if constants.count == elements.count { return .constant(.set(Set(constants))) }
        let terms = elements.map(\.term)
        return .computing { environment throws(EvaluationError) in
            var set: Set<Value> = []
            for term in terms { set.insert(try term(environment)) }
            return .set(set)
        }
    }

    private func record(_ members: [(name: String, value: Expression)]) -> Compiled {
        let members = members.map { (name: $0.name, term: compile($0.value).term) }
        return .computing { environment throws(EvaluationError) in
            var record: [String: Value] = [:]
            for (name, term) in members { record[name] = try term(environment) }
            return .record(record)
        }
    }

    /// A call whose arguments are constants is made now. One that fails stays, for the error belongs to the policies that
    /// come to evaluate it.
    private func call(_ function: ExtensionFunction, _ arguments: [Expression]) -> Compiled {
        let arguments = arguments.map(compile)
        let constants = arguments.compactMap { if case .constant(let value) = $0 { value } else { nil } }
        if constants.count == arguments.count, let value = try? function.apply(constants) { return .constant(value) }
        let terms = arguments.map(\.term)
        return .computing { environment throws(EvaluationError) in
            var values: [Value] = []
            values.reserveCapacity(terms.count)
            for term in terms { values.append(try term(environment)) }
            return try function.apply(values)
        }
    }
}
