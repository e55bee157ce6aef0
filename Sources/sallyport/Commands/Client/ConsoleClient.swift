import ArgumentParser
import AsyncHTTPClient
import Foundation
import GatewayCore
import NIOCore
import StrictJSON

/// Where the console is, for the commands that speak to it.
struct ConsoleConnection: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The console's URL.",
            discussion:
                "Without it: SALLYPORT_CONSOLE, the configuration file, what `login` was told, http://127.0.0.1:7481."))
    var console: String?

    @Option(name: .shortAndLong, help: "The configuration file, where there is one.")
    var config = "sallyport.yaml"

    /// A client that is signed in.
    func client() async throws -> ConsoleClient {
        try await ConsoleClient(at: Self.url(console, config: config), token: CredentialFile.token())
    }

    static func url(_ console: String?, config: String) throws -> String {
        if let console = console ?? ProcessInfo.processInfo.environment["SALLYPORT_CONSOLE"] { return console }
        guard FileManager.default.fileExists(atPath: config) else {
            return try CredentialFile.standard.load()?.console ?? "http://127.0.0.1:7481"
        }
        return try GatewayConfiguration.load(path: config, registry: .all()).console.url
    }
}

/// The console's REST API.
struct ConsoleClient: Sendable {
    let base: String
    let token: String
    let http: HTTPClient

    init(at url: String, token: String) throws {
        try CommandHTTP.requireSafe(url)
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.token = token
        http = try CommandHTTP.client()
    }

    /// Every element of a list that comes in pages.
    func all(_ path: String, member: String, query: [(String, String?)] = [], atMost limit: Int) async throws
        -> [JSONValue]
    {
        var elements: [JSONValue] = []
        var cursor: String?
        repeat {
            let size = String(min(200, limit - elements.count))
            let page = try await get(path, query: query + [("limit", size), ("cursor", cursor)])
            elements += page[member]?.array ?? []
            cursor = page["next_cursor"]?.string
        } while cursor != nil && elements.count < limit
        return elements
    }

    func get(_ path: String, query: [(String, String?)] = []) async throws -> JSONValue {
        try await json(send(request(path, query: query)))
    }

    func post(_ path: String, _ body: JSONValue = .object([])) async throws -> JSONValue {
        var request = request(path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(body.canonicalBytes)
        return try await json(send(request))
    }

    /// Writes the answer's body to `file`, however long it is.
    ///
    /// - Parameter body: Sent by POST, where there is one.
    func download(_ path: String, posting body: JSONValue? = nil, to file: FileHandle) async throws {
        var request = request(path)
        if let body {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body.canonicalBytes)
        }
        let response = try await send(request)
        do {
            for try await part in response.body { try file.write(contentsOf: Data(part.readableBytesView)) }
        } catch {
            throw CommandFailure("the answer broke off (\(error)); run the command again", status: .unavailable)
        }
    }

    private func request(_ path: String, query: [(String, String?)] = []) -> HTTPClientRequest {
        var components = URLComponents()
        components.queryItems = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        // `+` is a space to some readers of a query; escaped it is a plus to all.
        let text = (components.percentEncodedQuery ?? "").replacing("+", with: "%2B")
        var request = HTTPClientRequest(url: base + path + (text.isEmpty ? "" : "?\(text)"))
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "Accept", value: "application/json")
        return request
    }

    private func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: .seconds(60))
        } catch {
            throw CommandHTTP.unreachable("the console", base, error)
        }
        guard (200..<300).contains(response.status.code) else {
            let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
            throw CommandFailure(status: Int(response.status.code), problem: body, from: base)
        }
        return response
    }

    private func json(_ response: HTTPClientResponse) async throws -> JSONValue {
        do {
            // Entries of the log may be in it.
            return try JSONValue(
                parsing: try await response.body.collect(upTo: 64 << 20).readableBytesView, within: .ownRecord)
        } catch {
            throw CommandFailure("\(base) did not answer as a console does: \(error)", status: .unavailable)
        }
    }
}

extension CommandFailure {
    /// From a problem document (RFC 9457) as the gateway writes it; of anything else only the status is said.
    init(status: Int, problem: ByteBuffer, from base: String) {
        let exit: ExitStatus =
            switch status {
            case 401, 403: .refused
            case 502, 503, 504: .unavailable
            default: .negative
            }
        guard let document = try? JSONValue(parsing: problem.readableBytesView), let detail = document["detail"]?.string
        else {
            self.init("\(base) answered with status \(status)", status: exit)
            return
        }
        let rule = document["rule"]?.string
        let shownRule = rule.map { " [\($0)]" } ?? ""
        let next = document["next_step"]?.string.map { " \($0)" } ?? ""
        let hint = status == 401 ? " `sallyport login` signs in." : ""
        let text = detail.split(separator: "\n", omittingEmptySubsequences: false).map { Terminal.plain(String($0)) }
        self.init(
            "\(text.joined(separator: "\n"))\(Terminal.plain(shownRule))\(Terminal.plain(next))\(hint)", status: exit,
            rule: rule)
    }
}
