import Foundation
import Testing

@testable import Console

/// What a person does with a browser.
extension RunningConsole {
    /// Signs in with a pasted token and gives the session's cookie as it is sent back.
    func signIn(_ subject: String) async throws -> String {
        let answer = try await form("/sign-in", cookie: nil, ["token": "\(subject)-token"])
        try #require(answer.status == 303, "\(answer.body)")
        return try answer.cookie("sallyport")
    }

    func page(_ path: String, cookie: String?) async throws -> Answer {
        try await send("GET", path, headers: cookie.map { [("Cookie", $0)] } ?? [])
    }

    /// Sends a form as a page of `origin` would; `nil` sends no `Origin`.
    func form(
        _ path: String, cookie: String?, _ fields: [String: String], origin: String?? = .none,
        headers extra: [(String, String)] = []
    ) async throws -> Answer {
        var headers = [("Content-Type", "application/x-www-form-urlencoded")] + extra
        let sent: String? = if case .some(let given) = origin { given } else { url }
        if let sent { headers.append(("Origin", sent)) }
        if let cookie { headers.append(("Cookie", cookie)) }
        let body = fields.map { "\($0.key)=\(Self.escape($0.value))" }.joined(separator: "&")
        return try await send("POST", path, headers: headers, body: body)
    }

    private static func escape(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

extension RunningConsole.Answer {
    /// `name=value` of the cookie that this answer sets.
    func cookie(_ name: String) throws -> String {
        let set = headers.filter { $0.0.lowercased() == "set-cookie" }.map(\.1)
        let found = set.first { $0.hasPrefix("\(name)=") }
        return String(try #require(found, "no cookie \(name) in \(set)").prefix { $0 != ";" })
    }

    /// The token that the page's forms carry.
    func csrf() throws -> String {
        let start = try #require(body.range(of: #"name="csrf" value=""#))
        return String(body[start.upperBound...].prefix { $0 != "\"" })
    }
}
