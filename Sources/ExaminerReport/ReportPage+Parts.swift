import Markup

// What stands under each heading of the page.

extension ReportPage {
    func content(of part: ReportPart) -> HTML {
        let tally = report.tally
        switch part {
        case .verification: return verification
        case .activity: return ActivityChart(timeline: report.activity).html
        case .access:
            return table(
                ["caller", "target", "action", "commands", "refused", "not succeeded", "rows", "entries"],
                report.accessRows.map {
                    [
                        person($0.key.person), text($0.key.target), text($0.key.action), number($0.row.commands),
                        number($0.row.refused), number($0.row.failed), number($0.row.rows),
                        entries($0.row.first, $0.row.last),
                    ]
                }, omitted: tally.access.omitted, none: "Nobody reached anything.")
        case .elevated:
            return table(
                ["entry", "time", "caller", "target", "command", "asked for", "why", "approved by"],
                tally.elevated.items.map {
                    [
                        entry($0.index), text($0.time), person($0.person), text($0.target),
                        command($0), "ticket \(code($0.ticket))\(request(tally.request(of: $0)))",
                        text($0.justification),
                        "\($0.approvers.map { person -> HTML in "\(self.person(person)) " })",
                    ]
                }, omitted: tally.elevated.omitted, none: "No command ran on an approval.")
        case .approvals:
            return table(
                ["entry", "time", "ticket", "step", "asked by", "by", "target", "asked for", "words"],
                tally.approvals.items.map {
                    [
                        entry($0.index), text($0.time), code($0.ticket), text($0.step),
                        $0.requester.map { person($0) } ?? "", $0.actor.map { person($0) } ?? "", text($0.target),
                        request($0.request), text($0.justification ?? ""),
                    ]
                }, omitted: tally.approvals.omitted, none: "Nobody asked for an approval.")
        case .segregation: return segregation
        case .console: return console
        case .dataProtection: return dataProtection
        case .signInFailures:
            return table(
                ["attempts", "reason", "from"],
                report.failureRows.map { [number($0.count), text($0.key.code), text($0.key.client)] },
                omitted: tally.signInFailures.omitted, none: "No sign-in failed.")
        case .policy: return policy
        case .operations: return operations
        case .kinds: return kinds
        }
    }

    private func command(_ item: EvidenceTally.Elevated) -> HTML {
        guard !item.parameters.isEmpty else { return code(item.text) }
        return "\(code(item.text))<br>with \(code(item.parameters))"
    }

    private var verification: HTML {
        let verification = report.verification
        let findings = verification.findings.map { finding -> HTML in "<li>\(finding.description)</li>" }
        let omitted: HTML =
            verification.findingsOmitted == 0 ? "" : "<li>and \(verification.findingsOmitted) more</li>"
        let list: HTML =
            findings.isEmpty ? "<p>Nothing is wrong.</p>" : "<ul class=\"wrong\">\(findings)\(omitted)</ul>"
        var more: [(name: String, words: HTML)] = []
        if let witnessed = verification.witnessedEntries { more.append(("Seen by witnesses", "\(witnessed) entries")) }
        if !verification.followedRotations.isEmpty {
            let entries = verification.followedRotations.map(String.init).joined(separator: ", ")
            more.append(("Rotations of the key that were followed", "entries \(entries)"))
        }
        if let newest = verification.timestamps.last {
            more.append(
                (
                    "Newest time stamp",
                    "\(newest.treeSize) entries at \(newest.time.description), of \(verification.timestamps.count) in all"
                ))
        }
        if verification.pendingEntries > 0 {
            more.append(("Recorded and not signed yet", "\(verification.pendingEntries) entries, not in this report"))
        }
        let facts = more.map { fact -> HTML in "<dt>\(fact.name)</dt><dd>\(fact.words)</dd>" }
        return """
            <dl><dt>Log</dt><dd>\(verification.origin)</dd><dt>Key</dt><dd><code>\(report.key)</code></dd>\
            <dt>Entries</dt><dd>\(verification.treeSize)</dd>\
            <dt>Root</dt><dd><code>\(verification.root.map { "\($0)" } ?? "none")</code></dd>\(facts)</dl>
            \(list)
            <p>The same is found without this program by any verifier of C2SP transparency logs, and with the script of \
            <code>Auditing/</code>.</p>
            """
    }

    private var segregation: HTML {
        let breaches = table(
            ["entry", "time", "person", "finding"],
            report.tally.breaches.items.map { [entry($0.index), text($0.time), person($0.person), text($0.what)] },
            omitted: report.tally.breaches.omitted, none: "Nobody approved a request or command of their own.")
        let own = report.tally.console.ownDecisions
        let attempts = table(
            ["entry", "time", "person", "attempt"],
            own.items.map { [entry($0.index), text($0.time), person($0.person), text($0.what)] },
            omitted: own.omitted, none: "Nobody tried to decide a request of their own.")
        let doubles = table(
            ["person", "to look at"], report.tally.doubleDuties.map { [person($0.person), text($0.what)] }, omitted: 0,
            none: "Nobody had two duties among using targets, approving, and having policies loaded.")
        return "\(breaches)\n\(attempts)\n\(doubles)"
    }

    private var console: HTML {
        let console = report.tally.console
        let counts = table(
            ["person", "action", "allowed", "denied", "entries"],
            report.consoleRows.map {
                [
                    person($0.key.person), text($0.key.action), number($0.count.allowed), number($0.count.denied),
                    entries($0.count.first, $0.count.last),
                ]
            }, omitted: console.counts.omitted, none: "Nobody used the console.")
        let denials = table(
            ["entry", "time", "person", "denied action", "on", "rule"],
            console.denials.items.map {
                [
                    entry($0.index), text($0.time), person($0.person), text($0.action), text($0.resource),
                    text($0.rule),
                ]
            }, omitted: console.denials.omitted, none: "Nothing was denied.")
        let openings = table(
            ["entry", "time", "sealed originals given to", "session", "command", "file", "reason"],
            console.openings.items.map {
                [
                    entry($0.index), text($0.time), $0.person.map { person($0) } ?? "", code($0.session),
                    code($0.command), code($0.file ?? ""), text($0.reason),
                ]
            }, omitted: console.openings.omitted, none: "No sealed original was given out by the gateway.")
        return "\(counts)\n\(denials)\n\(openings)"
    }

    private var dataProtection: HTML {
        let masks = table(
            ["target", "rule", "what it looks for", "values masked"],
            report.maskRows.map { [text($0.key.target), text($0.key.rule), code($0.key.selector), number($0.count)] },
            omitted: report.tally.masking.omitted, none: "Nothing was masked.")
        let openings = report.tally.console.openings
        return """
            \(masks)
            <p>\(report.tally.sealedValues) of the masked values are kept, sealed to the auditors' key. Times \
            that the gateway gave sealed ones out: \(openings.items.count + openings.omitted); to whom stands under \
            “\(ReportPart.console.title)”.</p>
            """
    }

    private var policy: HTML {
        let used = report.tally.policies.rows.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let inForce = table(
            ["policy set (SHA-256)", "commands decided"], used.map { [code($0.key), number($0.value)] },
            omitted: report.tally.policies.omitted, none: "No command was decided.")
        let loads = table(
            ["entry", "time", "by", "policy set", "what changed"],
            report.tally.policyLoads.items.map {
                [
                    entry($0.index), text($0.time), loader($0.by), Self.digests($0.policy, before: $0.previous),
                    $0.refusal.map { "refused, and what was stays: \($0)" }
                        ?? "\($0.changes.policies)\($0.files.files)",
                ]
            }, omitted: report.tally.policyLoads.omitted, none: "No policy was loaded in this time.")
        let configurations = table(
            ["entry", "time", "configuration", "what changed"],
            report.tally.configurations.items.map {
                [
                    entry($0.index), text($0.time), Self.digests($0.digest, before: $0.previous), $0.changes.settings,
                ]
            }, omitted: report.tally.configurations.omitted, none: "The configuration did not change in this time.")
        return "\(inForceBefore)\(inForce)\n\(loads)\n\(configurations)"
    }

    /// Also where nothing was decided or loaded in the period, something was in force.
    private var inForceBefore: HTML {
        guard report.period.from != nil else { return "" }
        guard let before = report.tally.inForceBefore else {
            return "<p>No entry before the period says what was in force when it began.</p>\n"
        }
        let candidate: HTML = before.candidate.map { ", with <code>\($0)</code> on trial" } ?? ""
        return """
            <p>In force when the period began: policy set <code>\(before.policy)</code>\(candidate), since \(before.time) \
            (entry \(entry(before.index))).</p>

            """
    }

    private static func digests(_ digest: String?, before: String?) -> HTML {
        let previous: HTML = before.map { $0 == digest ? "" : "<br>before: <code>\($0)</code>" } ?? ""
        return "<code>\(digest ?? "")</code>\(previous)"
    }

    private var operations: HTML {
        let operations = report.tally.operations
        let deletions = table(
            ["target", "deleted", "rule", "files", "held and kept", "deletions", "first", "last", "entries"],
            report.deletionRows.map {
                [
                    text($0.key.target), text($0.key.evidence), text($0.key.rule), number($0.row.files),
                    number($0.row.held), steps($0.row), text($0.row.firstTime), text($0.row.lastTime),
                    entries($0.row.first, $0.row.last),
                ]
            }, omitted: operations.deletions.omitted, none: "No evidence was deleted.")
        func events(_ found: (items: [OperationsTally.Event], omitted: Int), none: String) -> HTML {
            table(
                ["entry", "time", "kind", "what the entry says"],
                found.items.map { [entry($0.index), text($0.time), text($0.kind), code($0.text)] },
                omitted: found.omitted, none: none)
        }
        let others = events(operations.others, none: "No key, hold or clock changed, and nothing else is told.")
        let runs = events(operations.runs, none: "The gateway neither started nor stopped.")
        return "\(others)\n\(deletions)\n\(runs)"
    }

    /// One that was announced and is not done was interrupted, or goes on.
    private func steps(_ deletions: OperationsTally.Deletions) -> HTML {
        guard deletions.begun > deletions.done else { return number(deletions.done) }
        return "\(deletions.done), and \(deletions.begun - deletions.done) begun"
    }

    private var kinds: HTML {
        table(
            ["kind", "entries", "told under"],
            report.kindRows.map { [text($0.kind), number($0.count), text(ReportPart.telling($0.kind)?.title ?? "")] },
            omitted: report.tally.kinds.omitted, none: "The period has no entries.")
    }
}
