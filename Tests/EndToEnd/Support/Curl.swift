import Foundation

/// One answer that the real `curl` received.
struct CurlAnswer: Sendable {
    let status: Int
    /// Field names in lower case; the last value of each.
    let headers: [String: String]
    let body: String
    /// curl's own exit status: 0, or why the exchange broke off.
    let exit: Int32

    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body.utf8)) }
    func member(_ name: String) -> Any? { (json as? [String: Any])?[name] }
}

/// Calls as a user would.
struct Curl: Sendable {
    var token: String?
    var options: [String] = []

    func get(_ url: String, _ more: String...) async throws -> CurlAnswer { try await send([url] + more) }

    func post(_ url: String, json: String, _ more: String...) async throws -> CurlAnswer {
        try await send([url, "-H", "Content-Type: application/json", "--data-binary", json] + more)
    }

    func send(_ arguments: [String]) async throws -> CurlAnswer {
        var all = ["-sS", "--max-time", "60", "-D", "-", "-o", "-"] + options
        // Without `Expect`, so that an answer has one head.
        all += ["-H", "Expect:"]
        if let token { all += ["-H", "Authorization: Bearer \(token)"] }
        let finished = try await RunningProcess.run(try Tools.system("curl"), all + arguments)
        return Self.parse(finished)
    }

    private static func parse(_ finished: RunningProcess.Finished) -> CurlAnswer {
        let text = finished.output
        let end = text.range(of: "\r\n\r\n")
        let head = end.map { String(text[..<$0.lowerBound]) } ?? text
        var lines = head.components(separatedBy: "\r\n")
        let status = lines.isEmpty ? 0 : Int(lines.removeFirst().split(separator: " ").dropFirst().first ?? "0") ?? 0
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let body = end.map { String(text[$0.upperBound...]) } ?? ""
        return CurlAnswer(status: status, headers: headers, body: body, exit: finished.status)
    }
}
