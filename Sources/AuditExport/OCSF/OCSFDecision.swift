import StrictJSON

/// What the policy decided, and what became of it: the profile `security_control`.
enum OCSFDecision {
    private enum Action: Int64 {
        case allowed = 1
        case denied = 2
    }

    private enum Disposition: Int64 {
        case allowed = 1
        case blocked = 2
        case approved = 8
        /// Allowed, and masked on the way back.
        case corrected = 11
        case logged = 17
        /// People have to decide first.
        case challenge = 23
        case rejected = 25
        case error = 27
    }

    static func apply(_ event: inout OCSFEvent, _ entry: ExportedEntry) {
        guard let (action, disposition) = result(of: entry) else { return }
        event.profile("security_control")
        event.set("action_id", .number(String(action.rawValue)))
        event.set("disposition_id", .number(String(disposition.rawValue)))
        guard let rule = entry.rule else { return }
        var members = [JSONMember("name", .string(rule)), JSONMember("type", "Cedar")]
        if let digest = entry.policy { members.append(JSONMember("uid", .string(digest))) }
        let policy = JSONValue.object(members)
        event.set("policy", policy)
        event.set("authorizations", [["decision": .string(entry.answer ?? "unknown"), "policy": policy]])
    }

    private static func result(of entry: ExportedEntry) -> (Action, Disposition)? {
        switch entry.kind {
        case "intent":
            // In shadow mode what the policy denies goes through.
            if entry.answer == "deny" { return (.allowed, .logged) }
            return (.allowed, entry.approval == nil ? .allowed : .approved)
        case "refusal": return (.denied, entry.answer == "approval" ? .challenge : .blocked)
        case "outcome":
            if !entry.masked.isEmpty { return (.allowed, .corrected) }
            if entry.outcome?["kind"]?.string != "succeeded" { return (.allowed, .error) }
            return (.allowed, entry.approval == nil ? .allowed : .approved)
        case "console": return entry.answer == "allow" ? (.allowed, .allowed) : (.denied, .blocked)
        case "approval":
            switch entry.value["step"]?.string {
            case "opened": return (.denied, .challenge)
            case "approved", "redeemed": return (.allowed, .approved)
            default: return (.denied, .rejected)
            }
        case "sign-in-failure": return (.denied, .blocked)
        default: return nil
        }
    }
}
