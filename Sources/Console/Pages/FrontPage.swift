import GatewayCore
import Hummingbird
import Markup

/// What this place is and how to use it.
struct FrontPage: Sendable {
    let browser: Browser
    let url: String

    var routes: [Route] {
        [
            Route(.get, "/", for: .person) { exchange in
                _ = try exchange.query()
                return .page(page(browser.session(of: exchange)))
            },
            Route(.get, "/console.css", for: .person) { _ in
                .bytes(Array(PageFrame.styles.utf8), type: "text/css; charset=utf-8")
            },
        ]
    }

    private func page(_ session: WebSession?) -> HTML {
        PageFrame.page(
            "Console", session: session,
            """
            <p>This gateway lets people and programs reach functions, databases and hosts under rules, and records what
            they do. Here approvers decide, and auditors look.</p>
            <h2>With a browser</h2>
            <p><a href="/approvals">Approvals</a>: what waits for a decision.</p>
            <h2>On the command line</h2>
            <pre>sallyport login
            sallyport approvals list
            sallyport approvals approve ID --justification "change 4711"
            sallyport sessions list --caller alice@example.com
            sallyport audit verify</pre>
            <h2>From programs</h2>
            <pre>curl -H "Authorization: Bearer $TOKEN" \(url)/api/v1/approvals?state=pending</pre>
            <p><a href="/api/v1/openapi.json">The API's description</a> (OpenAPI 3.1). Errors are problem documents (RFC 9457)
            with the rule that decided and the next step.</p>
            """)
    }
}
