import GatewayCore
import NIOCore
import StrictJSON

/// Takes out of a `tools/list` answer the tools that the caller could not call.
struct ToolListFilter {
    /// The path that calls are sent to.
    let path: String

    var filter: ResponseFilter {
        let path = path
        return ResponseFilter { (body, contentType, allows) throws(RequestRefusal) in
            let text = String(buffer: body)
            guard MediaType(contentType)?.essence == "text/event-stream" else {
                return ByteBuffer(bytes: try Self.rewrite(text, path, allows).canonicalBytes)
            }
            return ByteBuffer(string: try Self.rewriteEvents(text, path, allows))
        }
    }

    /// The answer of a server that wraps it into an event stream: the `data` of each event is one message.
    private static func rewriteEvents(
        _ text: String, _ path: String, _ allows: (Command) -> Bool
    ) throws(RequestRefusal) -> String {
        var output = ""
        var data: [String] = []
        func flush() throws(RequestRefusal) {
            guard !data.isEmpty else { return }
            let message = try rewrite(data.joined(separator: "\n"), path, allows)
            output += "data: \(String(decoding: message.canonicalBytes, as: UTF8.self))\n"
            data = []
        }
        for line in lines(of: text) {
            if line.hasPrefix("data:") {
                let value = line.dropFirst(5)
                data.append(String(value.first == " " ? value.dropFirst() : value))
            } else if line.isEmpty {
                try flush()
                output += "\n"
            } else {
                output += "\(line)\n"
            }
        }
        try flush()
        return output
    }

    /// Lines end in CR, LF or CRLF (WHATWG HTML section 9.2.6); the empty ones end events.
    private static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            if scalar == "\n" || scalar == "\r" {
                lines.append(String(line))
                line = String.UnicodeScalarView()
            } else {
                line.append(scalar)
            }
        }
        if !line.isEmpty { lines.append(String(line)) }
        return lines
    }

    private static func rewrite(
        _ text: String, _ path: String, _ allows: (Command) -> Bool
    ) throws(RequestRefusal) -> JSONValue {
        let message: JSONValue
        do {
            message = try JSONValue(parsing: text)
        } catch {
            throw unreadable("it is not JSON (\(error))")
        }
        guard let result = message["result"] else {
            // An error, or a notification on the stream, lists nothing.
            if message["error"] != nil || message["method"] != nil { return message }
            throw unreadable("it is neither a result nor an error")
        }
        guard let tools = result["tools"]?.array, let members = message.object, let resultMembers = result.object else {
            throw unreadable("its result has no list of tools")
        }
        var kept: [JSONValue] = []
        for tool in tools {
            guard let name = tool["name"]?.string else { throw unreadable("it lists a tool without a name") }
            let call = Command(
                effects: [
                    Effect(
                        action: "mcp.tools/call",
                        resource: Resource(type: "Tool", name: name, attributes: ["path": .string(path)]))
                ], text: "tools/call \(name)")
            if allows(call) { kept.append(tool) }
        }
        let filtered = resultMembers.map { $0.name == "tools" ? JSONMember("tools", .array(kept)) : $0 }
        return .object(members.map { $0.name == "result" ? JSONMember("result", .object(filtered)) : $0 })
    }

    private static func unreadable(_ why: String) -> RequestRefusal {
        RequestRefusal(
            status: 502, rule: "mcp-tools-list", reason: "The function's list of tools cannot be filtered: \(why).",
            nextStep: "Tell the function's owners that its tools/list answer is not as MCP says.")
    }
}
