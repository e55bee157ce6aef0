import StrictJSON

/// The event classes that entries become.
enum OCSFClass: Int, Sendable {
    case base = 0
    case eventLog = 1008
    case finding = 2006
    case authentication = 3002
    case entityManagement = 3004
    case userAccess = 3005
    case ssh = 4007
    case lifecycle = 6002
    case api = 6003
    case datastore = 6005

    init(of entry: ExportedEntry) {
        switch entry.kind {
        case "intent", "refusal", "outcome":
            switch entry.protocolName {
            case "postgres": self = .datastore
            case "ssh": self = .ssh
            default: self = .api
            }
        case "console", "originals-opened": self = .api
        case "session-start", "session-end", "sign-in-failure": self = .authentication
        case "approval": self = .userAccess
        case "policy-load", "configuration", "pseudonym-key": self = .entityManagement
        case "start", "stop": self = .lifecycle
        case let kind where ["key-", "log-", "retention-"].contains(where: kind.hasPrefix): self = .eventLog
        default: self = .base
        }
    }

    var caption: String {
        switch self {
        case .base: "Base Event"
        case .eventLog: "Event Log Activity"
        case .finding: "Data Security Finding"
        case .authentication: "Authentication"
        case .entityManagement: "Entity Management"
        case .userAccess: "User Access Management"
        case .ssh: "SSH Activity"
        case .lifecycle: "Application Lifecycle"
        case .api: "API Activity"
        case .datastore: "Datastore Activity"
        }
    }
}

/// An event being put together.
struct OCSFEvent {
    private let ocsfClass: OCSFClass
    private var members: [JSONMember] = []
    private(set) var profiles: [String] = []
    private var activity = (id: 0, name: "Unknown")

    init(_ ocsfClass: OCSFClass) { self.ocsfClass = ocsfClass }

    /// Sets a member, in the place of one of this name.
    mutating func set(_ name: String, _ value: JSONValue?) {
        members.removeAll { $0.name == name }
        if let value { members.append(JSONMember(name, value)) }
    }

    mutating func activity(_ id: Int, _ name: String) { activity = (id, name) }

    mutating func profile(_ name: String) { if !profiles.contains(name) { profiles.append(name) } }

    mutating func status(isSuccess: Bool, code: String? = nil, detail: String? = nil) {
        set("status_id", isSuccess ? 1 : 2)
        set("status", isSuccess ? "Success" : "Failure")
        set("status_code", code.map { .string($0) })
        set("status_detail", detail.map { .string($0) })
    }

    func finished(metadata: JSONValue) -> JSONValue {
        let uid = ocsfClass.rawValue
        return .object(
            members + [
                JSONMember("class_uid", .number(String(uid))), JSONMember("class_name", .string(ocsfClass.caption)),
                JSONMember("category_uid", .number(String(uid / 1000))),
                JSONMember("activity_id", .number(String(activity.id))),
                JSONMember("activity_name", .string(activity.name)),
                JSONMember("type_uid", .number(String(uid * 100 + activity.id))), JSONMember("metadata", metadata),
            ])
    }
}
