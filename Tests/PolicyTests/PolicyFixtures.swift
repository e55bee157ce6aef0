import Testing

@testable import Policy

/// Short ways to write what the suites need.
enum Fixture {
    static func set(_ text: String, _ entities: [Entity] = [], file: String = "test.cedar") throws -> PolicySet {
        try PolicySet.load([PolicySource(name: file, text: text)], entities: EntityGraph(entities))
    }

    static func uid(_ text: String) -> EntityUID { EntityUID(text) ?? EntityUID(type: "Malformed", id: text) }

    static func request(
        _ principal: String = #"User::"alice""#, groups: [String] = [], _ action: String = #"Action::"http.get""#,
        _ resource: String = #"Function::"ledger/read""#, in parents: [String] = [], context: [String: Value] = [:],
        groupsUnknown: String? = nil
    ) -> PolicyRequest {
        PolicyRequest(
            principal: Entity(
                uid(principal), attributes: ["email": "alice@example.com"],
                parents: groups.map { EntityUID(type: "Group", id: $0) }, groupsUnknown: groupsUnknown),
            action: uid(action), resource: Entity(uid(resource), parents: parents.map(uid)), context: context)
    }

    /// The value of an expression, or the message of its error.
    static func evaluate(_ text: String, _ request: PolicyRequest, _ entities: [Entity]) throws -> Result<
        Value, EvaluationError
    > {
        var parser = PolicyParser(source: PolicySource(name: "expression", text: text))
        let (expression, errors) = parser.parseWholeExpression()
        let parsed = try #require(expression, "\(errors)")
        #expect(errors.isEmpty, "\(errors)")
        var names: [EntityUID] = []
        parsed.visit { if case .literal(.entity(let uid)) = $0.kind { names.append(uid) } }
        let hierarchy = EntityHierarchy(entities, naming: names)
        let term = ExpressionCompiler(hierarchy: hierarchy).compile(parsed).term
        do throws(EvaluationError) {
            return .success(try term(Environment(request, hierarchy)))
        } catch {
            return .failure(error)
        }
    }

    /// `line:column message` of all errors of a source.
    static func errors(_ text: String) -> [String] {
        do throws(PolicyErrors) {
            _ = try PolicySet.load([PolicySource(name: "f", text: text)])
            return []
        } catch {
            return error.errors.map { "\($0.position.line):\($0.position.column) \($0.message)" }
        }
    }
}
