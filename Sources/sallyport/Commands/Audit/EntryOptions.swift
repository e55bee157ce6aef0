import ArgumentParser
import AuditExport
import GatewayCore
import Identifiers

/// Which entries `audit search` and `audit export` take.
///
/// What no entry can match is refused: that nothing is found would look like evidence that nothing happened.
struct EntryOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: "Only entries of these kinds, e.g. intent outcome refusal; `audit schema` describes all.")
    var kind: [String] = []

    @Option(help: "Only entries that name this person as caller, approver or requester: by subject or label.")
    var caller: String?

    @Option(help: "Only entries about this target.")
    var target: String?

    @Option(help: "Only entries of the session with this id.")
    var session: String?

    @Option(help: "Only what was done so, at a target or at the console: sql.select, or sql for all of them.")
    var action: String?

    @Option(help: "Only what policy answered so: allow, deny or approval.")
    var decision: String?

    @Option(help: "Only what this policy decided.")
    var rule: String?

    func validate() throws {
        if !kind.isEmpty, kinds.isEmpty { throw ValidationError("--kind takes kinds of entries, such as refusal") }
        if let fault = kinds.lazy.compactMap(EntryQuery.fault(inKind:)).first {
            throw ValidationError("--kind: \(fault); `sallyport audit schema` describes all kinds")
        }
        if let decision, EntryQuery.Decision(rawValue: decision) == nil {
            let words = EntryQuery.Decision.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--decision is one of \(words)")
        }
        if let session { try PathPart.checkID(session, of: "a session", shownBy: "sessions list") }
    }

    /// Also where commas stand between them.
    var kinds: [String] { kind.flatMap { $0.split { $0 == "," || $0 == " " }.map(String.init) } }

    func query(in period: PeriodOptions, text: String?) -> EntryQuery {
        EntryQuery(
            kinds: kinds, caller: caller, target: target, action: action, rule: rule, decision: decision,
            session: session.flatMap { UUIDv7($0) }, from: period.start, to: period.end, text: text)
    }

    var selection: EntrySelection {
        EntrySelection(
            caller: caller, target: target, session: session.flatMap { UUIDv7($0) }?.description, action: action,
            decision: decision, rule: rule)
    }

    /// Says that who is not found by a label may be found by their subject.
    func noteNothingFound() {
        guard let caller else { return }
        Terminal.note(
            """
            note: no such entry names \(Terminal.plain(caller)) by subject or label. Entries of earlier versions name \
            people at the console and approvers by issuer and subject alone: try the subject, the `sub` of their tokens
            """)
    }
}
