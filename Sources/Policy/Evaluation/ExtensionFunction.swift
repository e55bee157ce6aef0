/// The functions and methods of Cedar's extension types.
enum ExtensionFunction: String, Sendable, CaseIterable {
    case ip, decimal, datetime, duration
    case isIpv4, isIpv6, isLoopback, isMulticast, isInRange
    case lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual
    case offset, durationSince, toDate, toTime
    case toMilliseconds, toSeconds, toMinutes, toHours, toDays

    /// Called as `name(…)` rather than as `value.name(…)`.
    var isConstructor: Bool {
        switch self {
        case .ip, .decimal, .datetime, .duration: true
        default: false
        }
    }

    /// The receiver included.
    var arity: Int {
        switch self {
        case .isInRange, .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .offset, .durationSince: 2
        default: 1
        }
    }

    /// As Cedar does, a wrong number of arguments is an error of evaluation; only the name is settled by parsing.
    func apply(_ arguments: [Value]) throws(EvaluationError) -> Value {
        guard arguments.count == arity else {
            throw EvaluationError("\(rawValue) takes \(arity) arguments and was given \(arguments.count)")
        }
        switch self {
        case .ip: return .ip(try construct(arguments[0], Value.IPAddress.init(_:)))
        case .decimal: return .decimal(try construct(arguments[0], Value.Decimal.init(_:)))
        case .datetime: return .datetime(try construct(arguments[0], Value.Datetime.init(_:)))
        case .duration: return .duration(try construct(arguments[0], Value.Duration.init(_:)))
        case .isIpv4: return .bool(try arguments[0].requireIP().version == .v4)
        case .isIpv6: return .bool(try arguments[0].requireIP().version == .v6)
        case .isLoopback: return .bool(try arguments[0].requireIP().isLoopback)
        case .isMulticast: return .bool(try arguments[0].requireIP().isMulticast)
        case .isInRange: return .bool(try arguments[0].requireIP().isInRange(try arguments[1].requireIP()))
        case .lessThan: return .bool(try arguments[0].requireDecimal() < (try arguments[1].requireDecimal()))
        case .lessThanOrEqual: return .bool(try arguments[0].requireDecimal() <= (try arguments[1].requireDecimal()))
        case .greaterThan: return .bool(try arguments[0].requireDecimal() > (try arguments[1].requireDecimal()))
        case .greaterThanOrEqual:
            return .bool(try arguments[0].requireDecimal() >= (try arguments[1].requireDecimal()))
        case .offset:
            let sum = try arguments[0].requireDatetime().offset(by: try arguments[1].requireDuration())
            return .datetime(try required(sum))
        case .durationSince:
            let length = try arguments[0].requireDatetime().durationSince(try arguments[1].requireDatetime())
            return .duration(try required(length))
        case .toDate: return .datetime(try required(try arguments[0].requireDatetime().date))
        case .toTime: return .duration(try arguments[0].requireDatetime().timeOfDay)
        case .toMilliseconds: return .long(try arguments[0].requireDuration().milliseconds)
        case .toSeconds: return .long(try arguments[0].requireDuration().milliseconds / 1000)
        case .toMinutes: return .long(try arguments[0].requireDuration().milliseconds / 60_000)
        case .toHours: return .long(try arguments[0].requireDuration().milliseconds / 3_600_000)
        case .toDays: return .long(try arguments[0].requireDuration().milliseconds / 86_400_000)
        }
    }

    private func construct<Result>(_ argument: Value, _ parse: (String) -> Result?) throws(EvaluationError) -> Result {
        let text = try argument.requireString()
        guard let result = parse(text) else { throw EvaluationError("\(quoted(text)) is not a valid \(rawValue)") }
        return result
    }

    private func required<Result>(_ result: Result?) throws(EvaluationError) -> Result {
        guard let result else { throw EvaluationError("\(rawValue) overflows") }
        return result
    }
}
