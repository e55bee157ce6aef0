import Markup

/// The report for people.
struct ReportPage {
    let report: ExaminerReport

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
            \(bounds)
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

    /// What the numbers do not cover, which whoever reads only the first lines has to know.
    private var bounds: HTML {
        var lines: [HTML] = []
        if report.verification.pendingEntries > 0 {
            lines.append(
                """
                \(report.verification.pendingEntries) more entries are recorded and not signed yet: none of them is in \
                this report.
                """)
        }
        if let until = report.period.until, until > report.made {
            lines.append("The period was not over when this was made: it ends at \(until.description).")
        }
        if let began = report.logBeganInPeriod {
            lines.append(
                """
                The log begins at \(began.description), after the period’s beginning: of the time before, it says nothing.
                """)
        }
        if report.verification.isValid, let witnessed = report.verification.witnessedEntries {
            lines.append("What witnesses cosigned, the first \(witnessed) entries, is all there.")
        }
        lines.append(
            """
            Whether entries were cut off at its end, no log can tell by itself. What tells it is a checkpoint that was \
            kept elsewhere (<code>sallyport audit verify --since FILE</code>) or the newest that a witness cosigned: it \
            must not be of more entries than this log has.
            """)
        return "<ul>\(lines.map { line -> HTML in "<li>\(line)</li>" })</ul>"
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
