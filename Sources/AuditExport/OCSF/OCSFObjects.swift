import StrictJSON

/// The objects that several classes have in common.
enum OCSFObjects {
    /// `user` of a caller, an approver or a requester; `nil` where nobody is named.
    static func user(_ person: JSONValue?, groups: Bool = true) -> JSONValue? {
        guard let subject = person?["subject"]?.string else { return nil }
        var members = [
            JSONMember("uid", .string(subject)), JSONMember("name", .string(person?["label"]?.string ?? subject)),
        ]
        if let issuer = person?["issuer"]?.string { members.append(JSONMember("domain", .string(issuer))) }
        if groups, let names = person?["groups"]?.array, !names.isEmpty {
            members.append(JSONMember("groups", .array(names.compactMap { $0.string.map { ["name": .string($0)] } })))
        }
        return .object(members)
    }

    /// Who acts, and in which session; where neither is known, the gateway itself.
    static func actor(of entry: ExportedEntry) -> JSONValue {
        var members: [JSONMember] = []
        let person = entry.kind == "approval" ? entry.value["actor"] : entry.actor
        if let user = user(person) { members.append(JSONMember("user", user)) }
        if let issuer = person?["issuer"]?.string {
            members.append(JSONMember("idp", ["name": .string(issuer), "issuer": .string(issuer)]))
        }
        if let session = session(of: entry) { members.append(JSONMember("session", session)) }
        if members.isEmpty { members.append(JSONMember("app_name", "sallyport")) }
        return .object(members)
    }

    static func session(of entry: ExportedEntry) -> JSONValue? {
        entry.session.map { id in
            var members = [JSONMember("uid", .string(id))]
            if let issuer = entry.caller?["issuer"]?.string { members.append(JSONMember("issuer", .string(issuer))) }
            return .object(members)
        }
    }

    /// Where the caller is; named as unknown where the entry and its session do not say.
    static func source(of entry: ExportedEntry) -> JSONValue {
        guard let client = entry.client else {
            return ["name": .string(entry.kind == "console" ? "console" : "unknown")]
        }
        let address = NetworkAddress(client)
        guard address.isIPv4 || address.isIPv6 else { return ["name": .string(client)] }
        var members = [JSONMember("ip", .string(address.host))]
        if let port = address.port { members.append(JSONMember("port", .number(String(port)))) }
        return .object(members)
    }

    static func target(of entry: ExportedEntry) -> JSONValue {
        ["svc_name": .string(entry.target?["name"]?.string ?? "unknown")]
    }

    /// `resources` of the entry; `nil` for none.
    static func resources(of entry: ExportedEntry) -> JSONValue? {
        guard !entry.resources.isEmpty else { return nil }
        return .array(entry.resources.map { ["name": .string($0.name), "type": .string($0.type)] })
    }
}
