import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@testable import AuditSinks

@Suite("Syslog over TLS", .timeLimit(.minutes(5)))
struct SyslogTransportTests {
    /// A receiver that dies of the first bytes that come, which are then out of the sender's kernel and read by nobody;
    /// it is there again at once, and lives.
    private final class MortalReceiver: Sendable {
        private let arrivals: AsyncStream<[UInt8]>
        private let arrived: AsyncStream<[UInt8]>.Continuation
        private let isDead = Mutex(false)
        private let server: Mutex<(any Channel)?> = Mutex(nil)

        init(_ certificate: NIOSSLCertificate, _ key: NIOSSLPrivateKey) async throws {
            let context = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
            (arrivals, arrived) = AsyncStream.makeStream(of: [UInt8].self)
            let listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                        try channel.pipeline.syncOperations.addHandler(Handler(self))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            server.withLock { $0 = listening }
        }

        var port: Int { server.withLock { $0?.localAddress?.port } ?? 0 }

        /// What came next on some connection.
        func next() async -> [UInt8]? { await arrivals.first { _ in true } }

        func stop() async throws { try await server.withLock { $0.take() }?.close() }

        /// - Returns: Whether this is the end of the connection.
        private func take(_ bytes: [UInt8]) -> Bool {
            defer { arrived.yield(bytes) }
            return isDead.withLock { isDead in
                defer { isDead = true }
                return !isDead
            }
        }

        private final class Handler: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer

            private let receiver: MortalReceiver

            init(_ receiver: MortalReceiver) { self.receiver = receiver }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                if receiver.take(Array(unwrapInboundIn(data).readableBytesView)) { context.close(promise: nil) }
            }
        }
    }

    /// A receiver's certificate for `localhost`, and its key.
    private func makeCertificate() throws -> (NIOSSLCertificate, NIOSSLPrivateKey) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("syslog-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", "\(folder)/key.pem", "-out", "\(folder)/certificate.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0, "openssl (Debian: openssl) made no certificate")
        return (
            try #require(try NIOSSLCertificate.fromPEMFile("\(folder)/certificate.pem").first),
            try NIOSSLPrivateKey(file: "\(folder)/key.pem", format: .pem)
        )
    }

    @Test("a batch that left, and that a receiver had not read when it died, is not taken, and goes out again whole")
    func died() async throws {
        let (certificate, key) = try makeCertificate()
        let receiver = try await MortalReceiver(certificate, key)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([certificate])
        var options = SyslogTransport.Options(
            host: "127.0.0.1", port: receiver.port, tls: tls, serverName: "localhost", version: "1")
        // It is the connection's end that decides, not the clock.
        options.patience = .seconds(3600)
        options.settling = .seconds(3600)
        let transport = try SyslogTransport(options)
        let batch = LineBatch.sample([#"{"a":1}"#, #"{"a":2}"#])

        let error = await #expect(throws: SinkError.self) { try await transport.send(batch) }
        guard case .unreachable? = error else {
            Issue.record("\(String(describing: error))")
            return try await receiver.stop()
        }
        let first = try #require(await receiver.next())
        // This time it waits to see whether the receiver lives.
        let again = Task { try await transport.send(batch) }
        let second = try #require(await receiver.next())
        again.cancel()
        _ = await again.result
        try await receiver.stop()
        #expect(second == first)
        let text = String(decoding: second, as: UTF8.self)
        #expect(text.contains(#" {"a":1}"#) && text.hasSuffix(#" {"a":2}"#), "\(text)")
    }
}
