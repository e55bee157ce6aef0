import GatewayCore
import Identifiers
import NIOCore
import StrictJSON

// From statements to commands, as policy, approvers and the log see them.
extension Relay {
    /// The commands of a query string, in order.
    func commands(of statements: [SQLStatement], in text: String) -> [JudgedStatement] {
        if statements.count == 1 {
            let only = judged(statements[0], text: text, count: 1)
            // Amid a pipeline the server cannot be asked what names mean by now.
            if isCurrent(statements[0]) { return [only] }
            return [JudgedStatement(command: only.command.opaque("settings change before it"), statement: nil)]
        }
        var context = BatchContext()
        return statements.map { statement in
            let own = text.slice(statement.range)
            var next = judged(statement, text: own, count: statements.count, in: context)
            // What an earlier statement of the string changes, this one was not read under.
            if context.changesMeaning || !isCurrent(statement) {
                next = JudgedStatement(command: next.command.opaque("settings change before it"), statement: nil)
            }
            context.note(statement)
            return next
        }
    }

    /// What the statements of a query string before this one do to it.
    private struct BatchContext {
        var changesMeaning = false
        var prepared: [ExactText: SQLStatement] = [:]
        var cursors: [ExactText: SQLStatement] = [:]

        mutating func note(_ statement: SQLStatement) {
            if statement.kind.mayChangeSettings { changesMeaning = true }
            switch statement.kind {
            case .prepare(let name, let body): prepared[ExactText(name)] = body
            case .declareCursor(let name, let body, _): cursors[ExactText(name)] = body
            default: break
            }
        }
    }

    private func judged(
        _ statement: SQLStatement, text: String, count: Int, in context: BatchContext = BatchContext()
    ) -> JudgedStatement {
        var parameters: [Parameter] = []
        var effects = statement.effects
        var facts = statement.facts
        var only: SQLStatement? = statement
        var places = statement.namedPlaces
        var lookup: NameLookup?
        switch statement.kind {
        case .execute(let name, let arguments):
            // Which of the two runs depends on whether PREPARE succeeds: both must be allowed.
            let known = names.statements[name].flatMap(self.statement)
            let bodies = [known, context.prepared[ExactText(name)]].compactMap { $0 }
            parameters = arguments.enumerated().map {
                Parameter(name: "$\($0.offset + 1)", value: .string($0.element), encoding: "sql")
            }
            only = bodies.count == 1 ? bodies[0] : nil
            lookup = NameLookup(path: certainSearchPath, isPast: true)
            // Before the values that Bind adds for this statement's own parameters.
            for index in places.indices {
                places[index].parameters = places[index].parameters.map { $0 + arguments.count }
            }
            for body in bodies {
                places += body.namedPlaces.map { NamedPlaces(names: $0.names, parameters: $0.parameters) }
                effects.append(contentsOf: body.effects.filter { !effects.contains($0) })
                facts = body.facts.adding(facts)
            }
            if bodies.isEmpty { return opaque(text, reason: "no statement \"\(name)\" is known") }
            if bodies.contains(where: \.kind.usesNames) {
                return opaque(text, reason: "what \"\(name)\" stands for uses another name")
            }
        case .fetch(let cursor):
            let known = names.cursor(cursor)
            let bodies = [known?.statement, context.cursors[ExactText(cursor)]].compactMap { $0 }
            if bodies.isEmpty { return opaque(text, reason: "no cursor \"\(cursor)\" is known") }
            only = bodies.count == 1 ? bodies[0] : nil
            lookup = known?.lookup
            for body in bodies {
                effects.append(contentsOf: body.effects.filter { !effects.contains($0) })
                facts = body.facts.adding(facts)
            }
        default:
            return JudgedStatement(
                command: Command(form(of: statement), text: text, namedPlaces: places), statement: statement)
        }
        return JudgedStatement(
            command: Command(
                effects: effects, text: text, parameters: parameters, facts: facts + place.facts, namedPlaces: places),
            statement: only, lookup: lookup)
    }

    /// What the gateway cannot read: policy decides, and says nothing of it unless it is asked to.
    func opaque(_ text: String, reason: String) -> JudgedStatement {
        JudgedStatement(
            command: Command(
                effects: [Effect(action: "sql.other", resource: Resource(type: "Database", name: place.database))],
                text: text,
                facts: SQLFacts.unread(because: reason) + place.facts), statement: nil)
    }

    /// What a prepared statement is now, when the server may read its names anew; `nil` where that cannot be said.
    private func statement(of prepared: PreparedStatement) -> SQLStatement? {
        guard let statement = prepared.statement, !isCurrent(statement) else { return prepared.statement }
        guard !areSettingsStale, prepared.hasOwnText,
            case .statements(let again) = services.reader.read(prepared.text, settings: settings), again.count == 1
        else { return nil }
        prepared.readAgain(as: again[0])
        return again[0]
    }

    func command(of prepared: PreparedStatement) -> JudgedStatement {
        guard prepared.statement != nil else { return opaque(prepared.text, reason: "the parser cannot read it") }
        guard let statement = statement(of: prepared) else {
            return opaque(prepared.text, reason: "the search path is another than the one that it was read under")
        }
        var judged = judged(statement, text: prepared.text, count: 1)
        // The server reads it anew where the path is another, and not where a table was made that hides its own.
        if statement.kind.isPlanned { judged.lookup = NameLookup(path: certainSearchPath, isPast: true) }
        return judged
    }

    /// The command that Bind makes of a prepared statement.
    ///
    /// - Throws: `ParameterError` for values that are not of their type.
    func command(of prepared: PreparedStatement?, _ bind: Bind) throws(ParameterError) -> JudgedStatement {
        guard let prepared else {
            return opaque(
                "EXECUTE \"\(bind.statement)\"", reason: "the gateway has not seen this statement being prepared")
        }
        var judged = command(of: prepared)
        let (parameters, areReadable) = try BoundParameters.read(
            bind, types: prepared.parameterTypes, encoding: encoding)
        judged.command.parameters += parameters
        if !areReadable { judged.command.facts.append(Fact("sql.unread_parameters", .bool(true))) }
        return judged
    }

    func command(fetchingFrom name: String, _ cursor: Cursor) -> JudgedStatement {
        let body = cursor.statement
        return JudgedStatement(
            command: Command(
                effects: body.effects, text: "FETCH \"\(name)\"", facts: body.facts + place.facts),
            statement: body, lookup: cursor.lookup)
    }

    func functionCall(_ call: FunctionCall) -> JudgedStatement {
        let name = LargeObjectFunction(call.functionOID)?.rawValue
        let facts =
            name == nil
            ? SQLFacts.unread(because: "a function is called by its number", kind: "function call")
            : SQLFacts.harmless(kind: "function call")
        let function = name.map { "pg_catalog.\($0)" } ?? "oid:\(call.functionOID)"
        return JudgedStatement(
            command: Command(
                effects: [Effect(action: "sql.call", resource: Resource(type: "Function", name: function))],
                text: "function call \(function)",
                parameters: call.arguments.enumerated().map { BoundParameters.opaque($0.offset + 1, $0.element) },
                facts: facts + place.facts), statement: nil)
    }
}

extension String {
    /// The statement at these offsets in UTF-8.
    fileprivate func slice(_ range: Range<Int>) -> String {
        let bytes = utf8.dropFirst(range.lowerBound).prefix(range.count)
        return String(Substring(bytes))
    }
}

extension Command {
    fileprivate func opaque(_ reason: String) -> Command {
        var command = self
        command.facts = [Fact("opaque", .bool(true)), Fact("sql.unread_because", .string(reason))].adding(facts)
        return command
    }
}

extension [Fact] {
    /// These facts, and those of `others` whose names are not among them.
    fileprivate func adding(_ others: [Fact]) -> [Fact] {
        self + others.filter { other in !contains { $0.name == other.name } }
    }
}
