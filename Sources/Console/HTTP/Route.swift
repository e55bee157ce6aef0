import HTTPTypes
import Hummingbird

/// One thing that the console answers. The table of all of them is `Console.routes`, and the API's description is held
/// against it.
struct Route: Sendable {
    typealias Handler = @Sendable (Exchange) async throws -> Response

    /// Who sees the answers, which decides how errors are told.
    enum Audience: Sendable {
        /// Programs: JSON.
        case program
        /// People with a browser: pages.
        case person
    }

    let method: HTTPRequest.Method
    /// E.g. `/api/v1/approvals/{id}`; a last segment `{name...}` stands for one or more.
    let template: String
    let audience: Audience
    let handle: Handler
    private let segments: [Substring]

    init(
        _ method: HTTPRequest.Method, _ template: String, for audience: Audience = .program, _ handle: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.audience = audience
        self.handle = handle
        segments = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What stands for the names of the template; `nil` when the path is another.
    func match(_ path: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (index, segment) in segments.enumerated() {
            if segment.hasSuffix("...}"), path.count > index {
                parameters[String(segment.dropFirst().dropLast(4))] = path[index...].joined(separator: "/")
                return parameters
            }
            guard index < path.count else { return nil }
            if segment.hasPrefix("{") {
                guard !path[index].isEmpty else { return nil }
                parameters[String(segment.dropFirst().dropLast())] = String(path[index])
            } else if segment != path[index] {
                return nil
            }
        }
        return segments.count == path.count ? parameters : nil
    }
}
