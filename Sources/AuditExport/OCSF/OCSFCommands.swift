import StrictJSON

/// The classes of commands: what a caller asked of a target, or of the console.
enum OCSFCommands {
    static func api(_ event: inout OCSFEvent, _ entry: ExportedEntry, actor: JSONValue) {
        let operation = entry.actions.first ?? entry.kind
        switch lastWord(operation) {
        case "get", "head", "read", "list", "options", "originals-opened": event.activity(2, "Read")
        case "post": event.activity(1, "Create")
        case "put", "patch": event.activity(3, "Update")
        case "delete": event.activity(4, "Delete")
        default: event.activity(99, operation)
        }
        var call = [
            JSONMember("operation", .string(operation)),
            JSONMember("service", ["name": .string(entry.target?["name"]?.string ?? "console")]),
        ]
        if let id = entry.commandID { call.append(JSONMember("request", ["uid": .string(id)])) }
        if let status = entry.outcome?["status"]?.string {
            var response = [JSONMember("message", .string(status))]
            if let code = Int64(status) {
                response.append(JSONMember("code", .number(String(code))))
                event.set("http_response", ["code": .number(String(code))])
            }
            call.append(JSONMember("response", .object(response)))
        }
        event.set("api", .object(call))
        event.set("actor", actor)
        event.set("src_endpoint", OCSFObjects.source(of: entry))
        if entry.target != nil { event.set("dst_endpoint", OCSFObjects.target(of: entry)) }
        event.set("resources", OCSFObjects.resources(of: entry))
        if let method = entry.command?["facts"]?["http.method"]?.string {
            var request = [JSONMember("http_method", .string(method))]
            if let path = entry.command?["facts"]?["http.path"]?.string {
                request.append(JSONMember("url", ["path": .string(path)]))
            }
            event.set("http_request", .object(request))
        }
        status(&event, entry)
    }

    static func datastore(_ event: inout OCSFEvent, _ entry: ExportedEntry, actor: JSONValue) {
        let operation = entry.actions.first ?? entry.kind
        switch lastWord(operation) {
        case "select", "read": event.activity(1, "Read")
        case "update", "merge", "admin": event.activity(2, "Update")
        case "connect": event.activity(3, "Connect")
        case "insert", "copy-in", "write": event.activity(5, "Write")
        case "create": event.activity(6, "Create")
        case "delete", "truncate", "drop": event.activity(7, "Delete")
        default: event.activity(4, "Query")
        }
        let target = entry.target?["name"]?.string ?? "unknown"
        let name = entry.command?["facts"]?["sql.database"]?.string ?? target
        event.set("database", ["name": .string(name), "type_id": 1])
        if let text = entry.commandText {
            var query = [
                JSONMember("query_string", .string(text)), JSONMember("uid", .string(entry.commandID ?? entry.id)),
            ]
            if let bytes = entry.outcome?["response_bytes"]?.integer {
                query.append(JSONMember("bytes", .number(String(bytes))))
            }
            event.set("query_info", .object(query))
        }
        let tables = entry.resources.filter { $0.type == "Table" }
        if tables.count == 1 { event.set("table", ["name": .string(tables[0].name)]) }
        event.set("actor", actor)
        event.set("src_endpoint", OCSFObjects.source(of: entry))
        event.set("dst_endpoint", OCSFObjects.target(of: entry))
        status(&event, entry)
    }

    static func ssh(_ event: inout OCSFEvent, _ entry: ExportedEntry, actor: JSONValue) {
        switch (entry.kind, entry.outcome?["kind"]?.string) {
        case ("refusal", _): event.activity(5, "Refuse")
        case ("outcome", "interrupted"), ("outcome", "abandoned"): event.activity(4, "Fail")
        default: event.activity(6, "Traffic")
        }
        // The class has no actor of its own.
        event.profile("host")
        event.set("actor", actor)
        event.set("src_endpoint", OCSFObjects.source(of: entry))
        event.set("dst_endpoint", OCSFObjects.target(of: entry))
        event.set("app_name", entry.actions.first.map { .string($0) })
        if let sent = entry.outcome?["request_bytes"]?.integer,
            let received = entry.outcome?["response_bytes"]?.integer
        {
            event.set("traffic", ["bytes_in": .number(String(sent)), "bytes_out": .number(String(received))])
        }
        status(&event, entry)
    }

    private static func status(_ event: inout OCSFEvent, _ entry: ExportedEntry) {
        switch entry.kind {
        case "outcome":
            event.status(
                isSuccess: entry.outcome?["kind"]?.string == "succeeded", code: entry.outcome?["status"]?.string,
                detail: entry.outcome?["reason"]?.string)
        case "refusal": event.status(isSuccess: false, code: entry.answer, detail: entry.rule)
        case "console": event.status(isSuccess: entry.answer == "allow")
        // An intent's result stands in its outcome.
        default: event.set("status_id", 0)
        }
    }

    /// `get` of `http.get`, `copy-in` of `sql.copy-in`.
    private static func lastWord(_ action: String) -> String {
        action.split(separator: ".").last.map(String.init) ?? action
    }
}
