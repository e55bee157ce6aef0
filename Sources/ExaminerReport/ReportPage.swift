import Markup

/// The report for people.
struct ReportPage {
    let report: ExaminerReport

    /// Rows of a table on paper; the document for programs has all of them.
    private static let longestTable = 200

    init(_ report: ExaminerReport) { self.report = report }

    var text: String {
        let parts = ReportPart.allCases.map(section)
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Evidence from the audit log \(report.verification.origin)</title>
            <style>\(Self.styles)</style>
            </head>
            <body>
            <header>
            <h1>Evidence from the audit log</h1>
            <p>\(report.verification.origin), \(period). \(report.tally.entries) entries. Made \(report.made.description) by \
            Sallyport \(report.version).</p>
            <p>Each part names the sections of the FFIEC IT Examination Handbook for which it is evidence relevant to the \
            examiner's own judgement. A number in the column “entry” is a position in the log: \
            <code>sallyport audit prove NUMBER</code> makes a proof of that entry which anybody can check.</p>
            \(verdict)
            </header>
            <main>
            \(parts)
            </main>
            </body>
            </html>

            """
        return page.text
    }

    private var period: String {
        switch (report.period.from, report.period.until) {
        case (nil, nil): "all of it"
        case (let from?, nil): "from \(from.description)"
        case (nil, let until?): "before \(until.description)"
        case (let from?, let until?): "from \(from.description), before \(until.description)"
        }
    }

    private var verdict: HTML {
        if !report.verification.isValid {
            return """
                <p class="wrong" role="alert"><strong>The log was changed, or is not whole.</strong> What follows is what it \
                says now, and proves nothing. The first finding: \(report.verification.findings.first?.description ?? "").</p>
                """
        }
        guard report.unreadableCount == 0 else {
            return """
                <p class="wrong" role="alert"><strong>\(report.unreadableCount) entries cannot be read</strong> by this \
                program, and are counted nowhere.</p>
                """
        }
        return """
            <p class="right">The log was verified when this was made: \(report.verification.treeSize) entries, none changed, \
            dropped or moved.</p>
            """
    }

    private func section(_ part: ReportPart) -> HTML {
        let sections = part.sections.map { section -> HTML in "<li>\(section)</li>" }
        return """
            <section>
            <h2>\(part.title)</h2>
            <details open><summary>Evidence relevant to</summary><ul>\(sections)</ul></details>
            \(content(of: part))
            </section>

            """
    }

    private func content(of part: ReportPart) -> HTML {
        let tally = report.tally
        switch part {
        case .verification: return verification
        case .activity: return ActivityChart(timeline: report.activity).html
        case .access:
            return table(
                ["caller", "target", "action", "commands", "refused", "not succeeded", "rows", "entries"],
                report.accessRows.map {
                    [
                        person($0.key.person, $0.row.label), text($0.key.target), text($0.key.action),
                        number($0.row.commands), number($0.row.refused), number($0.row.failed), number($0.row.rows),
                        "\(entry($0.row.first)) … \(entry($0.row.last))",
                    ]
                }, omitted: tally.access.omitted, none: "Nobody reached anything.")
        case .elevated:
            return table(
                ["entry", "time", "caller", "target", "command", "why", "approved by"],
                tally.elevated.items.map {
                    [
                        entry($0.index), text($0.time), person($0.person), text($0.target), code($0.text),
                        text($0.justification), "\($0.approvers.map { person -> HTML in "\(self.person(person)) " })",
                    ]
                }, omitted: tally.elevated.omitted, none: "No command ran on an approval.")
        case .approvals:
            return table(
                ["entry", "time", "ticket", "step", "asked by", "by", "target", "words"],
                tally.approvals.items.map {
                    [
                        entry($0.index), text($0.time), code($0.ticket), text($0.step),
                        $0.requester.map { person($0) } ?? "", $0.actor.map { person($0) } ?? "", text($0.target),
                        text($0.justification ?? ""),
                    ]
                }, omitted: tally.approvals.omitted, none: "Nobody asked for an approval.")
        case .segregation: return segregation
        case .dataProtection: return dataProtection
        case .signInFailures:
            return table(
                ["attempts", "reason", "from"],
                report.failureRows.map { [number($0.count), text($0.key.code), text($0.key.client)] },
                omitted: tally.signInFailures.omitted, none: "No sign-in failed.")
        case .policy: return policy
        case .operations:
            return table(
                ["entry", "time", "kind", "what the entry says"],
                tally.operations.items.map { [entry($0.index), text($0.time), text($0.kind), code($0.text)] },
                omitted: tally.operations.omitted, none: "The gateway tells nothing of itself in this time.")
        }
    }

    private var verification: HTML {
        let verification = report.verification
        let findings = verification.findings.map { finding -> HTML in "<li>\(finding.description)</li>" }
        let more: HTML =
            verification.findingsOmitted == 0 ? "" : "<li>and \(verification.findingsOmitted) more</li>"
        let list: HTML = findings.isEmpty ? "<p>Nothing is wrong.</p>" : "<ul class=\"wrong\">\(findings)\(more)</ul>"
        let witnessed: HTML =
            verification.witnessedEntries.map { "<dt>Seen by witnesses</dt><dd>\($0) entries</dd>" } ?? ""
        return """
            <dl><dt>Log</dt><dd>\(verification.origin)</dd><dt>Key</dt><dd><code>\(report.key)</code></dd>\
            <dt>Entries</dt><dd>\(verification.treeSize)</dd>\
            <dt>Root</dt><dd><code>\(verification.root.map { "\($0)" } ?? "none")</code></dd>\(witnessed)</dl>
            \(list)
            <p>The same is found without this program by any verifier of C2SP transparency logs, and with the script of \
            <code>Auditing/</code>.</p>
            """
    }

    private var segregation: HTML {
        let breaches = table(
            ["entry", "time", "finding"],
            report.tally.breaches.items.map { [entry($0.index), text($0.time), text($0.what)] },
            omitted: report.tally.breaches.omitted, none: "Nobody approved a request or command of their own.")
        let doubles = table(
            ["person", "to look at"], report.tally.doubleDuties.map { [person($0.person), text($0.what)] }, omitted: 0,
            none: "Nobody had two duties among using targets, approving, and having policies loaded.")
        return "\(breaches)\n\(doubles)"
    }

    private var dataProtection: HTML {
        let masks = table(
            ["target", "rule", "what it looks for", "values masked"],
            report.maskRows.map { [text($0.key.target), text($0.key.rule), code($0.key.selector), number($0.count)] },
            omitted: report.tally.masking.omitted, none: "Nothing was masked.")
        let openings = table(
            ["entry", "time", "opened"],
            report.tally.openings.items.map { [entry($0.index), text($0.time), code($0.text)] },
            omitted: report.tally.openings.omitted, none: "No sealed original was opened through the gateway.")
        return """
            \(masks)
            <p>\(report.tally.sealedValues) of the masked values are kept, sealed to the auditors' key.</p>
            \(openings)
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
                    entry($0.index), text($0.time), text($0.by), Self.digests($0.policy, before: $0.previous),
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

    // MARK: Pieces

    private func table(_ head: [String], _ rows: [[HTML]], omitted: Int, none: String) -> HTML {
        guard !rows.isEmpty else { return "<p>\(none)</p>" }
        let left = omitted + max(0, rows.count - Self.longestTable)
        let more: HTML = left == 0 ? "" : "<p>And \(left) more, which are not listed here.</p>"
        let names = head.map { name -> HTML in "<th scope=\"col\">\(name)</th>" }
        let lines = rows.prefix(Self.longestTable).map { cells -> HTML in
            "<tr>\(cells.map { cell -> HTML in "<td>\(cell)</td>" })</tr>\n"
        }
        return "<table><thead><tr>\(names)</tr></thead>\n<tbody>\n\(lines)</tbody></table>\(more)"
    }

    private func person(_ person: Person, _ label: String? = nil) -> HTML {
        "<span title=\"\(person.issuer)\">\(label ?? person.subject)</span>"
    }

    private func entry(_ index: UInt64?) -> HTML { index.map { "\($0)" } ?? "not signed yet" }
    private func text(_ value: String) -> HTML { "\(value)" }
    private func code(_ value: String) -> HTML { value.isEmpty ? "" : "<code>\(value)</code>" }
    private func number(_ value: some FixedWidthInteger) -> HTML { "\(value)" }

    /// Black on white for paper. What comes from the log never turns the text around it (`unicode-bidi`).
    private static let styles: HTML = """
        :root { font: 15px/1.45 system-ui, sans-serif; color: #111; background: #fff; }
        body { max-width: 70rem; margin: 0 auto; padding: 1rem; }
        h2 { border-bottom: 2px solid #333; margin-top: 2.2rem; }
        table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .85rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid #bbb; }
        td, dd, code, li { unicode-bidi: isolate; overflow-wrap: anywhere; }
        pre { margin: .2rem 0 .6rem; padding-left: .6rem; border-left: 3px solid #bbb; white-space: pre-wrap; }
        pre { unicode-bidi: isolate; overflow-wrap: anywhere; }
        dt { font-weight: 600; } dd { margin: 0 0 .4rem; }
        details { font-size: .85rem; } figure { margin: 1rem 0; } svg { width: 100%; height: auto; }
        .wrong { border: 3px solid #b22; padding: .6rem 1rem; } .right { border-left: 4px solid #180; padding-left: .8rem; }
        @media print { body { max-width: none; padding: 0; } thead { display: table-header-group; }
          tr, figure { break-inside: avoid; } h2 { break-after: avoid; } }
        """
}
