import Audit
import StrictJSON

extension ExaminerReport {
    /// The report for programs. Members:
    ///
    /// - `framework`, `made`, `version`, `period` (`from`, `until`, the first and last time that were seen, `is_over` when
    ///   the report was made, null where its end is open, and `log_begins` where the log began after `from`);
    /// - `verification`: `ok`, `origin`, `key`, `tree_size`, `root`, `witnessed`, `findings`; `pending` entries, which are
    ///   not signed yet and not in the report; `followed_rotations` of the key, by entry; and `timestamps` (how many) and
    ///   the `newest_timestamp` (`tree_size`, `time`);
    /// - one member for each part of the page, with `relevant_to` (sections of the handbook), `items` (objects; `index`
    ///   is the entry's in the log) and `omitted` (events or items beyond those that are listed);
    /// - in `policy`, beside the loads, `configuration`: an object for each time that it changed; and
    ///   `in_force_at_start`: `policy`, `candidate`, `since` and `index` of what was in force when the period began, null
    ///   where no entry before it says so;
    /// - in `segregation`, by `severity`: a `breach`, an `attempt` (to decide a request of one's own), a `notice`;
    /// - in `console`, beside the counts by person and action, what was `denied`, and the `originals_opened`;
    /// - in `operations`, where `items` has no more than some hundred of each kind, the `deletions`: sums by target, kind
    ///   of evidence and rule.
    ///
    /// People are `issuer` and `subject`, and `label` where any entry says one.
    public var json: JSONValue {
        var members = [
            JSONMember("framework", "FFIEC IT Examination Handbook"), JSONMember("made", .string("\(made)")),
            JSONMember("version", .string(version)), JSONMember("entries", number(tally.entries)),
            JSONMember(
                "period",
                [
                    "from": text(period.from?.description), "until": text(period.until?.description),
                    "first": text(tally.firstTime), "last": text(tally.lastTime),
                    "is_over": period.until.map { .bool($0 <= made) } ?? .null,
                    "log_begins": text(logBeganInPeriod?.description),
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
            case .console: own += consoleMembers
            case .operations:
                own.append(JSONMember("deletions", .array(deletionRows.map(json))))
                own.append(JSONMember("deletions_omitted", number(tally.operations.deletions.omitted)))
                own.append(JSONMember("unreadable_entries", number(unreadableCount)))
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
            JSONMember("pending", number(verification.pendingEntries)),
            JSONMember("followed_rotations", .array(verification.followedRotations.map(number))),
            JSONMember("timestamps", number(verification.timestamps.count)),
            JSONMember(
                "newest_timestamp",
                verification.timestamps.last.map { stamp -> JSONValue in
                    ["tree_size": number(stamp.treeSize), "time": .string(stamp.time.description)]
                } ?? .null),
        ]
    }

    private var consoleMembers: [JSONMember] {
        let denied = tally.console.denials.items.map { denial -> JSONValue in
            [
                "index": index(denial.index), "time": .string(denial.time), "caller": json(denial.person),
                "action": .string(denial.action), "resource": .string(denial.resource), "rule": .string(denial.rule),
            ]
        }
        let opened = tally.console.openings.items.map { opening -> JSONValue in
            [
                "index": index(opening.index), "time": .string(opening.time),
                "caller": opening.person.map(json) ?? .null, "session": .string(opening.session),
                "command": .string(opening.command), "file": text(opening.file), "reason": .string(opening.reason),
            ]
        }
        return [
            JSONMember("denied", .array(denied)), JSONMember("denied_omitted", number(tally.console.denials.omitted)),
            JSONMember("originals_opened", .array(opened)),
            JSONMember("originals_opened_omitted", number(tally.console.openings.omitted)),
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
                    "index": index(breach.index), "time": .string(breach.time), "person": json(breach.person),
                    "finding": .string(breach.what), "severity": "breach",
                ]
            }
            let own = tally.console.ownDecisions
            let attempts = own.items.map { attempt -> JSONValue in
                [
                    "index": index(attempt.index), "time": .string(attempt.time), "person": json(attempt.person),
                    "ticket": .string(attempt.ticket), "finding": .string(attempt.what), "severity": "attempt",
                ]
            }
            let doubles = tally.doubleDuties.map { double -> JSONValue in
                ["person": json(double.person), "finding": .string(double.what), "severity": "notice"]
            }
            return (breaches + attempts + doubles, tally.breaches.omitted + own.omitted)
        case .console:
            return (
                consoleRows.map {
                    [
                        "person": json($0.key.person), "action": .string($0.key.action),
                        "allowed": number($0.count.allowed), "denied": number($0.count.denied),
                        "first_index": index($0.count.first), "last_index": index($0.count.last),
                    ]
                }, tally.console.counts.omitted
            )
        case .dataProtection:
            let masks = maskRows.map { row -> JSONValue in
                [
                    "target": .string(row.key.target), "rule": .string(row.key.rule),
                    "selector": .string(row.key.selector), "masked": number(row.count),
                ]
            }
            return (masks, tally.masking.omitted)
        case .signInFailures:
            return (
                failureRows.map {
                    [
                        "code": .string($0.key.code), "client": .string($0.key.client), "attempts": number($0.count),
                    ]
                }, tally.signInFailures.omitted
            )
        case .policy: return (tally.policyLoads.items.map(json), tally.policyLoads.omitted)
        case .operations:
            let events = tally.operations.events()
            return (events.items.map(json), events.omitted + tally.operations.eventsOfOtherKinds)
        case .kinds:
            return (
                kindRows.map {
                    [
                        "kind": .string($0.kind), "entries": number($0.count),
                        "told_in": text(ReportPart.telling($0.kind)?.rawValue),
                    ]
                }, tally.kinds.omitted
            )
        }
    }

    // MARK: Items

    private func json(_ row: (key: EvidenceTally.AccessKey, row: EvidenceTally.Access)) -> JSONValue {
        [
            "caller": json(row.key.person), "target": .string(row.key.target), "kind": .string(row.key.kind),
            "action": .string(row.key.action), "commands": number(row.row.commands),
            "refused": number(row.row.refused), "not_succeeded": number(row.row.failed), "rows": number(row.row.rows),
            "answer_bytes": number(row.row.answerBytes), "first_index": index(row.row.first),
            "last_index": index(row.row.last),
        ]
    }

    private func json(_ item: EvidenceTally.Elevated) -> JSONValue {
        let request = tally.request(of: item)
        return [
            "index": index(item.index), "time": .string(item.time), "caller": json(item.person),
            "target": .string(item.target), "text": .string(item.text), "parameters": .string(item.parameters),
            "ticket": .string(item.ticket), "summary": text(request?.summary), "needs": needs(request),
            "justification": .string(item.justification), "approvers": .array(item.approvers.map(json)),
        ]
    }

    private func json(_ item: EvidenceTally.ApprovalStep) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "ticket": .string(item.ticket),
            "step": .string(item.step), "requester": item.requester.map(json) ?? .null,
            "actor": item.actor.map(json) ?? .null, "target": .string(item.target),
            "summary": text(item.request?.summary), "needs": needs(item.request),
            "justification": text(item.justification),
        ]
    }

    private func needs(_ request: TicketRequest?) -> JSONValue {
        request.map { .array($0.needs.map { .string($0) }) } ?? .null
    }

    private func json(_ person: Person) -> JSONValue { tally.names.json(person) }

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

    private func json(_ row: (key: OperationsTally.DeletionKey, row: OperationsTally.Deletions)) -> JSONValue {
        [
            "target": .string(row.key.target), "evidence": .string(row.key.evidence), "rule": .string(row.key.rule),
            "files": number(row.row.files), "held": number(row.row.held), "begun": number(row.row.begun),
            "done": number(row.row.done), "first": .string(row.row.firstTime), "last": .string(row.row.lastTime),
            "first_index": index(row.row.first), "last_index": index(row.row.last),
        ]
    }

    private func json(_ item: OperationsTally.Event) -> JSONValue {
        [
            "index": index(item.index), "time": .string(item.time), "kind": .string(item.kind),
            "entry": .string(item.text),
        ]
    }

    private func number(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }
    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    private func index(_ value: UInt64?) -> JSONValue { value.map { .number(String($0)) } ?? .null }
}
