import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Testing

@testable import Console

/// A console on a free port of loopback, and a client for it that follows no redirects.
struct RunningConsole: Sendable {
    let port: Int
    let backend: FakeBackend
    let client: HTTPClient

    var url: String { "http://127.0.0.1:\(port)" }

    static func run(
        _ change: (inout ConsoleOptions) -> Void = { _ in },
        _ body: (RunningConsole) async throws -> Void
    ) async throws {
        var options = ConsoleOptions(port: 0)
        change(&options)
        let backend = try FakeBackend()
        let console = try Console(
            options, backend: backend, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await console.run() }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(configuration: configuration)
        do {
            let port = try #require(await console.listeningPort())
            try await body(RunningConsole(port: port, backend: backend, client: client))
        } catch {
            running.cancel()
            try? await client.shutdown()
            throw error
        }
        running.cancel()
        try? await running.value
        try await client.shutdown()
    }

    struct Answer {
        let status: UInt
        let headers: [(String, String)]
        let body: String

        func header(_ name: String) -> String? { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }

        var json: [String: Any] {
            get throws {
                try #require(
                    try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "not JSON: \(body)")
            }
        }
    }

    /// - Parameter token: The subject whose token is sent; `nil` sends none.
    func send(
        _ method: String, _ path: String, as token: String? = nil, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(url)\(path)")
        request.method = .init(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)-token") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(Array(body.utf8)) }
        let response = try await client.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 24)
        return Answer(
            status: response.status.code, headers: response.headers.map { ($0.name, $0.value) },
            body: String(buffer: bytes))
    }

    func get(_ path: String, as token: String? = nil) async throws -> Answer { try await send("GET", path, as: token) }

    func post(_ path: String, as token: String? = nil, _ json: String) async throws -> Answer {
        try await send("POST", path, as: token, headers: [("Content-Type", "application/json")], body: json)
    }

    /// Sends bytes as they are, and reads until the server closes.
    func raw(_ text: String) async throws -> String {
        let port = port
        // A blocking read must not take a thread from the pool that the server itself runs on.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try RawConnection.exchange(text, port: port) })
            }
        }
    }
}

private enum RawConnection {
    struct Failed: Error {}

    static func exchange(_ text: String, port: Int) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let bytes = Array(text.utf8)
        guard connected == 0, send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failed()
        }
        // A server that neither answers nor closes fails the test instead of holding it up.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return String(decoding: answer, as: UTF8.self) }
            guard count > 0 else { throw Failed() }
            answer += buffer[..<count]
        }
    }
}

extension RunningConsole.Answer {
    /// Checks that this is a problem document with all that it must say, and gives its code.
    func problemCode(_ location: SourceLocation = #_sourceLocation) throws -> String {
        #expect(header("Content-Type") == "application/problem+json", sourceLocation: location)
        let json = try json
        #expect(json["status"] as? Int == Int(status), sourceLocation: location)
        for name in ["type", "title", "detail", "rule", "next_step"] {
            #expect((json[name] as? String)?.isEmpty == false, "\(name) is missing", sourceLocation: location)
        }
        return try #require(json["code"] as? String, sourceLocation: location)
    }
}
