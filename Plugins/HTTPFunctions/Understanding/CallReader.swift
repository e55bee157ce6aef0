import ConfigFile
import Crypto
import GatewayCore
import Identifiers
import NIOCore
import StrictJSON

/// Tells which command a request to one target is, in the dialect that the target speaks.
///
/// With `protocol: auto` a body that looks like a dialect's is read as such *besides* being a plain request: the
/// command has the effects of both, and all must be allowed. So no member in a body can turn a request that a rule
/// about `http.post` forbids into something that the rule does not see.
struct CallReader: RequestReader {
    enum Dialect: String, CaseIterable, Sendable {
        case http
        case jsonRPC = "json-rpc"
        case mcp
        case openAI = "openai"
        case cloudEvents = "cloudevents"
        case auto
    }

    static let targetKeys = [
        ConfigKey(
            "protocol", .choice(Dialect.allCases.map(\.rawValue)), default: "http",
            summary: "What requests to the target are: plain HTTP, or calls in a dialect that is read further."),
        ConfigKey(
            "header_parameters", .list(.string),
            disclosure: .shown,
            summary: "Names of header fields that become parameters of the command, and so part of what is approved."),
    ]

    static let actions = CallDeclarations.actions
    static let resourceTypes = CallDeclarations.resourceTypes
    static let facts = CallDeclarations.facts

    let target: String
    let dialect: Dialect
    private let headerParameters: [String]

    init(target: String, section: ConfigSection) throws(ConfigError) {
        self.target = target
        dialect = section.string("protocol").flatMap(Dialect.init) ?? .http
        headerParameters = section.strings("header_parameters")
    }

    func read(_ request: FunctionRequest) -> Understanding {
        var shape = RequestShape.plain
        do {
            let call = try PlainCall(request, headerParameters: headerParameters)
            let dialect = dialect == .auto ? Self.detect(request, call) : dialect
            var command: Command
            switch dialect {
            case .http, .auto: return .command(call.command, shape: shape)
            case .jsonRPC:
                shape.envelope = .jsonRPC(id: call.json?["id"])
                command = try RPCCalls(call, request).command
            case .mcp:
                let message = try MCPMessage(call, request, shape: &shape)
                command = message.command
            case .openAI: command = try FunctionCalls(call, request).command
            case .cloudEvents: command = try CloudEvents(call, request).command
            }
            if self.dialect == .auto { command.effects += call.command.effects }
            return .command(command, shape: shape)
        } catch {
            // A body that is no JSON has no id, so the envelope of the dialect can only answer without one.
            if case .plain = shape.envelope {
                switch dialect {
                case .jsonRPC: shape.envelope = .jsonRPC(id: nil)
                case .mcp: shape.envelope = .mcp(version: MCPMessage.version(of: request) ?? "", id: nil)
                default: break
                }
            }
            return .refused(error, shape: shape)
        }
    }

    private static func detect(_ request: FunctionRequest, _ call: PlainCall) -> Dialect {
        if request.headers["ce-specversion"] != nil
            || call.mediaType?.essence.hasPrefix("application/cloudevents") == true
        {
            return .cloudEvents
        }
        if MCPMessage.version(of: request) != nil || request.headers["mcp-method"] != nil
            || request.headers["mcp-session-id"] != nil
        {
            return .mcp
        }
        guard let json = call.json else { return .http }
        if json["jsonrpc"] != nil { return .jsonRPC }
        if let first = json.array?.first, first["jsonrpc"] != nil { return .jsonRPC }
        if json["tool_calls"] != nil || json["type"] == "function_call" { return .openAI }
        return .http
    }
}

/// A request read as nothing more than HTTP: what every dialect starts from.
struct PlainCall {
    let command: Command
    /// The body, where it is JSON.
    let json: JSONValue?
    let mediaType: MediaType?

    init(_ request: FunctionRequest, headerParameters: [String]) throws(RequestRefusal) {
        let mediaType = MediaType(request.contentType)
        self.mediaType = mediaType
        var parameters: [Parameter] = []
        var hasDuplicates = false
        if let query = request.query {
            let read = try FormDecoding.parameters(query, encoding: "query")
            parameters += read.parameters
            hasDuplicates = read.hasDuplicates
        }
        for name in headerParameters {
            for value in request.headers.values(name) {
                parameters.append(Parameter(name: name.lowercased(), value: .string(value), encoding: "header"))
            }
        }
        let body = try Self.body(request, mediaType)
        parameters += body.parameters
        json = body.json
        var facts = [
            Fact("http.body_bytes", .integer(Int64(request.body.readableBytes))),
            Fact("http.body_sha256", .contentDigest(Self.digest(request.body))),
        ]
        if let mediaType { facts.append(Fact("http.content_type", .string(mediaType.essence))) }
        if hasDuplicates || body.hasDuplicates { facts.append(Fact("http.duplicate_parameters", .bool(true))) }
        facts.append(Fact("http.method", .string(request.method)))
        facts.append(Fact("http.path", .string(request.decodedPath)))
        if let query = request.query { facts.append(Fact("http.query", .string(query))) }
        if body.isOpaque { facts.append(Fact("opaque", .bool(true))) }
        let name = String(request.decodedPath.drop { $0 == "/" })
        command = Command(
            effects: [
                Effect(
                    action: Self.action(of: request.method),
                    resource: Resource(type: "Function", name: name, attributes: ["path": .string(request.decodedPath)])
                )
            ],
            text: Self.text(request), parameters: parameters, facts: facts)
    }

    /// The request line as a person would write it, byte for byte what is forwarded.
    static func text(_ request: FunctionRequest) -> String {
        "\(request.method) \(request.path)\(request.query.map { "?\($0)" } ?? "")"
    }

    private static let methods: Set<String> = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]

    private static func action(of method: String) -> String {
        methods.contains(method) ? "http.\(method.lowercased())" : "http.other"
    }

    private struct Body {
        var parameters: [Parameter] = []
        var json: JSONValue?
        var hasDuplicates = false
        var isOpaque = false
    }

    private static func body(_ request: FunctionRequest, _ mediaType: MediaType?) throws(RequestRefusal) -> Body {
        guard request.body.readableBytes > 0 else { return Body() }
        let coding = request.headers["content-encoding"]?.lowercased()
        guard coding == nil || coding == "identity", let mediaType, mediaType.isUTF8 else {
            return Body(isOpaque: true)
        }
        if mediaType.isJSON {
            let value: JSONValue
            do {
                value = try request.body.withUnsafeReadableBytes { (bytes) throws(JSONParseError) in
                    try JSONValue(parsing: bytes)
                }
            } catch {
                throw RequestRefusal(
                    status: 400, rule: "json-malformed",
                    reason: "The body is not the JSON that it says it is: \(error).",
                    nextStep: "Send one JSON value in UTF-8, with each name once in its object.")
            }
            guard let members = value.object else {
                return Body(parameters: [Parameter(name: "body", value: value, encoding: "json")], json: value)
            }
            return Body(
                parameters: members.map { Parameter(name: $0.name, value: $0.value, encoding: "json") }, json: value)
        }
        guard mediaType.isForm || mediaType.isText else { return Body(isOpaque: true) }
        guard let text = String(validating: Array(request.body.readableBytesView), as: UTF8.self) else {
            throw RequestRefusal(
                status: 400, rule: "text-malformed", reason: "The body is not UTF-8.",
                nextStep: "Send text in UTF-8, or say what it is with another Content-Type.")
        }
        if mediaType.isForm {
            let read = try FormDecoding.parameters(text, encoding: "form")
            return Body(parameters: read.parameters, hasDuplicates: read.hasDuplicates)
        }
        return Body(parameters: [Parameter(name: "body", value: .string(text), encoding: "text")])
    }

    private static func digest(_ body: ByteBuffer) -> String {
        body.withUnsafeReadableBytes { SHA256.hash(data: $0) }.hexadecimal
    }
}
