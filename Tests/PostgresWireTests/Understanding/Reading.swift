import GatewayCore

@testable import PostgresWire

/// Reads statements as a session with the usual settings does.
struct Reading {
    var reader = SQLReader(options: SQLReadingOptions())
    var settings = SQLSettings(searchPath: ["public"], standardConformingStrings: true)

    mutating func statements(_ text: String) -> [SQLStatement] {
        if case .statements(let statements) = reader.read(text, settings: settings) { statements } else { [] }
    }

    /// `select public.customers(id,ssn)`, one for each effect.
    static func effects(_ text: String) -> Set<String> {
        var reading = Reading()
        return Set(reading.statements(text).flatMap(\.effects).map(\.shown))
    }

    static func statement(_ text: String) -> SQLStatement? {
        var reading = Reading()
        return reading.statements(text).first
    }

    static func isOpaque(_ text: String) -> Bool {
        var reading = Reading()
        switch reading.reader.read(text, settings: reading.settings) {
        case .opaque: return true
        case .statements(let statements): return statements.contains(where: \.isOpaque)
        case .empty: return false
        }
    }
}

extension Effect {
    var shown: String {
        var shown = "\(action.dropFirst(4)) \(resource.name)"
        if case .strings(let columns)? = resource.attributes["columns"] {
            shown += "(\(columns.joined(separator: ",")))"
        }
        return shown
    }
}

extension SQLStatement {
    func fact(_ name: String) -> FactValue? { facts.first { $0.name == name }?.value }
}
