/// One file of policies.
public struct PolicySource: Sendable {
    /// What positions name, as `policies/payments.cedar`.
    public let name: String
    public let text: String

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// Where something stands in a source.
public struct SourcePosition: Sendable, Hashable {
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourcePosition: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column)" }
}

extension SourcePosition: Comparable {
    public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// One thing that is wrong with a source.
public struct PolicyError: Error, Sendable, Hashable {
    public let position: SourcePosition
    /// What is wrong and what would be right.
    public let message: String

    public init(position: SourcePosition, message: String) {
        self.position = position
        self.message = message
    }
}

extension PolicyError: CustomStringConvertible {
    public var description: String { "\(position): \(message)" }
}

/// All that is wrong with the sources; never empty.
public struct PolicyErrors: Error, Sendable, Hashable {
    public let errors: [PolicyError]

    public init(_ errors: [PolicyError]) { self.errors = errors }
}

extension PolicyErrors: CustomStringConvertible {
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
