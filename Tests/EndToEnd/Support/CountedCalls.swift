import Foundation

/// A gateway before an nginx, whose own log says which calls reached it.
struct CountedCalls {
    let nginx: Nginx
    let gateway: TestGateway

    init(_ configure: (inout TestGateway.Options) -> Void = { _ in }) async throws {
        nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """)
        options.upstreams = [nginx]
        configure(&options)
        gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    /// Calls without pause, each with a number of its own, until it is ended.
    func flood(_ token: String) throws -> RunningProcess {
        try RunningProcess(
            try Tools.python(), [Tools.fixture("flood.py"), "--gateway", String(gateway.port), "--token", token])
    }

    /// The numbers of the calls that came through.
    var arrived: Set<Substring> {
        Set(
            nginx.accessLog.split(separator: "\n").compactMap { line in
                line.firstRange(of: "json?n=").map { line[$0.upperBound...].prefix { $0 != " " } }
            })
    }

    /// The numbers that stand in the intents on record.
    func recorded() async throws -> Set<Substring> {
        let exported = try await gateway.command(
            "audit", "export", "--kind", "intent", "--config", "sallyport.yaml")
        guard exported.status == 0 else { throw TestFailure("\(exported.errors)") }
        return Set(
            exported.output.split(separator: "\n").compactMap { line in
                line.firstRange(of: "json?n=").map { line[$0.upperBound...].prefix { $0 != "\"" && $0 != " " } }
            })
    }
}
