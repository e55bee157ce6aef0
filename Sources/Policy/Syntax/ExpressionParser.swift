extension PolicyParser {
    /// Expr := Or | 'if' Expr 'then' Expr 'else' Expr
    mutating func parseExpression() throws(SyntaxError) -> Expression {
        try enter()
        defer { leave() }
        let start = current.range.start
        guard take(word: "if") else { return try parseOr() }
        let condition = try parseExpression()
        guard take(word: "then") else { throw unexpected("an operator or \"then\"") }
        let then = try parseExpression()
        guard take(word: "else") else { throw unexpected("an operator or \"else\"") }
        let otherwise = try parseExpression()
        return try node(.conditional(condition, then: then, otherwise: otherwise), from: start)
    }

    private mutating func parseOr() throws(SyntaxError) -> Expression {
        let start = current.range.start
        let first = try parseAnd()
        guard at(.or) else { return first }
        var operands = [first]
        while take(.or) { operands.append(try parseAnd()) }
        return try node(.or(operands), from: start)
    }

    private mutating func parseAnd() throws(SyntaxError) -> Expression {
        let start = current.range.start
        let first = try parseRelation()
        guard at(.and) else { return first }
        var operands = [first]
        while take(.and) { operands.append(try parseRelation()) }
        return try node(.and(operands), from: start)
    }

    /// Relation := Add [RelOp Add] | Add 'has' Path | Add 'like' Pattern | Add 'is' Name ['in' Add]
    ///
    /// Relations do not chain: `a < b < c` is an error.
    private mutating func parseRelation() throws(SyntaxError) -> Expression {
        let start = current.range.start
        let left = try parseSum()
        if let relation = relationOperator() {
            advance()
            let right = try parseSum()
            if relationOperator() != nil {
                throw SyntaxError(offset: current.range.start, message: "comparisons do not chain; use parentheses")
            }
            return try node(.binary(relation, left, right), from: start)
        }
        if at(.assign) { throw SyntaxError(offset: current.range.start, message: "write \"==\" to compare") }
        guard at(.identifier) else { return left }
        switch text(of: current) {
        case "has":
            advance()
            return try node(.has(left, path: try parseHasPath()), from: start)
        case "like":
            advance()
            let literal = try expect(.string, "a pattern, which is a string literal")
            return try node(.like(left, pattern(of: literal)), from: start)
        case "is":
            advance()
            let type = try parseTypeName()
            let ancestor = take(word: "in") ? try parseSum() : nil
            return try node(.isType(left, type, memberOf: ancestor), from: start)
        default:
            return left
        }
    }

    private func relationOperator() -> BinaryOperator? {
        switch current.kind {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .identifier where text(of: current) == "in": .memberOf
        default: nil
        }
    }

    private mutating func parseHasPath() throws(SyntaxError) -> [String] {
        if at(.string) {
            let literal = current
            advance()
            return [string(of: literal)]
        }
        var path = [try parseIdentifier("an attribute's name")]
        while take(.dot) { path.append(try parseIdentifier("an attribute's name")) }
        return path
    }

    private mutating func parseSum() throws(SyntaxError) -> Expression {
        let start = current.range.start
        let first = try parseProduct()
        guard at(.plus) || at(.minus) else { return first }
        var rest: [(isMinus: Bool, term: Expression)] = []
        while at(.plus) || at(.minus) {
            let isMinus = at(.minus)
            advance()
            rest.append((isMinus, try parseProduct()))
        }
        return try node(.sum(first, rest), from: start)
    }

    private mutating func parseProduct() throws(SyntaxError) -> Expression {
        let start = current.range.start
        let first = try parseUnary()
        var factors = [first]
        while at(.times) || at(.divide) || at(.remainder) {
            if !at(.times) { report("Cedar has no \"\(text(of: current))\" operator", at: current.range.start) }
            advance()
            factors.append(try parseUnary())
        }
        return factors.count == 1 ? first : try node(.product(factors), from: start)
    }

    /// Unary := ['!' {'!'} | '-' {'-'}] Member, four of one kind at most.
    private mutating func parseUnary() throws(SyntaxError) -> Expression {
        guard at(.not) || at(.minus) else { return try parseMember() }
        let start = current.range.start
        let sign = current.kind
        var count = 0
        while take(sign) { count += 1 }
        if count > 4 { report("\"\(sign == .not ? "!" : "-")\" stands more than four times in a row", at: start) }
        var operand: Expression
        if sign == .minus, at(.number), !isAccessor(following.kind) {
            // A minus before digits belongs to the literal, or the least number could not be written.
            let number = current
            advance()
            operand = Expression(
                .literal(.long(integer(number, isNegative: true))), SourceRange(start: start, end: previousEnd))
            count -= 1
        } else {
            operand = try parseMember()
        }
        for _ in 0..<min(count, 4) { operand = try node(sign == .not ? .not(operand) : .negate(operand), from: start) }
        return operand
    }

    private func isAccessor(_ kind: Token.Kind) -> Bool {
        kind == .dot || kind == .leftBracket || kind == .leftParenthesis
    }

    /// Member := Primary { '.' IDENT ['(' Args ')'] | '[' STR ']' }
    private mutating func parseMember() throws(SyntaxError) -> Expression {
        let start = current.range.start
        var expression = try parsePrimary()
        while true {
            if take(.dot) {
                let nameToken = current
                let name = try parseIdentifier("an attribute or method")
                if at(.leftParenthesis) {
                    expression = try parseMethod(name, at: nameToken.range.start, on: expression, from: start)
                } else {
                    expression = try node(.attribute(expression, name), from: start)
                }
            } else if take(.leftBracket) {
                let literal = try expect(.string, "an attribute's name as a string")
                try expect(.rightBracket, "\"]\"")
                expression = try node(.attribute(expression, string(of: literal)), from: start)
            } else if at(.leftParenthesis) {
                throw SyntaxError(offset: current.range.start, message: "only functions and methods can be called")
            } else {
                return expression
            }
        }
    }

    private mutating func parseMethod(
        _ name: String, at nameStart: Int, on receiver: Expression, from start: Int
    ) throws(SyntaxError) -> Expression {
        let arguments = try parseArguments()
        if name == "isEmpty" {
            guard arguments.isEmpty else { return wrongArity(name, 0, arguments, at: nameStart) }
            return try node(.isEmpty(receiver), from: start)
        }
        if let method = BinaryOperator(rawValue: name), method.isMethod {
            guard arguments.count == 1 else { return wrongArity(name, 1, arguments, at: nameStart) }
            return try node(.binary(method, receiver, arguments[0]), from: start)
        }
        guard let function = ExtensionFunction(rawValue: name) else {
            let known =
                ["contains", "containsAll", "containsAny", "isEmpty", "getTag", "hasTag"]
                + ExtensionFunction.allCases.filter { !$0.isConstructor }.map(\.rawValue)
            report("unknown method \"\(name)\"\(Spelling.suggestion(for: name, among: known))", at: nameStart)
            return receiver
        }
        if function.isConstructor { report("\(name) is a function; write \(name)(…)", at: nameStart) }
        return try node(.call(function, [receiver] + arguments), from: start)
    }

    private mutating func wrongArity(
        _ name: String, _ expected: Int, _ arguments: [Expression], at offset: Int
    ) -> Expression {
        report("\(name) takes \(expected) arguments, found \(arguments.count)", at: offset)
        return Expression(.literal(.bool(false)), SourceRange(start: offset, end: previousEnd))
    }

    private mutating func parseArguments() throws(SyntaxError) -> [Expression] {
        try expect(.leftParenthesis, "\"(\"")
        return try parseList(until: .rightParenthesis, "\",\" or \")\"")
    }

    private mutating func parseList(until end: Token.Kind, _ what: String) throws(SyntaxError) -> [Expression] {
        var elements: [Expression] = []
        while !at(end) {
            elements.append(try parseExpression())
            if !take(.comma) { break }
        }
        try expect(end, what)
        return elements
    }

    private mutating func parsePrimary() throws(SyntaxError) -> Expression {
        let token = current
        let start = token.range.start
        switch token.kind {
        case .number:
            advance()
            return Expression(.literal(.long(integer(token, isNegative: false))), token.range)
        case .string:
            advance()
            return Expression(.literal(.string(string(of: token))), token.range)
        case .leftParenthesis:
            advance()
            let expression = try parseExpression()
            try expect(.rightParenthesis, "an operator or \")\"")
            return expression
        case .leftBracket:
            advance()
            return try node(.set(try parseList(until: .rightBracket, "\",\" or \"]\"")), from: start)
        case .leftBrace: return try parseRecord()
        case .slot: throw templateRefusal()
        case .identifier: return try parseNamed()
        default: throw unexpected("an expression")
        }
    }

    private mutating func parseRecord() throws(SyntaxError) -> Expression {
        let start = current.range.start
        try expect(.leftBrace, "\"{\"")
        var members: [(name: String, value: Expression)] = []
        var names: Set<EntityUID> = []
        while !at(.rightBrace) {
            let key = current
            let name: String
            if take(.string) { name = string(of: key) } else { name = try parseIdentifier("a member's name or \"}\"") }
            // An entity's name is compared by bytes, as member names must be.
            if !names.insert(EntityUID(type: "", id: name)).inserted {
                report("member \(quoted(name)) stands twice", at: key.range.start)
            }
            try expect(.colon, "\":\"")
            members.append((name, try parseExpression()))
            if !take(.comma) { break }
        }
        try expect(.rightBrace, "\",\" or \"}\"")
        return try node(.record(members), from: start)
    }

    /// What begins with a word: a literal, a variable, an entity, a function call.
    private mutating func parseNamed() throws(SyntaxError) -> Expression {
        let token = current
        let start = token.range.start
        let word = text(of: token)
        if following.kind != .pathSeparator {
            if word == "true" || word == "false" {
                advance()
                return Expression(.literal(.bool(word == "true")), token.range)
            }
            if word == "if" { throw SyntaxError(offset: start, message: "put parentheses around if … then … else") }
            if let variable = Variable(rawValue: word) {
                advance()
                if at(.leftParenthesis) { throw SyntaxError(offset: start, message: "\(word) is not a function") }
                return Expression(.variable(variable), token.range)
            }
        }
        var name = try parseIdentifier("an expression")
        while take(.pathSeparator) {
            if at(.string) {
                let literal = current
                advance()
                let uid = EntityUID(type: name, id: string(of: literal))
                return Expression(.literal(.entity(uid)), SourceRange(start: start, end: previousEnd))
            }
            name += "::" + (try parseIdentifier("the entity's id as a string"))
        }
        guard at(.leftParenthesis) else {
            throw SyntaxError(
                offset: start,
                message: "unknown variable \"\(name)\"; there are principal, action, resource and context")
        }
        return try parseFunction(name, at: start)
    }

    private mutating func parseFunction(_ name: String, at start: Int) throws(SyntaxError) -> Expression {
        let arguments = try parseArguments()
        let isMethod = name == "isEmpty" || BinaryOperator(rawValue: name)?.isMethod == true
        guard let function = ExtensionFunction(rawValue: name), function.isConstructor, !isMethod else {
            if isMethod || ExtensionFunction(rawValue: name) != nil {
                report("\(name) is a method; write value.\(name)(…)", at: start)
            } else {
                let known = ExtensionFunction.allCases.filter(\.isConstructor).map(\.rawValue)
                report("unknown function \"\(name)\"\(Spelling.suggestion(for: name, among: known))", at: start)
            }
            return Expression(.literal(.bool(false)), SourceRange(start: start, end: previousEnd))
        }
        return try node(.call(function, arguments), from: start)
    }

    private mutating func integer(_ token: Token, isNegative: Bool) -> Int64 {
        guard let value = Int64((isNegative ? "-" : "") + text(of: token)) else {
            report("the integer does not fit in 64 bits", at: token.range.start)
            return 0
        }
        return value
    }

    private func node(_ kind: Expression.Kind, from start: Int) throws(SyntaxError) -> Expression {
        let expression = Expression(kind, SourceRange(start: start, end: previousEnd))
        if expression.depth > Self.maximumDepth { throw tooDeep() }
        return expression
    }
}
