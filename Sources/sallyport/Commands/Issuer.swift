import ArgumentParser
import LocalIssuer
import Logging
import ServiceLifecycle

struct Issuer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the embedded OpenID Connect issuer alone, for development and tests.",
        discussion: "Anybody on this machine can sign in as anybody: alice (payments), bob (approver), carol (auditor)."
    )

    @Option(help: "The port on 127.0.0.1.")
    var port = 7482

    @Option(help: "How long tokens are valid, in seconds.")
    var lifetime = 3600

    func run() async throws {
        let logger = Logger.gateway(.info)
        let issuer = LocalIssuer(port: port, tokenLifetime: lifetime, logger: logger)
        try await ServiceGroup(
            configuration: .init(
                services: [.init(service: issuer)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }
}
