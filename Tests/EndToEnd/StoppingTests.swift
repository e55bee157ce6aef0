import Foundation
import Synchronization
import Testing

/// What comes while the gateway stops must not keep it from ending.
@Suite("Stopping, end to end", .serialized)
struct StoppingTests {
    @Test("connections that come and go while the gateway stops do not keep it")
    func stormed() async throws {
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:1"}
                """)
        options.postgresListener = ""
        options.sshListener = ""
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        for round in 0..<4 {
            if round > 0 { try await gateway.start() }
            let ports = [gateway.port, try #require(gateway.postgresPort), try #require(gateway.sshPort)]
            let storm = Storm(on: ports)
            defer { storm.end() }
            try await Task.sleep(for: .milliseconds(100))
            // A connection that is never let go would be waited for until `drain_timeout`, 30 s.
            let status = try await gateway.process.stop(within: 20)
            storm.end()
            #expect(status == 0 && storm.count > 50, "round \(round): \(storm.count) connections")
        }
    }
}

/// Connects and hangs up, as fast as it goes.
private final class Storm: Sendable {
    private let isOver = Atomic(false)
    private let connected = Atomic(0)

    var count: Int { connected.load(ordering: .relaxed) }

    init(on ports: [Int]) {
        for port in ports {
            Thread.detachNewThread { [self] in
                while !isOver.load(ordering: .relaxed) { connect(to: port) }
            }
        }
    }

    func end() { isOver.store(true, ordering: .relaxed) }

    private func connect(to port: Int) {
        guard let descriptor = try? RawSocket.connected(to: port) else {
            // Nobody listens any more.
            usleep(1000)
            return
        }
        close(descriptor)
        connected.add(1, ordering: .relaxed)
    }
}
