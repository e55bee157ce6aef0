import ArgumentParser
import Audit
import Foundation
import GatewayCore
import Identifiers
import Masking
import Originals
import Retention
import StrictJSON
import Vault

struct CheckMasking: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-masking", abstract: "Prove which rules masked what in a session, without showing it.",
        discussion: """
            Holds the session's sealed originals against the log: every value that a rule masked was sealed once, and \
            no chunk was changed, moved or dropped. Needs no private key. `audit verify` proves the log itself. Exit \
            status 1 when anything is wrong, and it says which chunk. Of what was deleted under a rule it says that it \
            was not checked.
            """)

    @Argument(help: "The session's id.")
    var session: String

    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        guard let id = UUIDv7(session) else {
            throw CommandFailure("\"\(Terminal.plain(session))\" is not the id of a session", status: .usage)
        }
        var masking = SessionMasking()
        let found: Bool
        let reader = AuditReader(directory: try location.resolvedDirectory())
        do throws(AuditError) {
            found = try SessionTrail(reader: reader).forEach(of: id) { masking.add($0) }
        } catch {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
        guard found else { throw CommandFailure("the log has no session \(id)", status: .negative) }
        let state = try location.stateDirectory()
        let deletions = Deletions.load(try Self.deletions(reader), state: state).found
        let check = OriginalsCheck(masking.commands.map(\.originals), of: id) {
            EvidencePlace(state: state, kind: .originals, path: $0)
        } deletion: {
            deletions.deletion(of: "\(EvidenceKind.originals.rawValue)/\($0)")?.sentence
        }
        format.print(Self.json(masking, check)) { Self.text(masking, check) }
        if !check.findings.isEmpty { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func deletions(_ reader: AuditReader) throws -> [Deletion] {
        do throws(AuditError) {
            return try EvidenceCheck.deletions(in: reader)
        } catch {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
    }

    private static func text(_ masking: SessionMasking, _ check: OriginalsCheck) -> String {
        let terminal = Terminal.output
        var lines = check.findings.map { "\(terminal.styled("WRONG", .red))  \(Terminal.plain($0.description))" }
        if check.findingsOmitted > 0 { lines.append("       … and \(check.findingsOmitted) more") }
        lines += check.notes.map { "note   \(Terminal.plain($0))" }
        var table = Table("COMMAND", "RULE", "SELECTS", "PLACE", "SEALED")
        for command in masking.commands {
            let fields = check.sealed[command.originals.command] ?? [:]
            for (field, values) in fields.sorted(by: { ($0.key.rule, $0.key.name) < ($1.key.rule, $1.key.name) }) {
                table.add(
                    command.originals.command.description, Terminal.plain(field.rule), Terminal.plain(field.selector),
                    Terminal.plain(field.name), String(values))
            }
        }
        if !check.sealed.isEmpty { lines.append(table.rendered(for: .output)) }
        for command in masking.commands where command.originals.rules != nil {
            lines.append(
                "\(command.originals.command): rule sets \(Terminal.plain(command.ruleSets.joined(separator: ", ")))"
                    + " (sha256 \(command.originals.rules?.prefix(16) ?? "")…), policy \(command.policy.prefix(16))…")
        }
        let unchecked = check.unchecked
        if unchecked.commands > 0 {
            let deletions = check.deletions.map { Terminal.plain($0) }.joined(separator: "; ")
            lines.append(
                "not checked: \(unchecked.values) values masked by \(unchecked.commands) commands, whose originals were "
                    + deletions)
        }
        let rest = "\(masking.untouched) commands had nothing to mask, \(masking.withoutRules) no masking rule"
        // Where all that there was is deleted, nothing is proved.
        guard check.chunksChecked > 0 || unchecked.commands == 0 || !check.findings.isEmpty else {
            return (lines + [rest]).joined(separator: "\n")
        }
        let masked = masking.commands.flatMap(\.originals.masked).map(\.count).clampedSum
        let values = masked.addingClamped(-unchecked.values)
        lines.append(
            "\(check.findings.isEmpty ? terminal.styled("ok", .green) : terminal.styled("FAILED", .red)): "
                + "\(values) values masked by \(masking.commands.count - unchecked.commands) commands, "
                + "\(check.chunksChecked) chunks checked; \(rest)")
        return lines.joined(separator: "\n")
    }

    private static func unchecked(_ check: OriginalsCheck) -> JSONValue {
        [
            "values": .number(String(check.unchecked.values)), "commands": .number(String(check.unchecked.commands)),
            "deletions": .array(check.deletions.map { .string($0) }),
        ]
    }

    private static func json(_ masking: SessionMasking, _ check: OriginalsCheck) -> JSONValue {
        [
            "ok": .bool(check.findings.isEmpty), "chunks_checked": .number(String(check.chunksChecked)),
            "commands": .array(
                masking.commands.map { command in
                    [
                        "command": .string(command.originals.command.description),
                        "over": .bool(command.originals.isOver),
                        "rule_sets": .array(command.ruleSets.map { .string($0) }),
                        "rules_sha256": command.originals.rules.map { .string($0) } ?? .null,
                        "policy": .string(command.policy),
                        "masked": .array(
                            command.originals.masked.map {
                                [
                                    "rule": .string($0.rule), "selector": .string($0.selector),
                                    "count": .number(String($0.count)),
                                ]
                            }),
                        "sealed": .array(
                            (check.sealed[command.originals.command] ?? [:]).sorted {
                                ($0.key.rule, $0.key.name) < ($1.key.rule, $1.key.name)
                            }.map {
                                [
                                    "rule": .string($0.key.rule), "selector": .string($0.key.selector),
                                    "place": .string($0.key.name), "values": .number(String($0.value)),
                                ]
                            }),
                    ]
                }), "untouched": .number(String(masking.untouched)),
            "without_rules": .number(String(masking.withoutRules)),
            "unchecked": unchecked(check),
            "findings": .array(check.findings.map { .string($0.description) }),
            "findings_omitted": .number(String(check.findingsOmitted)),
            "notes": .array(check.notes.map { .string($0) }),
        ]
    }
}
