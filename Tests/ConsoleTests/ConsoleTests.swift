import AsyncHTTPClient
import Logging
import ServiceLifecycle
import Testing

@testable import Console

@Suite("Console")
struct ConsoleTests {
    @Test("it stops with the gateway, also while a client keeps its connection open")
    func gracefulStop() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let console = try Console(ConsoleOptions(port: 0), backend: try FakeBackend(), logger: logger)
        let group = ServiceGroup(configuration: .init(services: [console], logger: logger))
        let running = Task { try await group.run() }
        let port = try #require(await console.listeningPort())
        let client = HTTPClient()
        let answer = try await client.execute(
            HTTPClientRequest(url: "http://127.0.0.1:\(port)/healthz"), timeout: .seconds(30))
        #expect(answer.status == .ok)
        await group.triggerGracefulShutdown()
        try await running.value
        try await client.shutdown()
    }

    @Test("a port that is taken is an error when it starts")
    func portTaken() async throws {
        try await RunningConsole.run { first in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let second = try Console(ConsoleOptions(port: first.port), backend: first.backend, logger: logger)
            await #expect(throws: (any Error).self) { try await second.run() }
            #expect(await second.listeningPort() == nil)
        }
    }
}
