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

    /// The fields of a request without those that `Connection` nominates: they end at this hop, so nothing here may read
    /// what no function will get. What is judged is what is sent.
    ///
    /// - Throws: `.nominatedField` for one that is meant for the function, which must not be nominated, or that the
    ///   gateway itself acts on.
    func endToEnd(_ fields: HeaderFields) throws(MessageError) -> HeaderFields {
        guard !hopFields.isEmpty else { return fields }
        for name in hopFields {
            var name = name
            switch name.withUTF8({ KnownField(UnsafeRawBufferPointer($0)) }) {
            case .other, .connection, .te, .trailer, .upgrade, .keepAlive, .proxyConnection, .proxyAuthorization,
                .proxyAuthenticate:
                continue
            default: throw .nominatedField
            }
        }
        return fields.without(hopFields)
    }
}
