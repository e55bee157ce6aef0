import Approvals
import GatewayCore
import HTTPTypes
import Hummingbird
import Identifiers
import Identity
import Markup

/// Where a person sees what waits for them, and decides.
struct ApprovalPages: Sendable {
    let backend: any ConsoleBackend
    let browser: Browser

    var routes: [Route] {
        [
            Route(.get, "/approvals", for: .person, list),
            Route(.get, "/approvals/{id}", for: .person, show),
            Route(.post, "/approvals/{id}", for: .person, decide),
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let session = try browser.requiredSession(of: exchange, for: "/approvals")
        let before = try exchange.query("cursor").id("cursor")
        var filter = TicketFilter()
        var note: HTML = ""
        do {
            try await backend.admit(session.caller, .readApprovals, on: ConsoleResource(.approvals))
        } catch let refusal as Refusal {
            filter.requester = TicketParty(session.caller)
            note = "<p>These are your own requests: \(refusal.reason)</p>"
        }
        let tickets = try await backend.approvals.list(filter, before: before, limit: 51)
        let page = Page(tickets, limit: 50, cursor: \.id.description)
        let rows: [HTML] = page.items.map { ticket in
            """
            <tr><td><a href="/approvals/\(ticket.id.description)">\(ticket.createdAt.description)</a></td>\
            <td class="\(ticket.state.rawValue)">\(ticket.state.rawValue)</td><td>\(name(ticket.requester))</td>\
            <td>\(VisibleText.escape(ticket.target))</td><td><code>\(line(ticket.summary))</code></td></tr>

            """
        }
        let next: HTML = page.nextCursor.map { #"<p><a href="/approvals?cursor=\#($0)">Older</a></p>"# } ?? ""
        return .page(
            PageFrame.page(
                "Approvals", session: session,
                """
                \(note)
                <table><thead><tr><th>Asked</th><th>State</th><th>By</th><th>Target</th><th>Command</th></tr></thead>
                <tbody>
                \(rows)</tbody></table>
                \(rows.isEmpty ? "<p>Nothing is waiting.</p>" : next)
                """))
    }

    private func show(_ exchange: Exchange) async throws -> Response {
        let id = try exchange.id(of: "approval")
        _ = try exchange.query()
        let session = try browser.requiredSession(of: exchange, for: "/approvals/\(id)")
        let ticket = try await backend.ticket(id, for: session.caller, .readApprovals)
        return .page(page(ticket, session))
    }

    private func decide(_ exchange: Exchange) async throws -> Response {
        let id = try exchange.id(of: "approval")
        _ = try exchange.query()
        let session = try browser.requiredSession(of: exchange, for: "/approvals/\(id)")
        let fields = try await browser.form(exchange, session)
        guard let verdict = try fields.choice("verdict", of: TicketVerdict.self) else {
            throw Problem.badRequest("The form does not say what was decided.", next: "Use one of its two buttons.")
        }
        let ticket = try await backend.ticket(id, for: session.caller, .decideApprovals)
        do {
            _ = try await backend.approvals.decide(
                id, by: session.caller, verdict: verdict, justification: fields["justification"])
        } catch {
            let problem = Problem(error) ?? .unexpected
            let now = try await backend.approvals.ticket(id) ?? ticket
            return .page(
                page(now, session, fault: problem, typed: fields["justification"] ?? ""), status: problem.status)
        }
        return .seeOther("/approvals/\(id)")
    }

    private func page(_ ticket: Ticket, _ session: WebSession, fault: Problem? = nil, typed: String = "") -> HTML {
        let warning: HTML = fault.map { #"<p class="warning">\#($0.detail) \#($0.nextStep)</p>"# } ?? ""
        let cut: HTML =
            ticket.isSummaryCut
            ? #"<p class="warning">This is only the beginning of the command. Its digest covers all of it.</p>"# : ""
        let scope: HTML =
            if let window = ticket.window {
                """
                <p class="warning">This opens a window: for \(duration(window)) after the approval the requester may run \
                any command on \(VisibleText.escape(ticket.target)) that asks for the same approval, not only this one.</p>
                """
            } else {
                "<p>An approval is good for exactly this command, once.</p>"
            }
        let needed = ticket.requirements.map(\.description).joined(separator: "; ")
        let decisions: [HTML] = ticket.decisions.map { decision in
            """
            <tr><td>\(decision.time.description)</td><td>\(name(decision.approver))</td>\
            <td>\(decision.verdict == .approve ? "approved" : "rejected")</td>\
            <td>\(VisibleText.escape(decision.justification))</td></tr>

            """
        }
        let decided: HTML = decisions.isEmpty ? "" : "<h2>Decisions</h2><table>\(decisions)</table>"
        return PageFrame.page(
            "Approval", session: session,
            """
            \(warning)
            <pre>\(VisibleText.escape(ticket.summary))</pre>
            \(cut)\(scope)
            <table>
            <tr><th>State</th><td class="\(ticket.state.rawValue)">\(ticket.state.rawValue)</td></tr>
            <tr><th>Asked by</th><td>\(name(ticket.requester))<br><code>\(VisibleText.escape(ticket.requester.issuer))</code> \
            <code>\(VisibleText.escape(ticket.requester.subject))</code></td></tr>
            <tr><th>Because</th><td>\(VisibleText.escape(ticket.justification))</td></tr>
            <tr><th>Target</th><td>\(VisibleText.escape(ticket.target))</td></tr>
            <tr><th>Needs</th><td>\(VisibleText.escape(needed)) (\(ticket.approvalsGiven) of \(ticket.approvalsNeeded) given)</td></tr>
            <tr><th>Asked</th><td>\(ticket.createdAt.description)</td></tr>
            <tr><th>Expires</th><td>\(ticket.expiresAt.description)</td></tr>
            <tr><th>Digest</th><td><code>\(ticket.digest)</code></td></tr>
            <tr><th>Ticket</th><td><code>\(ticket.id.description)</code></td></tr>
            </table>
            \(decided)
            \(form(ticket, session, typed: typed))
            """)
    }

    private func form(_ ticket: Ticket, _ session: WebSession, typed: String) -> HTML {
        guard ticket.state == .pending else { return "" }
        if ticket.requester.isSamePerson(as: TicketParty(session.caller)) {
            return "<p>This is your own request; somebody else decides.</p>"
        }
        return """
            <h2>Decide</h2>
            <form method="post" action="/approvals/\(ticket.id.description)">\(session.formToken)
            <p><label>Why?<br><textarea name="justification" rows="3" maxlength="2000" required>\(typed)</textarea></label></p>
            <p><button name="verdict" value="approve">Approve</button>
            <button name="verdict" value="reject">Reject</button></p>
            </form>
            """
    }

    private func name(_ party: TicketParty) -> String { VisibleText.escape(party.label ?? party.subject) }

    /// The beginning of a command on one line.
    private func line(_ text: String) -> String {
        let first = text.prefix(while: { !$0.isNewline })
        let short = first.prefix(80)
        return VisibleText.escape(String(short)) + (short.count < text.count ? "…" : "")
    }

    private func duration(_ duration: Duration) -> String {
        duration.formatted(.units(allowed: [.days, .hours, .minutes, .seconds], width: .wide))
    }
}
