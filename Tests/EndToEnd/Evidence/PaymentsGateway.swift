import Foundation

extension TestGateway {
    /// One with a function behind it that answers with regulated data: what writes a log to look at.
    ///
    /// - Parameter prepare: Gets the gateway's folder before the start.
    static func payments(
        policy: String = Options.usualPolicy, extra: String = "", environment: [String: String] = [:],
        prepare: @escaping @Sendable (URL) async throws -> Void = { _ in }
    ) async throws -> TestGateway {
        let nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        var options = Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """)
        options.upstreams = [nginx]
        options.policy = policy
        options.extra = extra
        options.environment = environment
        options.prepare = prepare
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }
}
