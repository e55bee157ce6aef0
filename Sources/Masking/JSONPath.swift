/// A place in a JSON document, in the part of JSONPath (RFC 9535) that can be followed in one pass: `$`, `.name`,
/// `['name']`, `[3]`, `[*]`, `.*` and `..` before any of them.
public struct JSONPath: Sendable, Hashable {
    struct Step: Sendable, Hashable {
        enum Child: Sendable, Hashable {
            case name(String)
            case index(Int)
            case any
        }

        var child: Child
        /// `..`: the child of the place so far, or of anything under it.
        var isDescendant: Bool
    }

    let steps: [Step]
    private let text: String

    /// Most steps that one path may have.
    public static let mostSteps = 32

    /// Reads a path such as `$.customer.cards[*].number`, `$..ssn` or `$['odd name'][0]`.
    public init(parsing text: String) throws(MaskingSyntaxError) {
        var parser = Parser(text: text)
        steps = try parser.parse()
        self.text = text
    }

    public static func == (left: JSONPath, right: JSONPath) -> Bool { left.steps == right.steps }
    public func hash(into hasher: inout Hasher) { hasher.combine(steps) }

    private struct Parser {
        let text: String
        var rest: Substring

        init(text: String) {
            self.text = text
            rest = text[...]
        }

        mutating func parse() throws(MaskingSyntaxError) -> [Step] {
            guard rest.popFirst() == "$" else { throw error("a path starts with $") }
            var steps: [Step] = []
            while let character = rest.first {
                let isDescendant = rest.hasPrefix("..")
                if isDescendant {
                    rest.removeFirst(2)
                } else if character == "." {
                    rest.removeFirst()
                }
                let child: Step.Child
                if rest.first == "[", isDescendant || character == "[" {
                    child = try bracketed()
                } else if character == "." {
                    child = try dotted()
                } else {
                    throw error("expected . or [ before \"\(rest.prefix(12))\"")
                }
                steps.append(Step(child: child, isDescendant: isDescendant))
                guard steps.count <= JSONPath.mostSteps else { throw error("at most \(JSONPath.mostSteps) steps") }
            }
            return steps
        }

        private mutating func dotted() throws(MaskingSyntaxError) -> Step.Child {
            if rest.first == "*" {
                rest.removeFirst()
                return .any
            }
            let name = rest.prefix { $0 != "." && $0 != "[" }
            guard let first = name.first, !first.isNumber,
                name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
            else { throw error("expected a name after the dot; write other names as ['…']") }
            rest = rest[name.endIndex...]
            return .name(String(name))
        }

        private mutating func bracketed() throws(MaskingSyntaxError) -> Step.Child {
            rest.removeFirst()
            guard let first = rest.first else { throw error("a [ is not closed") }
            let child: Step.Child
            if first == "*" {
                rest.removeFirst()
                child = .any
            } else if first == "'" || first == "\"" {
                child = .name(try quoted(first))
            } else {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                guard let index = Int(digits), digits == "\(index)" else {
                    throw error("expected a quoted name, an index from 0 or * in the brackets")
                }
                rest = rest[digits.endIndex...]
                child = .index(index)
            }
            guard rest.popFirst() == "]" else {
                throw error("a [ is not closed: one quoted name, index or * stands in brackets (no slices or filters)")
            }
            return child
        }

        private mutating func quoted(_ quote: Character) throws(MaskingSyntaxError) -> String {
            rest.removeFirst()
            var name = ""
            while let character = rest.popFirst() {
                if character == quote { return name }
                if character == "\\" {
                    guard let escaped = rest.popFirst(), escaped == quote || escaped == "\\" else {
                        throw error("only the quote and \\ can be escaped")
                    }
                    name.append(escaped)
                } else {
                    name.append(character)
                }
            }
            throw error("a quote is not closed")
        }

        private func error(_ message: String) -> MaskingSyntaxError { MaskingSyntaxError(text: text, message: message) }
    }
}

extension JSONPath: CustomStringConvertible {
    public var description: String { text }
}
