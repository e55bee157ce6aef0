import Audit
import StrictJSON

extension ExaminerReport {
    /// The report for programs. Members:
    ///
    /// - `framework`, `made`, `version`, `period` (`from`, `until`, and the first and last time that were seen);
    /// - `verification`: `ok`, `origin`, `key`, `tree_size`, `root`, `witnessed`, `findings`;
    /// - one member for each part of the page, with `relevant_to` (sections of the handbook), `items` (objects; `index`
    ///   is the entry's in the log) and `omitted` (events or items beyond those that are listed);
    /// - in `policy`, beside the loads, `configuration`: an object for each time that it changed; and
    ///   `in_force_at_start`: `policy`, `candidate`, `since` and `index` of what was in force when the period began, null
    ///   where no entry before it says so.
    public var json: JSONValue {
        var members = [
            JSONMember("framework", "FFIEC IT Examination Handbook"), JSONMember("made", .string("\(made)")),
            JSONMember("version", .string(version)), JSONMember("entries", number(tally.entries)),
            JSONMember(
                "period",
                [
                    "from": text(period.from?.description), "until": text(period.until?.description),
                    "first": text(tally.firstTime), "last": text(tally.lastTime),
                ]),
        ]
        for part in ReportPart.allCases {
            let (items, omitted) = items(of: part)
            var own: [JSONMember] = [
                JSONMember("relevant_to", .array(part.sections.map { .string($0) })),
                JSONMember("items", .array(items)), JSONMember("omitted", number(omitted)),
            ]
            switch part {
            case .verification: own += verificationMembers
            case .dataProtection: own.append(JSONMember("sealed_values", number(tally.sealedValues)))
            case .policy:
                own.append(JSONMember("in_force_at_start", tally.inForceBefore.map(json) ?? .null))
                own.append(JSONMember("configuration", .array(tally.configurations.items.map(json))))
                own.append(JSONMember("configuration_omitted", number(tally.configurations.omitted)))
            case .operations: own.append(JSONMember("unreadable_entries", number(unreadableCount)))
            default: break
            }
            members.append(JSONMember(part.rawValue, .object(own)))
        }
        return .object(members)
    }

    var unreadableCount: Int { tally.unreadable.items.count + tally.unreadable.omitted }

    private var verificationMembers: [JSONMember] {
        [
            JSONMember("ok", .bool(verification.isValid)), JSONMember("origin", .string(verification.origin)),
            JSONMember("key", .string(key)), JSONMember("tree_size", number(verification.treeSize)),
            JSONMember("root", text(verification.root.map { "\($0)" })),
            JSONMember("witnessed", verification.witnessedEntries.map(number) ?? .null),
        ]
    }

    private func items(of part: ReportPart) -> (items: [JSONValue], omitted: Int) {
        switch part {
        case .verification:
            return (verification.findings.map { .string($0.description) }, verification.findingsOmitted)
        case .activity:
            return (
                activity.slices.map {
                    [
                        "start": .string($0.start), "commands": number($0.count.commands),
                        "refused": number($0.count.refused),
                    ]
                }, 0
            )
        case .access: return (accessRows.map(json), tally.access.omitted)
        case .elevated: return (tally.elevated.items.map(json), tally.elevated.omitted)
        case .approvals: return (tally.approvals.items.map(json), tally.approvals.omitted)
        case .segregation:
            let breaches = tally.breaches.items.map { breach -> JSONValue in
                [
                    "index": index(breach.index), "time": .string(breach.time), "finding": .string(breach.what),
                    "severity": "breach",
                ]
            }
            let doubles = tally.doubleDuties.map { double -> JSONValue in
                ["person": double.person.json, "finding": .string(double.what), "severity": "notice"]
            }
            return (breaches + doubles, tally.breaches.omitted)
        case .dataProtection:
            let masks = maskRows.map { row -> JSONValue in
                [
                    "target": .string(row.key.target), "rule": .string(row.key.rule),
                    "selector": .string(row.key.selector), "masked": number(row.count),
                ]
            }
            return (masks + tally.openings.items.map(json), tally.masking.omitted + tally.openings.omitted)
        case .signInFailures:
            return (
                failureRows.map {
                    [
                        "code": .string($0.key.code), "client": .string($0.key.client), "attempts": number($0.count),
                    ]
                }, tally.signInFailures.omitted
            )
        case .policy: return (tally.policyLoads.items.map(json), tally.policyLoads.omitted)
        case .operations: return (tally.operations.items.map(json), tally.operations.omitted)
        }
    }

    // MARK: Rows in an order that stays

    var accessRows: [(key: EvidenceTally.AccessKey, row: EvidenceTally.Access)] {
        tally.access.rows.sorted {
            ($1.value.commands, $0.key.person.subject, $0.key.target, $0.key.action)
                < ($0.value.commands, $1.key.person.subject, $1.key.target, $1.key.action)
        }.map { (key: $0.key, row: $0.value) }
    }

    var maskRows: [(key: EvidenceTally.MaskKey, count: Int64)] {
        tally.masking.rows.sorted {
            ($1.value, $0.key.target, $0.key.rule, $0.key.selector)
                < ($0.value, $1.key.target, $1.key.rule, $1.key.selector)
        }.map { (key: $0.key, count: $0.value) }
    }

    var failureRows: [(key: EvidenceTally.SignInFailureKey, count: Int)] {
        tally.signInFailures.rows.sorted {
            ($1.value, $0.key.code, $0.key.client) < ($0.value, $1.key.code, $1.key.client)
        }.map { (key: $0.key, count: $0.value) }
    }

    // MARK: Items

    private func json(_ row: (key: EvidenceTally.AccessKey, row: EvidenceTally.Access)) -> JSONValue {
        [
            "caller": row.key.person.json, "label": text(row.row.label), "target": .string(row.key.target),
            "kind": .string(row.key.kind), "action": .string(row.key.action), "commands": number(row.row.commands),
            "refused": number(row.row.refused), "not_succeeded": number(row.row.failed), "rows": number(row.row.rows),
            "answer_bytes": number(row.row.answerBytes), "first_index": index(row.row.first),
            "last_index": index(row.row.last),
        ]
    }

    private func json(_ item: EvidenceTally.Elevated) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "caller": item.person.json,
            "target": .string(item.target), "text": .string(item.text), "ticket": .string(item.ticket),
            "justification": .string(item.justification), "approvers": .array(item.approvers.map(\.json)),
        ]
    }

    private func json(_ item: EvidenceTally.ApprovalStep) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "ticket": .string(item.ticket),
            "step": .string(item.step), "requester": item.requester?.json ?? .null,
            "actor": item.actor?.json ?? .null, "target": .string(item.target),
            "justification": text(item.justification),
        ]
    }

    private func json(_ item: EvidenceTally.PolicyLoad) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "by": .string(item.by),
            "policy": text(item.policy), "previous": text(item.previous), "refused": text(item.refusal),
            "changes": item.changes.json, "changes_omitted": number(item.changes.omitted), "files": item.files.json,
            "files_omitted": number(item.files.omitted), "since": text(item.changes.since),
        ]
    }

    private func json(_ item: EvidenceTally.PolicyInForce) -> JSONValue {
        [
            "index": index(item.index), "since": .string(item.time), "policy": .string(item.policy),
            "candidate": text(item.candidate),
        ]
    }

    private func json(_ item: EvidenceTally.ConfigurationChange) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "digest": text(item.digest),
            "previous": text(item.previous), "changes": item.changes.json,
            "changes_omitted": number(item.changes.omitted), "since": text(item.changes.since),
        ]
    }

    private func json(_ item: EvidenceTally.Notable) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "kind": .string(item.kind),
            "entry": .string(item.text),
        ]
    }

    private func number(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }
    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    private func index(_ value: UInt64?) -> JSONValue { value.map { .number(String($0)) } ?? .null }
}
