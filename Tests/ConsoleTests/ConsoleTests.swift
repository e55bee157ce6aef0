import AsyncHTTPClient
import Foundation
import HummingbirdTLS
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

    @Test("with a certificate it speaks TLS, and its cookies are for TLS alone")
    func encrypted() async throws {
        let folder = NSTemporaryDirectory() + "console-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Self.makeCertificate(in: folder)
        let certificate = try #require(try NIOSSLCertificate.fromPEMFile("\(folder)/certificate.pem").first)
        let key = try NIOSSLPrivateKey(file: "\(folder)/key.pem", format: .pem)
        try await RunningConsole.run { options in
            options.tls = .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
        } _: { console in
            var configuration = HTTPClient.Configuration()
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .certificates([certificate])
            configuration.redirectConfiguration = .disallow
            let client = HTTPClient(configuration: configuration)
            var request = HTTPClientRequest(url: "https://127.0.0.1:\(console.port)/sign-in")
            request.method = .POST
            request.headers.add(name: "Origin", value: "https://127.0.0.1:\(console.port)")
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(Array("token=bob-token".utf8))
            let answer = try await client.execute(request, timeout: .seconds(30))
            #expect(answer.status == .seeOther)
            #expect(answer.headers.first(name: "Set-Cookie")?.hasPrefix("__Host-sallyport=") ?? false)
            #expect(answer.headers.first(name: "Set-Cookie")?.hasSuffix("; Secure") ?? false)
            #expect(answer.headers.first(name: "Strict-Transport-Security") != nil)
            try await client.shutdown()
        }
    }

    private static func makeCertificate(in folder: String) throws {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", "\(folder)/key.pem", "-out", "\(folder)/certificate.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0, "openssl (Debian: openssl) made no certificate")
    }
}
