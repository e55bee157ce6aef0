/// A place where the grammar does not hold.
struct SyntaxError: Error {
    let offset: Int
    let message: String
}

/// Reads policies (Cedar reference, "Grammar"; templates are refused).
///
/// What breaks the grammar throws, and reading goes on after the next semicolon; what the grammar allows and the language
/// does not is collected on the way. So one pass reports all that is wrong with a file.
struct PolicyParser {
    /// How deep an expression may nest.
    static let maximumDepth = 100

    let bytes: [UInt8]
    let lines: LineTable
    private let tokens: [Token]
    private var index = 0
    private var errors: [SyntaxError]
    var nesting = 0

    init(source: PolicySource) {
        bytes = Array(source.text.utf8)
        lines = LineTable(file: source.name, bytes: bytes)
        let (tokens, errors) = Lexer.tokens(of: bytes)
        self.tokens = tokens
        self.errors = errors.map { SyntaxError(offset: $0.offset, message: $0.message) }
    }

    /// The policies that could be read, and all that is wrong with the source, in its order.
    mutating func parsePolicies() -> (policies: [PolicySyntax], errors: [PolicyError]) {
        var policies: [PolicySyntax] = []
        while !at(.end) {
            do throws(SyntaxError) {
                policies.append(try parsePolicy())
            } catch {
                errors.append(error)
                nesting = 0
                while !at(.semicolon), !at(.end) { advance() }
                if at(.semicolon) { advance() }
            }
        }
        return (policies, sortedErrors())
    }

    /// The source as one expression, for tests and tools.
    mutating func parseWholeExpression() -> (expression: Expression?, errors: [PolicyError]) {
        do throws(SyntaxError) {
            let expression = try parseExpression()
            guard at(.end) else { throw unexpected("the end") }
            return (expression, sortedErrors())
        } catch {
            errors.append(error)
            return (nil, sortedErrors())
        }
    }

    mutating func parseWholeEntityUID() -> EntityUID? {
        guard let uid = try? parseEntityUID(), at(.end), errors.isEmpty else { return nil }
        return uid
    }

    private func sortedErrors() -> [PolicyError] {
        errors.sorted { $0.offset < $1.offset }
            .map { PolicyError(position: lines.position(of: $0.offset), message: $0.message) }
    }

    // MARK: Tokens

    var current: Token { tokens[index] }
    var following: Token { tokens[min(index + 1, tokens.count - 1)] }
    var previousEnd: Int { index > 0 ? tokens[index - 1].range.end : 0 }

    func at(_ kind: Token.Kind) -> Bool { current.kind == kind }

    func at(word: String) -> Bool { current.kind == .identifier && text(of: current) == word }

    func text(of token: Token) -> String { String(decoding: bytes[token.range.start..<token.range.end], as: UTF8.self) }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    @discardableResult
    mutating func expect(_ kind: Token.Kind, _ what: String) throws(SyntaxError) -> Token {
        guard at(kind) else { throw unexpected(what) }
        let token = current
        advance()
        return token
    }

    mutating func take(_ kind: Token.Kind) -> Bool {
        guard at(kind) else { return false }
        advance()
        return true
    }

    mutating func take(word: String) -> Bool {
        guard at(word: word) else { return false }
        advance()
        return true
    }

    func unexpected(_ expected: String) -> SyntaxError {
        let found = at(.end) ? "the end of the file" : "\"\(text(of: current))\""
        return SyntaxError(offset: current.range.start, message: "expected \(expected), found \(found)")
    }

    /// Notes what is wrong and goes on.
    mutating func report(_ message: String, at offset: Int) {
        errors.append(SyntaxError(offset: offset, message: message))
    }

    // MARK: Policies

    private mutating func parsePolicy() throws(SyntaxError) -> PolicySyntax {
        let start = current.range.start
        let annotations = try parseAnnotations()
        let effectToken = try expect(.identifier, "permit or forbid")
        let effect = PolicyEffect(rawValue: text(of: effectToken))
        if effect == nil {
            report("expected permit or forbid, found \"\(text(of: effectToken))\"", at: effectToken.range.start)
        }
        try expect(.leftParenthesis, "\"(\"")
        let principal = try parseScope(.principal)
        try expect(.comma, "\",\" and then action")
        let action = try parseScope(.action)
        try expect(.comma, "\",\" and then resource")
        let resource = try parseScope(.resource)
        _ = take(.comma)
        try expect(.rightParenthesis, "\")\"")
        var conditions: [ConditionSyntax] = []
        while at(.identifier) { conditions.append(try parseCondition()) }
        let end = try expect(.semicolon, "when, unless or \";\"")
        return PolicySyntax(
            effect: effect ?? .forbid, annotations: annotations, principal: principal, action: action,
            resource: resource, conditions: conditions, range: SourceRange(start: start, end: end.range.end),
            effectRange: effectToken.range)
    }

    private mutating func parseAnnotations() throws(SyntaxError) -> [AnnotationSyntax] {
        var annotations: [AnnotationSyntax] = []
        while at(.at) {
            let start = current.range.start
            advance()
            let name = text(of: try expect(.identifier, "the annotation's name"))
            var value = ""
            var valueRange = SourceRange(start: start, end: previousEnd)
            if take(.leftParenthesis) {
                let literal = try expect(.string, "the annotation's value, a string")
                value = string(of: literal)
                valueRange = literal.range
                try expect(.rightParenthesis, "\")\"")
            }
            if annotations.contains(where: { $0.name == name }) {
                report("annotation @\(name) stands twice", at: start)
            }
            annotations.append(
                AnnotationSyntax(
                    name: name, value: value, range: SourceRange(start: start, end: previousEnd),
                    valueRange: valueRange))
        }
        return annotations
    }

    private mutating func parseScope(_ variable: Variable) throws(SyntaxError) -> ScopeConstraint {
        let start = current.range.start
        guard take(word: variable.rawValue) else { throw unexpected("\"\(variable)\"") }
        if at(.colon) { throw SyntaxError(offset: current.range.start, message: "write \"is\" to ask for a type") }
        var type: String?
        if at(word: "is") {
            if variable == .action {
                report("the action's scope takes \"==\" and \"in\" only", at: current.range.start)
            }
            advance()
            type = try parseTypeName()
        }
        var kind: ScopeConstraint.Kind = type.map { .hasType($0) } ?? .any
        if at(.equal) {
            if type != nil { report("\"is\" and \"==\" do not go together", at: current.range.start) }
            advance()
            kind = .equal(try parseScopeEntity(variable))
        } else if take(word: "in") {
            if variable == .action {
                kind = .memberOf(try parseActionList())
            } else {
                let uid = try parseScopeEntity(variable)
                kind = type.map { .hasTypeAndIsMemberOf($0, uid) } ?? .memberOf([uid])
            }
            if at(word: "is") {
                throw SyntaxError(offset: current.range.start, message: "write \"\(variable) is T in E\"")
            }
        }
        return ScopeConstraint(kind: kind, range: SourceRange(start: start, end: previousEnd))
    }

    private mutating func parseActionList() throws(SyntaxError) -> [EntityUID] {
        // Parentheses are allowed around a list and around its elements.
        if at(.leftParenthesis) {
            try enter()
            defer { leave() }
            advance()
            let actions = try parseActionList()
            try expect(.rightParenthesis, "\")\"")
            return actions
        }
        guard take(.leftBracket) else { return [try parseScopeEntity(.action)] }
        var actions: [EntityUID] = []
        while !at(.rightBracket) {
            actions.append(try parseScopeEntity(.action))
            if !take(.comma) { break }
        }
        try expect(.rightBracket, "\",\" or \"]\"")
        return actions
    }

    private mutating func parseScopeEntity(_ variable: Variable) throws(SyntaxError) -> EntityUID {
        if at(.leftParenthesis) {
            try enter()
            defer { leave() }
            advance()
            let uid = try parseScopeEntity(variable)
            try expect(.rightParenthesis, "\")\"")
            return uid
        }
        let start = current.range.start
        let uid = try parseEntityUID()
        if variable == .action, uid.basename != "Action" {
            report("expected an action such as Action::\"http.get\", found \(uid)", at: start)
        }
        return uid
    }

    private mutating func parseCondition() throws(SyntaxError) -> ConditionSyntax {
        let start = current.range.start
        let word = text(of: current)
        if word != "when", word != "unless" { throw unexpected("when, unless or \";\"") }
        advance()
        try expect(.leftBrace, "\"{\"")
        if at(.rightBrace) { throw SyntaxError(offset: current.range.start, message: "the \(word) clause is empty") }
        let body = try parseExpression()
        try expect(.rightBrace, "an operator or \"}\"")
        return ConditionSyntax(
            isUnless: word == "unless", body: body, range: SourceRange(start: start, end: previousEnd))
    }

    // MARK: Depth

    mutating func enter() throws(SyntaxError) {
        nesting += 1
        if nesting > Self.maximumDepth { throw tooDeep() }
    }

    mutating func leave() { nesting -= 1 }

    func tooDeep() -> SyntaxError {
        SyntaxError(offset: current.range.start, message: "nested deeper than \(Self.maximumDepth) levels")
    }
}
