import GatewayCore

/// What commands of this adapter can be, as policies and the documentation know it.
enum CallDeclarations {
    static let actions: [ActionDeclaration] =
        [
            ("get", "http.read"), ("head", "http.read"), ("options", "http.read"), ("post", "http.write"),
            ("put", "http.write"), ("patch", "http.write"), ("delete", "http.write"), ("other", "http.write"),
        ].map { method, group in
            ActionDeclaration("http.\(method)", groups: [group], summary: "An HTTP request with this method.")
        } + [
            ActionDeclaration("rpc.call", groups: ["rpc"], summary: "A JSON-RPC 2.0 call or notification."),
            ActionDeclaration("function.call", groups: ["function"], summary: "A function call in OpenAI's form."),
            ActionDeclaration("event.send", groups: ["event"], summary: "A CloudEvents 1.0 event."),
        ] + MCPMethod.declarations

    static let resourceTypes = [
        ResourceTypeDeclaration("Function", summary: "`target/path`, the path decoded and without its first slash."),
        ResourceTypeDeclaration(
            "Method", summary: "`target/method` of a JSON-RPC or MCP call that names nothing more."),
        ResourceTypeDeclaration("Tool", summary: "`target/tool`: what an MCP tools/call or a function call names."),
        ResourceTypeDeclaration("Prompt", summary: "`target/prompt` of MCP's prompts/get."),
        ResourceTypeDeclaration("Document", summary: "`target/uri` of MCP's resources/read and its like."),
        ResourceTypeDeclaration("EventType", summary: "`target/type` of a CloudEvents event."),
    ]

    static let facts: [FactDeclaration] = [
        FactDeclaration("http.method", .string, summary: "The method as sent."),
        FactDeclaration("http.path", .string, summary: "The path below the target's prefix, decoded."),
        FactDeclaration("http.query", .string, summary: "What stands after `?`, as sent; absent without one."),
        FactDeclaration("http.content_type", .string, summary: "The media type, lower case, without parameters."),
        FactDeclaration("http.body_bytes", .integer, summary: "Bytes of the request's body; absent for RPC."),
        FactDeclaration(
            "http.body_sha256", .string,
            summary: "SHA-256 of the body, on record keyed; absent for RPC, whose ids differ."),
        FactDeclaration("http.duplicate_parameters", .bool, summary: "Some name of the query or form stands twice."),
        FactDeclaration("rpc.method", .string, summary: "The method of a JSON-RPC or MCP call."),
        FactDeclaration("rpc.batch", .integer, summary: "How many calls a JSON-RPC batch holds; 1 for a single one."),
        FactDeclaration("rpc.notification", .bool, summary: "The call wants no answer."),
        FactDeclaration("mcp.version", .string, summary: "The protocol version that the request names."),
        FactDeclaration("event.source", .string, summary: "The `source` of a CloudEvents event."),
        FactDeclaration("event.count", .integer, summary: "How many events the request holds."),
        FactDeclaration(
            "opaque", .bool, usual: .bool(false),
            summary: "The gateway cannot read the body: its type or coding is unknown."),
    ]
}
