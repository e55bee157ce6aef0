@testable import Policy

/// Writes expressions of a wanted type, with a wrong one here and there.
struct ExpressionGenerator {
    enum ValueType: CaseIterable { case bool, long, string, set, record, entity, decimal, datetime, duration, ip }

    var random: SeededGenerator

    static let attributeNames = [
        "flag", "on", "count", "size", "name", "path", "tags", "roles", "detail", "owner", "amount", "at", "age",
        "from",
        "in", "odd name", "é",
    ]

    func typicalType(of name: String) -> ValueType {
        switch name {
        case "flag", "on": .bool
        case "count", "size": .long
        case "name", "path", "odd name", "é": .string
        case "tags", "roles": .set
        case "detail": .record
        case "owner": .entity
        case "amount": .decimal
        case "at": .datetime
        case "age": .duration
        case "from": .ip
        default: .long
        }
    }

    // MARK: Values

    static let texts = [
        "", "a", "b", "abc", "a*b", "*", "payments", "é", "e\u{301}", "K", "\u{212a}", "10.0.0.1", "a\nb", "\\", "\"",
        "aaab",
        "/v1/transfer", "日本",
    ]
    static let numbers: [Int64] = [0, 1, -1, 2, 3, 7, 10, 100, .max, .min, .max - 1, 1 << 32, -(1 << 62)]
    static let decimals = ["0.0", "1.5", "-1.5", "12.3456", "922337203685477.5807", "-922337203685477.5808", "-0.5"]
    static let datetimes = [
        "1970-01-01", "2024-02-29", "2024-10-15T11:38:02Z", "2024-10-15T11:38:02.101+0530", "0000-01-01",
        "9999-12-31T23:59:59.999-2359", "1969-12-31T23:59:59.999Z",
    ]
    static let durations = [
        "0ms", "1d2h3m4s5ms", "-1d", "90m", "5ms", "-9223372036854775808ms", "9223372036854775807ms", "1h",
    ]
    static let addresses = [
        "10.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "127.0.0.1", "127.0.0.0/7", "0.0.0.0/0", "224.1.2.3", "224.0.0.0/3",
        "::1", "::",
        "fe80::1/64", "ff02::1", "ff00::/7", "::/0", "1:2:3:4:5:6:7:8", "::ffff:7f00:1", "2001:db8::/32",
    ]
    static let malformed: [ValueType: [String]] = [
        .decimal: [
            "1", "1.", ".5", "1.23456", "+1.0", "1.0.0", " 1.0", "922337203685477.5808", "--1.0", "-.5", "1e3", "١.٢",
            "",
        ],
        .datetime: [
            "2024-02-30", "2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00+2400",
            "2024-01-01T00:00:00+0060", "2024-01-01T00:00Z", "2024-01-01Z", "2024-01-01 ", "24-01-01",
            "2024-01-01T00:00:00z",
            "1900-02-29", "2000-02-29T00:00:00+01:00", "",
        ],
        .duration: [
            "", "-", "1", "1x", "1h1d", "1m1m", "1.5h", "--1h", "+1h", "1 h", "99999999999999999999d",
            "9223372036854775808ms",
            "106751991168d", "1ms1s", "1d-1h",
        ],
        .ip: [
            "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/08", "10.0.0.1/-1",
            "::1/129", ":::",
            "1::2::3", "::ffff:10.0.0.1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9",
            "12345::",
            "g::", "10.0.0.1 ", "fe80::1%eth0", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "10.0.0.0/8/8", "[::1]", "::1/064",
        ],
    ]

    mutating func value(of type: ValueType, depth: Int) -> Value {
        let type = random.oneIn(12) ? random.pick(ValueType.allCases) : type
        switch type {
        case .bool: return .bool(random.oneIn(2))
        case .long: return .long(random.pick(Self.numbers))
        case .string: return .string(random.pick(Self.texts))
        case .set:
            if depth == 0 { return .set([]) }
            let element = random.pick([ValueType.string, .string, .long, .entity, .set])
            return .set(Set((0..<random.below(4)).map { _ in value(of: element, depth: depth - 1) }))
        case .record:
            if depth == 0 { return .record([:]) }
            var members: [String: Value] = [:]
            for name in Self.attributeNames where random.oneIn(4) {
                members[name] = value(of: typicalType(of: name), depth: depth - 1)
            }
            return .record(members)
        case .entity: return .entity(random.pick(CaseGenerator.everyone))
        case .decimal: return Value.Decimal(random.pick(Self.decimals)).map { .decimal($0) } ?? .long(0)
        case .datetime:
            return Value.Datetime("2024-0\(1 + random.below(9))-11T10:20:30.456Z").map { .datetime($0) } ?? .long(0)
        case .duration: return Value.Duration(random.pick(Self.durations)).map { .duration($0) } ?? .long(0)
        case .ip: return Value.IPAddress(random.pick(Self.addresses)).map { .ip($0) } ?? .long(0)
        }
    }

    // MARK: Expressions

    mutating func expression(_ wanted: ValueType, depth: Int) -> String {
        let type = random.oneIn(30) ? random.pick(ValueType.allCases) : wanted
        if depth <= 0 || random.oneIn(6) { return leaf(type) }
        let next = depth - 1
        if random.oneIn(12) {
            let (condition, then) = (expression(.bool, depth: next), expression(type, depth: next))
            return "(if \(condition) then \(then) else \(expression(type, depth: next)))"
        }
        switch type {
        case .bool: return boolean(next)
        case .long: return long(next)
        case .set:
            let element = random.pick([ValueType.string, .long, .entity, .record])
            let elements = (0..<random.below(4)).map { _ in expression(element, depth: next) }
            return "[\(elements.joined(separator: ", "))\(!elements.isEmpty && random.oneIn(5) ? "," : "")]"
        case .record: return record(next)
        case .datetime:
            let receiver = expression(.datetime, depth: next)
            return random.oneIn(2)
                ? "\(receiver).offset(\(expression(.duration, depth: next)))" : "\(receiver).toDate()"
        case .duration:
            let receiver = expression(.datetime, depth: next)
            return random.oneIn(2)
                ? "\(receiver).durationSince(\(expression(.datetime, depth: next)))" : "\(receiver).toTime()"
        case .string, .entity, .decimal, .ip:
            return random.oneIn(2)
                ? "(\(expression(.record, depth: next)))[\(quoted(attribute(of: type)))]" : leaf(type)
        }
    }

    private mutating func boolean(_ depth: Int) -> String {
        func relation(_ operation: String, _ left: String, _ right: String) -> String {
            "(\(left) \(operation) \(right))"
        }
        switch random.below(20) {
        case 0, 1: return relation("&&", expression(.bool, depth: depth), expression(.bool, depth: depth))
        case 2, 3: return relation("||", expression(.bool, depth: depth), expression(.bool, depth: depth))
        case 4: return String(repeating: "!", count: 1 + random.below(4)) + "(\(expression(.bool, depth: depth)))"
        case 5, 6:
            let type = random.pick(ValueType.allCases)
            return relation(random.pick(["==", "!="]), expression(type, depth: depth), expression(type, depth: depth))
        case 7, 8:
            let type = random.pick([ValueType.long, .long, .datetime, .duration, .decimal])
            return relation(
                random.pick(["<", "<=", ">", ">="]), expression(type, depth: depth), expression(type, depth: depth))
        case 9:
            return relation("in", expression(.entity, depth: depth), expression(.entity, depth: depth))
        case 10:
            let elements = (0..<random.below(4)).map { _ in expression(.entity, depth: depth) }
            return relation("in", expression(.entity, depth: depth), "[\(elements.joined(separator: ", "))]")
        case 11: return "(\(expression(.record, depth: depth)) has \(hasPath()))"
        case 12: return "(\(expression(.entity, depth: depth)) has \(hasPath()))"
        case 13: return "(\(expression(.string, depth: depth)) like \(pattern()))"
        case 14:
            let ancestor = random.oneIn(2) ? " in \(expression(.entity, depth: depth))" : ""
            return "(\(expression(.entity, depth: depth)) is \(random.pick(CaseGenerator.everyone).type)\(ancestor))"
        case 15:
            let method = random.pick(["containsAll", "containsAny"])
            return "\(expression(.set, depth: depth)).\(method)(\(expression(.set, depth: depth)))"
        case 16:
            let element = expression(random.pick([ValueType.string, .long, .entity]), depth: depth)
            return random.oneIn(3)
                ? "\(expression(.set, depth: depth)).isEmpty()"
                : "\(expression(.set, depth: depth)).contains(\(element))"
        case 17:
            return "(\(expression(.entity, depth: depth))).hasTag(\(expression(.string, depth: 0)))"
        case 18:
            if random.oneIn(3) { return "\(expression(.ip, depth: depth)).isInRange(\(expression(.ip, depth: depth)))" }
            return
                "\(expression(.ip, depth: depth)).\(random.pick(["isIpv4", "isIpv6", "isLoopback", "isMulticast"]))()"
        default:
            let method = random.pick(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"])
            let extra = random.oneIn(20) ? ", 1" : ""
            return "\(expression(.decimal, depth: depth)).\(method)(\(expression(.decimal, depth: depth))\(extra))"
        }
    }

    private mutating func long(_ depth: Int) -> String {
        switch random.below(5) {
        case 0:
            let method = random.pick(["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"])
            return "\(expression(.duration, depth: depth)).\(method)()"
        case 1: return String(repeating: "-", count: 1 + random.below(3)) + "(\(expression(.long, depth: depth)))"
        case 2: return "(\(expression(.long, depth: depth)) * \(expression(.long, depth: depth)))"
        default:
            let operation = random.pick([" + ", " - "])
            return "(\(expression(.long, depth: depth))\(operation)\(expression(.long, depth: depth)))"
        }
    }

    private mutating func record(_ depth: Int) -> String {
        var members: [String] = []
        for name in Self.attributeNames where random.oneIn(5) {
            let key = name == "flag" ? name : quoted(name)
            members.append("\(key): \(expression(typicalType(of: name), depth: depth - 1))")
        }
        return "{\(members.joined(separator: ", "))}"
    }

    private mutating func attribute(of type: ValueType) -> String {
        let candidates = Self.attributeNames.filter { typicalType(of: $0) == type }
        let name = candidates.isEmpty ? "flag" : random.pick(candidates)
        return name
    }

    private mutating func hasPath() -> String {
        switch random.below(3) {
        case 0: quoted(random.pick(Self.attributeNames))
        case 1: "detail.\(random.pick(["flag", "count", "name", "detail", "owner"])).\(random.pick(["flag", "name"]))"
        default: random.pick(["flag", "count", "name", "detail", "nothing", "principal"])
        }
    }

    private mutating func pattern() -> String {
        random.pick([
            "\"*\"", "\"\"", "\"a*\"", "\"*b\"", "\"a\\*b\"", "\"*a*b*\"", "\"/v1/*\"", "\"\\u{2a}\"", "\"é\"",
            "\"*\\u{301}\"",
            "\"**\"", "\"a\\x62c\"", "\"*aab\"", "\"日*\"", "\"\\\\\"",
        ])
    }

    private mutating func leaf(_ type: ValueType) -> String {
        if random.oneIn(2) { return access(type) }
        switch type {
        case .bool: return random.oneIn(2) ? "true" : "false"
        case .long:
            // A minus before digits is part of a literal only where no method follows.
            return "(\(random.pick(Self.numbers)))"
        case .string: return quoted(random.pick(Self.texts))
        case .set: return "[]"
        case .record: return random.oneIn(2) ? "context" : "{}"
        case .entity:
            return random.oneIn(2)
                ? random.pick(["principal", "action", "resource"]) : random.pick(CaseGenerator.everyone).description
        case .decimal: return constructed("decimal", type, Self.decimals)
        case .datetime: return constructed("datetime", type, Self.datetimes)
        case .duration: return constructed("duration", type, Self.durations)
        case .ip: return constructed("ip", type, Self.addresses)
        }
    }

    private mutating func constructed(_ function: String, _ type: ValueType, _ valid: [String]) -> String {
        let text = random.oneIn(10) ? random.pick(Self.malformed[type] ?? valid) : random.pick(valid)
        return "\(function)(\(quoted(text)))"
    }

    private mutating func access(_ type: ValueType) -> String {
        let candidates = Self.attributeNames.filter { typicalType(of: $0) == type }
        let name = candidates.isEmpty ? "flag" : random.pick(candidates)
        let holder = random.pick([
            "context", "context", "context", "context.detail", "principal", "resource", "context.owner",
        ])
        if random.oneIn(8) { return "\(random.pick(["principal", "resource"])).getTag(\(quoted(name)))" }
        let isPlain = ["in", "odd name", "é"].contains(name) == false
        let access = isPlain && !random.oneIn(5) ? "\(holder).\(name)" : "\(holder)[\(quoted(name))]"
        return random.oneIn(3) ? "(if \(holder) has \(quoted(name)) then \(access) else \(fallback(type)))" : access
    }

    private mutating func fallback(_ type: ValueType) -> String {
        switch type {
        case .bool: "false"
        case .long: "0"
        case .string: "\"\""
        case .set: "[]"
        case .record: "{}"
        case .entity: "principal"
        case .decimal: "decimal(\"0.0\")"
        case .datetime: "datetime(\"1970-01-01\")"
        case .duration: "duration(\"0ms\")"
        case .ip: "ip(\"::\")"
        }
    }
}
