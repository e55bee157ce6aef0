import AsyncHTTPClient
import Foundation
import NIOCore
import StrictJSON

/// One call of a function, which may be sent again in the same bytes: an approval holds for exactly those.
struct FunctionCall {
    let url: String
    let method: String
    let headers: [(String, String)]
    let body: [UInt8]?
    let token: String
    let http: HTTPClient

    func send() async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url)
        request.method = .RAW(value: method.uppercased())
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)")
        if let body { request.body = .bytes(body) }
        return try await execute(request)
    }

    /// Returns when people have approved.
    ///
    /// - Throws: `CommandFailure` when they have rejected it, or the ticket expires.
    func waitForApproval(at location: String) async throws {
        // The token goes to the gateway and nowhere else.
        guard let url = URL(string: location, relativeTo: URL(string: self.url))?.absoluteString,
            url.hasPrefix(origin)
        else { throw CommandFailure("the gateway named \(Terminal.plain(location)) to wait at", status: .unavailable) }
        while true {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
            let response = try await execute(request)
            guard response.status.code == 200 else {
                let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
                throw CommandFailure(status: Int(response.status.code), problem: body, from: url)
            }
            let ticket = try await Self.document(response)
            let last = ticket["decisions"]?.array?.last ?? .null
            switch ticket["status"]?.string {
            case "pending": try await Task.sleep(for: .seconds(1))
            case "approved":
                Terminal.note("approved by \(last.text("approver")): \(last.text("justification"))")
                return
            case "rejected":
                throw CommandFailure(
                    "rejected by \(last.text("approver")): \(last.text("justification"))", status: .refused)
            default:
                throw CommandFailure(
                    "the approval is \(ticket.text("status")); call again to ask anew", status: .refused)
            }
        }
    }

    static func document(_ response: HTTPClientResponse) async throws -> JSONValue {
        do {
            return try JSONValue(parsing: try await response.body.collect(upTo: 1 << 20).readableBytesView)
        } catch {
            throw CommandFailure("the gateway's answer cannot be read: \(error)", status: .unavailable)
        }
    }

    /// `https://host:port/`
    private var origin: String {
        let end = url.range(of: "://").flatMap { scheme in url[scheme.upperBound...].firstIndex(of: "/") }
        return end.map { String(url[...$0]) } ?? "\(url)/"
    }

    private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        do {
            return try await http.execute(request, timeout: .hours(1))
        } catch {
            throw CommandHTTP.unreachable("the gateway", request.url, error)
        }
    }
}
