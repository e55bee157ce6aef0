import Markup

// What the page is put together from.

extension ReportPage {
    /// Rows of a table on paper; the document for programs has all of them.
    private static let longestTable = 200
    /// Characters of a request on paper.
    private static let longestSummary = 1_000

    func table(_ head: [String], _ rows: [[HTML]], omitted: Int, none: String) -> HTML {
        guard !rows.isEmpty else { return "<p>\(none)</p>" }
        let left = omitted + max(0, rows.count - Self.longestTable)
        let more: HTML = left == 0 ? "" : "<p>And \(left) more, which are not listed here.</p>"
        let names = head.map { name -> HTML in "<th scope=\"col\">\(name)</th>" }
        let lines = rows.prefix(Self.longestTable).map { cells -> HTML in
            "<tr>\(cells.map { cell -> HTML in "<td>\(cell)</td>" })</tr>\n"
        }
        return "<table><thead><tr>\(names)</tr></thead>\n<tbody>\n\(lines)</tbody></table>\(more)"
    }

    /// Whole, as it stands on paper too.
    func person(_ person: Person) -> HTML { "<bdi>\(report.tally.names.name(of: person))</bdi>" }

    /// Who had policies loaded, where that was a person.
    func loader(_ by: String) -> HTML { Person(policyLoader: by).map { person($0) } ?? text(by) }

    /// What the approvers read, and whose agreement was needed.
    func request(_ request: TicketRequest?) -> HTML {
        guard let request, let asked = request.summary else { return "" }
        let needs: HTML = request.needs.isEmpty ? "" : "needs \(request.needs.joined(separator: " and "))"
        let summary = asked.count <= Self.longestSummary ? asked : "\(asked.prefix(Self.longestSummary))…"
        return "<pre>\(summary)</pre>\(needs)"
    }

    func entry(_ index: UInt64?) -> HTML { index.map { "\($0)" } ?? "not signed yet" }
    func entries(_ first: UInt64?, _ last: UInt64?) -> HTML {
        first == last ? entry(first) : "\(entry(first)) … \(entry(last))"
    }
    func text(_ value: String) -> HTML { "\(value)" }
    func code(_ value: String) -> HTML { value.isEmpty ? "" : "<code>\(value)</code>" }
    func number(_ value: some FixedWidthInteger) -> HTML { "\(value)" }
}
