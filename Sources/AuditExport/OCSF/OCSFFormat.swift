import Crypto
import Foundation
import Identifiers
import StrictJSON

/// OCSF 1.8.0 events, one JSON object a line (https://schema.ocsf.io/1.8.0).
///
/// | entries | class |
/// |---|---|
/// | intent, refusal, outcome of PostgreSQL | 6005 Datastore Activity |
/// | the same of SSH | 4007 SSH Activity |
/// | the same of HTTP, and of adapters that others write | 6003 API Activity |
/// | console, originals-opened | 6003 API Activity |
/// | session-start, session-end, sign-in-failure | 3002 Authentication |
/// | approval | 3005 User Access Management |
/// | policy-load, configuration, pseudonym-key | 3004 Entity Management |
/// | start, stop | 6002 Application Lifecycle |
/// | what an outcome masked | 2006 Data Security Finding, beside the outcome's own event |
/// | events about the log itself (`key-…`, `log-…`, `retention-…`) | 1008 Event Log Activity |
/// | all other kinds | 0 Base Event, the whole entry under `unmapped` |
public struct OCSFFormat: EntryEncoder {
    public static let schemaVersion = "1.8.0"
    private let version: String

    public init(version: String) { self.version = version }

    public func lines(of entry: ExportedEntry) -> [[UInt8]] { events(of: entry).map(\.canonicalBytes) }

    public func knows(_ entry: ExportedEntry) -> Bool { OCSFClass(of: entry) != .base }

    func events(of entry: ExportedEntry) -> [JSONValue] {
        let event = event(of: entry)
        guard !entry.masked.isEmpty else { return [event] }
        return [event, OCSFMaskingFinding(entry: entry).event(metadata(of: entry, profiles: [], part: "masking"))]
    }

    private func event(of entry: ExportedEntry) -> JSONValue {
        let ocsfClass = OCSFClass(of: entry)
        var event = OCSFEvent(ocsfClass)
        event.set("time", .number(String(Timestamp(entry.time)?.milliseconds ?? 0)))
        event.set("severity_id", .number(String(EntrySeverity(of: entry).ocsf)))
        event.set("message", .string(entry.commandText ?? entry.value["reason"]?.string ?? entry.kind))
        event.set("raw_data_hash", ["algorithm_id": 3, "value": .string(Self.digest(of: entry.bytes))])
        event.set("raw_data_size", .number(String(entry.bytes.count)))
        if let duration = entry.outcome?["duration_us"]?.integer {
            event.set("duration", .number(String(duration / 1000)))
        }
        let actor = OCSFObjects.actor(of: entry)
        switch ocsfClass {
        case .api: OCSFCommands.api(&event, entry, actor: actor)
        case .datastore: OCSFCommands.datastore(&event, entry, actor: actor)
        case .ssh: OCSFCommands.ssh(&event, entry, actor: actor)
        case .authentication: OCSFControl.authentication(&event, entry)
        case .userAccess: OCSFControl.userAccess(&event, entry, actor: actor)
        case .entityManagement: OCSFControl.inForce(&event, entry)
        case .lifecycle: OCSFControl.lifecycle(&event, entry, version: version)
        case .eventLog: OCSFControl.eventLog(&event, entry)
        case .base: event.activity(99, entry.kind.isEmpty ? "unreadable entry" : entry.kind)
        case .finding: break
        }
        OCSFDecision.apply(&event, entry)
        if let trace = Self.traceID(entry.value["traceparent"]?.string) {
            event.profile("trace")
            event.set("trace", ["uid": .string(trace)])
        }
        var shown = Self.shown(of: ocsfClass)
        // The reason why they are not known.
        if entry.value["caller"]?["groups"]?.array == nil { shown.remove("caller.groups") }
        let rest = entry.remainder(without: shown)
        if rest.object?.isEmpty == false { event.set("unmapped", rest) }
        return event.finished(metadata: metadata(of: entry, profiles: event.profiles, part: nil))
    }

    /// - Parameter part: Tells the events of one entry apart.
    private func metadata(of entry: ExportedEntry, profiles: [String], part: String?) -> JSONValue {
        var members = [
            JSONMember("version", .string(Self.schemaVersion)),
            JSONMember(
                "product",
                ["name": "Sallyport Gateway", "vendor_name": "Sallyport", "version": .string(version)]),
            JSONMember("uid", .string(part.map { "\(entry.id)/\($0)" } ?? entry.id)),
            JSONMember("event_code", .string(entry.kind)), JSONMember("log_name", "sallyport audit log"),
            JSONMember("original_time", .string(entry.time)),
        ]
        if let index = entry.index { members.append(JSONMember("sequence", .number(String(index)))) }
        if let command = entry.commandID ?? entry.value["ticket"]?.string ?? entry.session {
            members.append(JSONMember("correlation_uid", .string(command)))
        }
        if !profiles.isEmpty { members.append(JSONMember("profiles", .array(profiles.map { .string($0) }))) }
        return .object(members)
    }

    /// What the common fields and those of the class show whole; everything else goes under `unmapped`.
    private static func shown(of ocsfClass: OCSFClass) -> Set<String> {
        let common: Set<String> = ["id", "kind", "time", "decision.answer", "decision.rule", "decision.policy", "rule"]
        switch ocsfClass {
        case .api, .datastore, .ssh, .authentication:
            // Neither how an outcome ended nor the protocol can be told from the event, and its duration is in
            // milliseconds.
            return common.union([
                "session", "caller.issuer", "caller.subject", "caller.label", "caller.groups", "client", "target.name",
                "command.text", "action", "resource", "allowed", "outcome.status", "reason",
            ])
        case .userAccess: return common.union(["requester", "actor", "target.name", "needs", "justification"])
        case .lifecycle: return common.union(["version"])
        default: return common
        }
    }

    /// The trace's id of a W3C `traceparent`.
    private static func traceID(_ traceParent: String?) -> String? {
        let parts = traceParent?.split(separator: "-") ?? []
        return parts.count >= 4 && parts[1].utf8.count == 32 ? String(parts[1]) : nil
    }

    private static func digest(of bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).hexadecimal
    }
}

extension EntrySeverity {
    /// 1 Informational, 2 Low, 3 Medium.
    fileprivate var ocsf: Int {
        switch self {
        case .informational: 1
        case .low: 2
        case .medium: 3
        }
    }
}
