import GatewayCore

/// The methods of the Model Context Protocol, in all versions that are understood, and what each touches.
enum MCPMethod {
    enum Touches: Sendable {
        case method
        /// The member of `params` that names the tool, prompt or document.
        case tool, prompt, document
    }

    private struct Known {
        let name: String
        let touches: Touches
        let group: String
    }

    private static let known = [
        Known(name: "initialize", touches: .method, group: "mcp.session"),
        Known(name: "server/discover", touches: .method, group: "mcp.session"),
        Known(name: "ping", touches: .method, group: "mcp.session"),
        Known(name: "logging/setLevel", touches: .method, group: "mcp.session"),
        Known(name: "completion/complete", touches: .method, group: "mcp.session"),
        Known(name: "tools/list", touches: .method, group: "mcp.list"),
        Known(name: "resources/list", touches: .method, group: "mcp.list"),
        Known(name: "resources/templates/list", touches: .method, group: "mcp.list"),
        Known(name: "prompts/list", touches: .method, group: "mcp.list"),
        Known(name: "tools/call", touches: .tool, group: "mcp.call"),
        Known(name: "prompts/get", touches: .prompt, group: "mcp.read"),
        Known(name: "resources/read", touches: .document, group: "mcp.read"),
        Known(name: "resources/subscribe", touches: .document, group: "mcp.read"),
        Known(name: "resources/unsubscribe", touches: .document, group: "mcp.read"),
        Known(name: "subscriptions/listen", touches: .method, group: "mcp.session"),
    ]

    static let declarations: [ActionDeclaration] =
        known.map { ActionDeclaration("mcp.\($0.name)", groups: [$0.group, "mcp"], summary: "MCP's \($0.name).") } + [
            ActionDeclaration(
                "mcp.notification", groups: ["mcp.session", "mcp"], summary: "Any of MCP's notifications/*."),
            ActionDeclaration(
                "mcp.response", groups: ["mcp.session", "mcp"], summary: "A client's answer to what the server asked."),
            ActionDeclaration(
                "mcp.stream", groups: ["mcp.session", "mcp"],
                summary: "GET of a session's event stream (before 2026-07-28)."),
            ActionDeclaration(
                "mcp.session-end", groups: ["mcp.session", "mcp"], summary: "DELETE of a session (before 2026-07-28)."),
            ActionDeclaration("mcp.other", groups: ["mcp"], summary: "A method that the gateway does not know."),
        ]

    static func action(of method: String) -> String {
        if known.contains(where: { $0.name == method }) { return "mcp.\(method)" }
        return method.hasPrefix("notifications/") ? "mcp.notification" : "mcp.other"
    }

    static func touches(_ method: String) -> Touches { known.first { $0.name == method }?.touches ?? .method }
}
