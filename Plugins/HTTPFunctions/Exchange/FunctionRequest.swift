import ConfigFile
import GatewayCore
import NIOCore
import StrictJSON

/// A whole request to a function, as it is read to understand which command it is.
///
/// The transport has checked the framing and the path already: `path` starts with `/`, has no empty, `.` or `..`
/// segment, and its percent-escapes are valid and decode to text without controls, slashes or backslashes.
struct FunctionRequest: Sendable {
    /// As sent; methods are case-sensitive (RFC 9110 section 9.1).
    let method: String
    /// The path below the target's prefix, byte for byte as it will be forwarded.
    let path: String
    /// `path` with its percent-escapes decoded and without a slash at its end: what rules and resource names must be made
    /// of, so that another spelling of the same path is not another function.
    let decodedPath: String
    /// What stands after `?`, not decoded; `nil` without `?`.
    let query: String?
    let headers: HeaderFields
    let body: ByteBuffer
    /// The target's name.
    let target: String

    var contentType: String? { headers.first(.contentType) }
}

/// What a request turned out to be.
enum Understanding: Sendable {
    case command(Command, shape: RequestShape)
    case refused(RequestRefusal, shape: RequestShape)
}

/// Why a request is not understood, or may not be sent in this form, before policy has a word.
struct RequestRefusal: Error, Sendable, Hashable {
    /// The HTTP status, 4xx.
    let status: Int
    /// A short kebab-case name of what is wrong: `json-duplicate-name`, `mcp-header-mismatch`.
    let rule: String
    /// One sentence.
    let reason: String
    /// One sentence.
    let nextStep: String
}

/// In which words the gateway answers a request itself, and what it does to the function's answer.
struct RequestShape: Sendable {
    enum Envelope: Sendable, Hashable {
        /// Refusals are problem documents (RFC 9457), a pending approval is a 202.
        case plain
        /// JSON-RPC 2.0: refusals are error responses to this id; `nil` for a notification.
        case jsonRPC(id: JSONValue?)
        /// The Model Context Protocol in this version; a call that waits for approval answers `input_required`.
        case mcp(version: String, id: JSONValue?)
    }

    var envelope: Envelope = .plain
    /// Rewrites the function's answer before it is masked; `nil` passes it on.
    var filter: ResponseFilter?
    /// What is forwarded in place of the request's body, where something in it is for the gateway alone.
    var body: ByteBuffer?

    static let plain = RequestShape()
}

/// Rewrites one whole answer, e.g. a list of tools down to those that the caller may call.
struct ResponseFilter: Sendable {
    /// - Parameters:
    ///   - body: The whole body, bounded by the gateway.
    ///   - contentType: The answer's `Content-Type`.
    ///   - allows: Whether policy would allow this caller the command, with or without approval.
    /// - Returns: What takes the body's place.
    /// - Throws: `RequestRefusal` when the answer cannot be read; it is then refused as 502.
    let rewrite:
        @Sendable (_ body: ByteBuffer, _ contentType: String?, _ allows: (Command) -> Bool) throws(RequestRefusal) ->
            ByteBuffer
}

/// An answer that the gateway gives itself.
struct GatewayAnswer: Sendable {
    var status: Int
    /// Further fields; `Content-Type`, `Content-Length` and `Date` come from the transport.
    var fields: [(name: String, value: String)] = []
    var contentType: String
    var body: ByteBuffer
}

/// Tells what a request to one target is: pure, made once from the target's configuration.
///
/// `Understanding/` has the type that conforms, `CallReader`, and says in an extension of `RequestShape` how the
/// envelopes word a refusal and a wait; each of these returns `nil` for `.plain`:
/// `answer(refusing: Refusal) -> GatewayAnswer?`, `answer(refusing: RequestRefusal) -> GatewayAnswer?`,
/// `answer(pending: PendingTicket, poll: String) -> GatewayAnswer?`.
protocol RequestReader: Sendable {
    /// The keys that it adds to a target.
    static var targetKeys: [ConfigKey] { get }
    /// All actions, resource types and facts of this adapter's commands.
    static var actions: [ActionDeclaration] { get }
    static var resourceTypes: [ResourceTypeDeclaration] { get }
    static var facts: [FactDeclaration] { get }

    /// - Parameter section: The target's own keys.
    init(target: String, section: ConfigSection) throws(ConfigError)

    func read(_ request: FunctionRequest) -> Understanding
}
