import Identifiers
import StrictJSON

/// The classes of what is about the gateway itself: who signs in, who lets others in, what is in force, when it runs.
enum OCSFControl {
    static func authentication(_ event: inout OCSFEvent, _ entry: ExportedEntry) {
        if entry.kind == "session-end" { event.activity(2, "Logoff") } else { event.activity(1, "Logon") }
        // Of a failure only the attempt is known: a mistyped secret must not land in a log.
        event.set("user", OCSFObjects.user(entry.caller) ?? ["name": "unknown"])
        event.set("service", ["name": .string(entry.target?["name"]?.string ?? "sallyport")])
        event.set("src_endpoint", OCSFObjects.source(of: entry))
        event.set("session", OCSFObjects.session(of: entry))
        event.set("auth_protocol_id", 4)
        event.set("is_remote", true)
        if let count = entry.value["suppressed"]?.integer {
            event.set("count", .number(String(count.addingClamped(1))))
        }
        if entry.kind == "sign-in-failure" {
            event.status(isSuccess: false, code: entry.value["code"]?.string, detail: entry.value["reason"]?.string)
        } else {
            event.status(isSuccess: true, detail: entry.value["reason"]?.string)
        }
    }

    static func userAccess(_ event: inout OCSFEvent, _ entry: ExportedEntry, actor: JSONValue) {
        let step = entry.value["step"]?.string ?? "unknown"
        switch step {
        case "approved": event.activity(1, "Assign Privileges")
        case "rejected", "expired", "undone": event.activity(2, "Revoke Privileges")
        default: event.activity(99, step)
        }
        event.set("user", OCSFObjects.user(entry.value["requester"]) ?? ["name": "unknown"])
        event.set("actor", actor)
        let target = entry.target?["name"]?.string ?? "unknown"
        let needs = (entry.value["needs"]?.array ?? []).compactMap(\.string)
        event.set("privileges", .array((needs.isEmpty ? ["use of \(target)"] : needs).map { .string($0) }))
        event.set("resources", [["name": .string(target), "type": "Target"]])
        event.set("message", .string(entry.value["justification"]?.string ?? entry.value["summary"]?.string ?? step))
        event.status(isSuccess: step != "undone", detail: entry.value["state"]?.string)
    }

    /// What the gateway judges and runs by, as an entity that is managed.
    static func inForce(_ event: inout OCSFEvent, _ entry: ExportedEntry) {
        let refused = entry.value["refused"]?.string
        let entity: (name: String, type: Int, typeName: String, uid: String?)
        switch entry.kind {
        case "configuration":
            event.activity(3, "Update")
            entity = ("configuration", 99, "Configuration", entry.value["digest"]?.string)
        case "pseudonym-key":
            if entry.value["change"]?.string == "created" {
                event.activity(1, "Create")
            } else {
                event.activity(10, "Activate")
            }
            entity = ("pseudonym key", 99, "Key", entry.value["key"]?.string)
        default:
            event.activity(10, "Activate")
            entity = (
                "policy set", 5, "Policy", entry.value["policy"]?.string ?? entry.value["previous"]?.string
            )
        }
        var members = [
            JSONMember("name", .string(entity.name)), JSONMember("type_id", .number(String(entity.type))),
            JSONMember("type", .string(entity.typeName)),
        ]
        if let uid = entity.uid { members.append(JSONMember("uid", .string(uid))) }
        event.set("entity", .object(members))
        if let by = entry.value["by"]?.string { event.set("actor", ["user": ["name": .string(by)]]) }
        event.status(isSuccess: refused == nil, detail: refused)
    }

    static func lifecycle(_ event: inout OCSFEvent, _ entry: ExportedEntry, version: String) {
        if entry.kind == "start" { event.activity(3, "Start") } else { event.activity(4, "Stop") }
        event.set(
            "app",
            ["name": "sallyport", "version": .string(entry.value["version"]?.string ?? version)])
        event.status(isSuccess: true, detail: entry.value["reason"]?.string)
    }

    static func eventLog(_ event: inout OCSFEvent, _ entry: ExportedEntry) {
        event.activity(99, entry.kind)
        event.set("log_name", "sallyport audit log")
        event.set("log_type_id", 2)
        event.status(isSuccess: true)
    }
}

/// What masking took out of an answer, as a finding of its own: 2006.
struct OCSFMaskingFinding {
    let entry: ExportedEntry

    func event(_ metadata: JSONValue) -> JSONValue {
        var event = OCSFEvent(.finding)
        event.activity(1, "Create")
        event.set("time", .number(String(Timestamp(entry.time)?.milliseconds ?? 0)))
        event.set("severity_id", 1)
        event.set("status_id", 1)
        let total = entry.masked.map(\.count).clampedSum
        event.set(
            "message", .string("\(total) values masked in an answer of \(entry.target?["name"]?.string ?? "unknown")"))
        event.set(
            "finding_info",
            [
                "uid": .string("\(entry.id)/masking"), "title": "Regulated data masked",
                "types": .array(entry.masked.map { .string($0.rule) }),
                "related_events": [["uid": .string(entry.id), "type_uid": .number(String(relatedType))]],
            ])
        event.set(
            "data_security",
            [
                "detection_pattern": .string(entry.masked.map(\.selector).joined(separator: "; ")),
                "total": .number(String(total)),
                "policy": ["name": .string(entry.masked.map(\.rule).joined(separator: "; "))],
            ])
        event.set("src_endpoint", OCSFObjects.source(of: entry))
        event.set("dst_endpoint", OCSFObjects.target(of: entry))
        event.set("actor", OCSFObjects.actor(of: entry))
        event.set(
            "unmapped",
            [
                "masked": .array(
                    entry.masked.map {
                        [
                            "rule": .string($0.rule), "selector": .string($0.selector),
                            "count": .number(String($0.count)),
                        ]
                    })
            ])
        return event.finished(metadata: metadata)
    }

    private var relatedType: Int { OCSFClass(of: entry).rawValue * 100 }
}
