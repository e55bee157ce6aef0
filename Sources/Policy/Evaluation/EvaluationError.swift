/// Why a condition has no value: a wrong type, a missing attribute, an overflow, groups that are unknown.
struct EvaluationError: Error {
    let message: String
    /// The caller's groups would have had to be known.
    var isGroupsUnknown = false

    init(_ message: String) { self.message = message }

    static func groupsUnknown(_ reason: String) -> EvaluationError {
        var error = EvaluationError("the caller's groups are unknown: \(reason)")
        error.isGroupsUnknown = true
        return error
    }

    static func type(_ value: Value, expected: String) -> EvaluationError {
        EvaluationError("expected \(expected), found \(value.typeName)")
    }
}

extension Value {
    @inline(__always)
    func requireBool() throws(EvaluationError) -> Bool {
        guard case .bool(let value) = self else { throw .type(self, expected: "bool") }
        return value
    }

    @inline(__always)
    func requireLong() throws(EvaluationError) -> Int64 {
        guard case .long(let value) = self else { throw .type(self, expected: "long") }
        return value
    }

    func requireString() throws(EvaluationError) -> String {
        guard case .string(let value) = self else { throw .type(self, expected: "string") }
        return value
    }

    func requireSet() throws(EvaluationError) -> Set<Value> {
        guard case .set(let value) = self else { throw .type(self, expected: "set") }
        return value
    }

    func requireEntity() throws(EvaluationError) -> EntityUID {
        guard case .entity(let value) = self else { throw .type(self, expected: "entity") }
        return value
    }

    func requireIP() throws(EvaluationError) -> IPAddress {
        guard case .ip(let value) = self else { throw .type(self, expected: "ipaddr") }
        return value
    }

    func requireDecimal() throws(EvaluationError) -> Decimal {
        guard case .decimal(let value) = self else { throw .type(self, expected: "decimal") }
        return value
    }

    func requireDatetime() throws(EvaluationError) -> Datetime {
        guard case .datetime(let value) = self else { throw .type(self, expected: "datetime") }
        return value
    }

    func requireDuration() throws(EvaluationError) -> Duration {
        guard case .duration(let value) = self else { throw .type(self, expected: "duration") }
        return value
    }
}
