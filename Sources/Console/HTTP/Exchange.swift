import GatewayCore
import HTTPTypes
import Hummingbird
import Identifiers
import Identity
import NIOCore
import StrictJSON

/// One request as the handlers see it: its path taken apart, its query and body read strictly.
struct Exchange: Sendable {
    /// The most that is read of a body, in bytes.
    static let bodyLimit = 65_536

    let request: Request
    /// The address and port of whoever sent it, `unknown` where that cannot be told. Behind a proxy it is the proxy's:
    /// what others write into a request's fields, anybody could.
    let client: String
    /// What stands for the `{names}` of the route, as sent.
    let parameters: [String: String]
    private let query: [(name: String, value: String)]

    /// - Throws: `Problem` when the query is malformed or repeats a name.
    init(_ request: Request, from client: String, parameters: [String: String], query: Substring?) throws {
        self.request = request
        self.client = client
        self.parameters = parameters
        self.query = try FormFields.parse(query.map { Array($0.utf8) } ?? [])
    }

    /// The query parameters; each must be one of `names`.
    func query(_ names: String...) throws -> FormFields {
        if let unknown = query.first(where: { !names.contains($0.name) }) {
            throw Problem.badRequest(
                "There is no query parameter \"\(unknown.name.prefix(64))\" here.",
                next: names.isEmpty ? "Leave it out." : "Use \(names.joined(separator: ", ")).")
        }
        return FormFields(query)
    }

    /// All query parameters, where others than we decide which there are.
    var anyQuery: FormFields { FormFields(query) }

    /// The value of the first cookie of this name.
    func cookie(_ name: String) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let halves = pair.trimmingPrefix(while: { $0 == " " }).split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0] == name { return String(halves[1]) }
            }
        }
        return nil
    }

    /// The UUID that stands for `{id}`.
    func id(of what: String) throws -> UUIDv7 {
        let text = parameters["id"] ?? ""
        guard let id = UUIDv7(text) else {
            throw Problem.badRequest("\"\(text.prefix(64))\" is no \(what)'s id: a UUID is expected.")
        }
        return id
    }

    /// The token of the `Authorization` field (RFC 6750 section 2.1).
    func bearerToken() throws -> String {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { throw SignInError.missing }
        guard fields.count == 1 else {
            throw Problem.badRequest("The request has several Authorization fields.", next: "Send one.")
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw SignInError.missing }
        return parts[1].trimmingPrefix(while: { $0 == " " }).description
    }

    func body() async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.bodyLimit {
            throw Self.tooLarge
        }
        do {
            return Array(try await request.body.collect(upTo: Self.bodyLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Self.tooLarge
        }
    }

    private static let tooLarge = Problem(
        .contentTooLarge, "body-too-large", "The body is larger than \(bodyLimit) bytes.", next: "Send a shorter one.")

    /// The members of a JSON object; each must be one of `names`.
    func jsonBody(_ names: String...) async throws -> JSONValue {
        try requireType("application/json")
        let value: JSONValue
        do {
            value = try JSONValue(parsing: try await body(), maximumDepth: 16)
        } catch let error as JSONParseError {
            throw Problem.badRequest("The body is not JSON: \(error).")
        }
        guard let members = value.object else { throw Problem.badRequest("The body is not a JSON object.") }
        if let unknown = members.first(where: { !names.contains($0.name) }) {
            throw Problem.badRequest(
                "There is no member \"\(unknown.name.prefix(64))\" here.",
                next: "Use \(names.joined(separator: ", ")).")
        }
        return value
    }

    /// The fields of a form that a page sent.
    func formBody() async throws -> FormFields {
        try requireType("application/x-www-form-urlencoded")
        return FormFields(try FormFields.parse(try await body()))
    }

    private func requireType(_ type: String) throws {
        let sent = request.headers[.contentType]?.split(separator: ";").first?.filter { $0 != " " } ?? ""
        guard sent.lowercased() == type else {
            throw Problem(
                .unsupportedMediaType, "media-type", "The body must be \(type).", next: "Set Content-Type: \(type).")
        }
    }
}

extension JSONValue {
    /// The text of `name`; `nil` when it is absent or null.
    ///
    /// - Throws: `Problem` when it is something else.
    func text(_ name: String) throws -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw Problem.badRequest("The member \"\(name)\" must be a text.")
        }
    }
}
