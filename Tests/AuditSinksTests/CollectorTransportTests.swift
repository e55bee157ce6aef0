import NIOHTTP1
import Testing

@testable import AuditSinks

@Suite("Answers of a collector", .timeLimit(.minutes(5)))
struct CollectorTransportTests {
    /// Sends a batch to a collector that answers so.
    private func send(to status: Int) async throws {
        let server = try await LoopbackServer { _ in
            LoopbackServer.Answer(status: HTTPResponseStatus(statusCode: status), fields: ["Location": "/elsewhere"])
        }
        var options = CollectorTransport.Options(
            url: "\(server.url)/events", body: .ndjson, isJSON: true, origin: "audit.example.com/test"
        ) { [] }
        // It is the answer that decides.
        options.timeout = .seconds(3600)
        let transport = CollectorTransport(options, client: LoopbackServer.client)
        let sent: Result<Void, any Error>
        do {
            sent = .success(try await transport.send(.sample([#"{"a":1}"#])))
        } catch {
            sent = .failure(error)
        }
        try await server.stop()
        try sent.get()
    }

    @Test("2xx is the acknowledgement", arguments: [200, 201, 202, 204, 299])
    func acknowledged(status: Int) async throws { try await send(to: status) }

    @Test(
        "whatever else it answers, it has not taken the batch",
        arguments: [300, 301, 302, 303, 304, 307, 308, 399, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503])
    func refused(status: Int) async throws {
        let error = await #expect(throws: SinkError.self) { try await send(to: status) }
        guard case .refused(let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(" answered \(status)"), "\(reason)")
    }

    @Test("413 says that less is to be sent at once")
    func tooLarge() async throws {
        await #expect(throws: BatchTooLarge.self) { try await send(to: 413) }
    }
}
