import HTTPTypes
import Hummingbird
import Logging

/// Finds the route of each request, and turns whatever goes wrong into an answer.
struct ConsoleResponder: HTTPResponder {
    typealias Context = ConsoleContext

    let routes: [Route]
    let isEncrypted: Bool
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        var response = await answer(to: request, from: context.client)
        if request.method == .head { response = response.createHeadResponse() }
        SecurityHeaders.add(to: &response, isEncrypted: isEncrypted)
        return response
    }

    private func answer(to request: Request, from client: String) async -> Response {
        var audience = Route.Audience.program
        do {
            let (route, exchange) = try find(request, from: client)
            audience = route.audience
            return try await route.handle(exchange)
        } catch let needed as SignInNeeded {
            return .seeOther("/sign-in?return_to=\(needed.path)")
        } catch {
            let problem = Problem(error) ?? unexpected(error, on: request)
            switch audience {
            case .program: return .problem(problem)
            case .person: return .page(ProblemPage.page(problem), status: problem.status, headers: problem.headers)
            }
        }
    }

    private func find(_ request: Request, from client: String) throws -> (Route, Exchange) {
        guard let target = request.head.path, target.hasPrefix("/") else {
            throw Problem.badRequest("The request does not name a path.")
        }
        // RFC 9112 section 6.1: how long a body in an unknown coding is, two readers may see differently.
        let codings = request.headers[values: .transferEncoding]
        guard codings.allSatisfy({ $0.lowercased() == "chunked" }), codings.count <= 1 else {
            throw Problem.badRequest("The request's transfer coding is not \"chunked\".", next: "Send it as chunked.")
        }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = halves[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let query = halves.count > 1 ? halves[1] : nil
        let method = request.method == .head ? HTTPRequest.Method.get : request.method
        var allowed: [String] = []
        for route in routes {
            guard let parameters = route.match(path) else { continue }
            if route.method == method {
                return (route, try Exchange(request, from: client, parameters: parameters, query: query))
            }
            allowed.append(route.method.rawValue)
        }
        guard !allowed.isEmpty else {
            throw Problem.notFound(
                "page \"\(halves[0].prefix(128))\"",
                next: "/ says how to use the console, /api/v1/openapi.json lists all.")
        }
        if allowed.contains("GET") { allowed.append("HEAD") }
        var problem = Problem(
            .methodNotAllowed, "method-not-allowed", "\(request.method.rawValue.prefix(32)) is not possible here.",
            next: "Use \(allowed.joined(separator: " or ")).")
        problem.headers[.allow] = allowed.joined(separator: ", ")
        throw problem
    }

    private func unexpected(_ error: any Error, on request: Request) -> Problem {
        logger.error(
            "the console could not answer",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(request.head.path?.split(separator: "?").first ?? "")", "error": "\(error)",
            ])
        if error is AuthorizationUnavailable {
            return Problem(
                .serviceUnavailable, "authorization-unavailable",
                "It could not be decided or recorded whether you may do this, so it was not done.",
                next: "Try again later; the operator finds the cause in the gateway's log.")
        }
        return .unexpected
    }
}
