/// Where something stands in the configuration file, both counted from 1.
public struct ConfigPosition: Sendable, Hashable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// One thing that is wrong with the configuration, said to the person who wrote it.
public struct ConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    public let position: ConfigPosition
    public let message: String

    public init(position: ConfigPosition, message: String) {
        self.position = position
        self.message = message
    }

    /// `sallyport.yaml:12:5: unknown key "lisen"; did you mean "listen"?`
    public var description: String { "\(position): \(message)" }
}

/// All that is wrong with a file, in its order.
public struct ConfigErrors: Error, Sendable, Hashable, CustomStringConvertible {
    public let errors: [ConfigError]

    public init(_ errors: [ConfigError]) { self.errors = errors }

    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
