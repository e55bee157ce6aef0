/// What `Connection` says (RFC 9110 section 7.6.1).
struct ConnectionOptions: Sendable, Hashable {
    var close = false
    var keepAlive = false
    /// Names of further fields that are for this hop alone, in lower case.
    var hopFields: [String] = []

    init(_ fields: HeaderFields) {
        guard fields.contains(.connection) else { return }
        fields.visit { known, _, value in
            guard known == .connection else { return }
            if equalIgnoringCase(value, "keep-alive") {
                keepAlive = true
            } else if equalIgnoringCase(value, "close") {
                close = true
            } else {
                add(String(decoding: value, as: UTF8.self))
            }
        }
    }

    private mutating func add(_ list: String) {
        for part in list.split(separator: ",") {
            let option = part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased()
            switch option {
            case "": continue
            case "close": close = true
            case "keep-alive": keepAlive = true
            default: hopFields.append(option)
            }
        }
    }
}
