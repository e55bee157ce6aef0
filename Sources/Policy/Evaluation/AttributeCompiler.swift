extension ExpressionCompiler {
    /// `e.name`; the variables' own attributes, which most conditions ask for, are read where they lie.
    func attribute(of operand: Expression, _ name: String) -> Compiled {
        if case .variable(let variable) = operand.kind {
            switch variable {
            case .context:
                return .computing { environment throws(EvaluationError) in
                    guard let value = environment.request.context[exactly: name] else {
                        throw EvaluationError("context has no attribute \(quoted(name))")
                    }
                    return value
                }
            case .principal:
                return .computing { environment throws(EvaluationError) in
                    guard let value = environment.principalAttribute(name) else {
                        throw EvaluationError("\(environment.request.principal.uid) has no attribute \(quoted(name))")
                    }
                    return value
                }
            case .resource:
                return .computing { environment throws(EvaluationError) in
                    guard let value = environment.resourceAttribute(name) else {
                        throw EvaluationError("\(environment.request.resource.uid) has no attribute \(quoted(name))")
                    }
                    return value
                }
            case .action: break
            }
        }
        let operand = compile(operand).term
        return .computing { environment throws(EvaluationError) in
            let holder = try operand(environment)
            guard let value = try environment.attribute(name, ofValue: holder) else {
                if case .entity(let uid) = holder { throw EvaluationError("\(uid) has no attribute \(quoted(name))") }
                throw EvaluationError("the record has no attribute \(quoted(name))")
            }
            return value
        }
    }

    /// `e has a.b.c`, which is `e has a && e.a has b && e.a.b has c`.
    func has(_ operand: Expression, _ path: [String]) -> Compiled {
        if case .variable(.context) = operand.kind, path.count == 1 {
            let name = path[0]
            return .testing { environment throws(EvaluationError) in environment.request.context.contains(exactly: name)
            }
        }
        let operand = compile(operand).term
        return .testing { environment throws(EvaluationError) in
            var holder = try operand(environment)
            for name in path {
                guard let value = try environment.attribute(name, ofValue: holder) else { return false }
                holder = value
            }
            return true
        }
    }
}

extension Environment {
    /// The attribute of a record or an entity; errs on anything else.
    func attribute(_ name: String, ofValue holder: Value) throws(EvaluationError) -> Value? {
        switch holder {
        case .record(let members): members[exactly: name]
        case .entity(let uid): attribute(name, of: uid)
        default: throw .type(holder, expected: "record or entity")
        }
    }
}
