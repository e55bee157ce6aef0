extension PolicyParser {
    /// Words that name nothing.
    static let reservedWords: Set<String> = [
        "true", "false", "if", "then", "else", "in", "is", "has", "like", "__cedar",
    ]

    /// One identifier that is not reserved.
    mutating func parseIdentifier(_ what: String) throws(SyntaxError) -> String {
        let token = try expect(.identifier, what)
        let name = text(of: token)
        if Self.reservedWords.contains(name) { report("\"\(name)\" is reserved", at: token.range.start) }
        return name
    }

    /// `Ns::Type`, as `is` takes it.
    mutating func parseTypeName() throws(SyntaxError) -> String {
        var name = try parseIdentifier("a type's name")
        while take(.pathSeparator) { name += "::" + (try parseIdentifier("a type's name")) }
        return name
    }

    /// `Ns::Type::"id"`.
    mutating func parseEntityUID() throws(SyntaxError) -> EntityUID {
        if at(.slot) { throw templateRefusal() }
        guard at(.identifier) else { throw unexpected("an entity such as User::\"alice\"") }
        var type = try parseIdentifier("an entity such as User::\"alice\"")
        while true {
            guard take(.pathSeparator) else { throw unexpected("\"::\" and the entity's id as a string") }
            if at(.string) {
                let literal = current
                advance()
                return EntityUID(type: type, id: string(of: literal))
            }
            type += "::" + (try parseIdentifier("the entity's id as a string"))
        }
    }

    func templateRefusal() -> SyntaxError {
        SyntaxError(offset: current.range.start, message: "templates (\(text(of: current))) are not supported")
    }

    /// The text of a string literal; a bad escape is reported and the text is then empty.
    mutating func string(of literal: Token) -> String {
        do throws(StringEscapes.Failure) {
            return try StringEscapes.text(of: inner(of: literal))
        } catch {
            report(error.message, at: literal.range.start + 1 + error.offset)
            return ""
        }
    }

    mutating func pattern(of literal: Token) -> [PatternElement] {
        do throws(StringEscapes.Failure) {
            return try StringEscapes.pattern(of: inner(of: literal))
        } catch {
            report(error.message, at: literal.range.start + 1 + error.offset)
            return []
        }
    }

    private func inner(of literal: Token) -> ArraySlice<UInt8> {
        bytes[(literal.range.start + 1)..<(literal.range.end - 1)]
    }
}
