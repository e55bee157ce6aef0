import ArgumentParser
import Audit
import Foundation
import Identifiers
import Policy
import StrictJSON

struct ExplainPolicy: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say which policy decides a request, and why each other does not.",
        discussion: """
            Either a request:
              sallyport policy explain --principal alice --groups payments --action http.post \
            --resource 'Function::"payments/refund"' --in 'Target::"payments"'
            or a command that was recorded: --command with its id in the audit log, judged by the policies as they are \
            now.
            Facts that policies read are given as JSON, as `sallyport adapters` lists them:
              --action ssh.exec --resource 'Executable::"web-1/uptime"' --context '{"shell": {"opaque": true}}'
              --action sql.delete --resource 'Table::"ledger/public.t"' --context '{"sql": {"has_where": false}}'
            One that is not given is taken to be what it usually is, and the answer says so; where it cannot be told \
            without one, and where an action, a type, a target or a fact does not exist, the exit status is 64.
            """)

    @Option(help: "The caller: User::\"…\", or just the id.")
    var principal: String?

    @Option(parsing: .upToNextOption, help: "The caller's groups.")
    var groups: [String] = []

    @Option(help: "The action, e.g. http.post.")
    var action: String?

    @Option(help: "The resource, e.g. Function::\"payments/refund\".")
    var resource: String?

    @Option(name: .customLong("in"), parsing: .upToNextOption, help: "What the resource is in; its target by default.")
    var parents: [String] = []

    @Option(help: "The context, as JSON.")
    var context: String?

    @Option(help: "The id of a recorded command, instead.")
    var command: String?

    @OptionGroup var policies: PolicyFilesOptions
    @OptionGroup var format: OutputOptions

    func validate() throws {
        let parts = [principal, action, resource]
        guard command != nil || parts.allSatisfy({ $0 != nil }) else {
            throw ValidationError("give --principal, --action and --resource, or --command")
        }
    }

    func perform() async throws {
        let loaded = try policies.load()
        let explanations: [PolicyExplanation]
        let assumptions: [String]
        if let command {
            explanations = try recorded(command, loaded).map { PolicyExplanation(loaded.set, $0) }
            assumptions = []
        } else {
            let written = try written(loaded)
            let explanation = PolicyExplanation(loaded.set, written.request)
            if let doubt = written.doubt(about: explanation.decision, by: loaded.set) {
                let example = String(decoding: doubt.example.canonicalBytes, as: UTF8.self)
                throw CommandFailure("this \(doubt): give it, as in --context '\(example)'", status: .usage)
            }
            explanations = [explanation]
            assumptions = written.assumptions(for: loaded.set)
        }
        let decision = PolicyDecision.merging(explanations.map(\.decision))
        format.print(
            [
                "allowed": .bool(decision.allowed), "rule": .string(decision.rule),
                "summary": .string(decision.summary), "assumed": .array(assumptions.map { .string($0) }),
                "effects": .array(explanations.map(Self.json)),
            ]
        ) {
            let texts = explanations.map(\.description)
            guard texts.count == 1 else { return ([decision.summary] + texts).joined(separator: "\n\n") }
            // The summary in place of the first line: it says the obligations too.
            let assumed = assumptions.map { "  assumed \($0); --context says otherwise" }
            return ([decision.summary] + assumed + texts[0].split(separator: "\n").dropFirst().map(String.init))
                .joined(separator: "\n")
        }
    }

    /// The request of the options, held against what there is and with the facts that it leaves out.
    private func written(_ loaded: LoadedPolicies) throws -> WrittenRequest {
        let request = try request()
        let findings = loaded.vocabulary.findings(in: request, path: "request")
        guard findings.isEmpty else {
            throw CommandFailure(findings.map(\.description).joined(separator: "\n"), status: .usage)
        }
        return WrittenRequest(request, loaded.vocabulary)
    }

    private func request() throws -> PolicyRequest {
        var members = [
            JSONMember("principal", .string(principal ?? "")), JSONMember("action", .string(action ?? "")),
            JSONMember("groups", .array(groups.map { .string($0) })),
            JSONMember("resource", .string(resource ?? "")),
        ]
        if !parents.isEmpty { members.append(JSONMember("in", .array(parents.map { .string($0) }))) }
        do {
            if let context { members.append(JSONMember("context", try JSONValue(parsing: context))) }
            return try PolicyRequest(json: JSONValue.object(members).withTargetOfResource, path: "request")
        } catch {
            throw CommandFailure("the request cannot be read: \(error)", status: .usage)
        }
    }

    private func recorded(_ command: String, _ loaded: LoadedPolicies) throws -> [PolicyRequest] {
        guard let id = UUIDv7(command) else {
            throw CommandFailure("\"\(Terminal.plain(command))\" is no id", status: .usage)
        }
        let log = AuditReader(directory: loaded.configuration.auditDirectory)
        let entry: AuditEntry?
        do { entry = try log.entry(id: id) } catch { throw CommandFailure("\(error)", status: .unavailable) }
        guard let entry, let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord),
            let recorded = RecordedRequest(entry: value)
        else { throw CommandFailure("the audit log has no command \(id) that can be judged again", status: .negative) }
        return recorded.command.requests
    }

    private static func json(_ explanation: PolicyExplanation) -> JSONValue {
        [
            "allowed": .bool(explanation.decision.allowed), "rule": .string(explanation.decision.rule),
            "policies": .array(
                explanation.verdicts.map {
                    [
                        "policy": .string($0.policy.name), "effect": .string("\($0.effect)"),
                        "position": .string("\($0.position)"), "verdict": .string($0.description),
                        "determined": .bool($0.outcome == .determined),
                    ]
                }),
        ]
    }
}
