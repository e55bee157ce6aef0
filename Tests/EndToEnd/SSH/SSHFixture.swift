import Foundation

/// A gateway with one OpenSSH server behind it, and people who are allowed different things.
final class SSHFixture: Sendable {
    let server: OpenSSHServer
    let gateway: TestGateway
    /// Who may run what the policy allows.
    let alice: OpenSSHClient
    /// Past the gateway, with the gateway's own credential.
    let direct: OpenSSHClient

    static let policy = """
        @id("payments-may-ssh") @record("full")
        permit (principal in Group::"payments", action in Action::"ssh", resource);
        @id("no-opaque-shell") @advice("Write out what is to run.")
        forbid (principal, action, resource) when { context.opaque };
        @id("no-rm") @advice("Ask the owners of the host to remove it.")
        forbid (principal, action == Action::"ssh.exec", resource) when { resource.name == "rm" };
        @id("restart-needs-approval") @approve("1 of approver within 15m")
        permit (principal in Group::"payments", action == Action::"ssh.exec", resource) when { resource.name == "touch" };
        @id("no-secrets")
        forbid (principal, action, resource) when { resource.name like "*/secret*" };
        @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
        @id("approvers-decide") permit (principal in Group::"approver", action in Action::"console.approvals", resource);
        """

    init(
        policy: String = SSHFixture.policy, target more: String = "", listener: String = "",
        server options: [String] = [], issuer: EmbeddedIssuer? = nil, issuerKeys: String? = nil
    ) async throws {
        server = try await OpenSSHServer(options)
        var gatewayOptions = TestGateway.Options(targets: server.target("web-1", more))
        gatewayOptions.policy = policy
        gatewayOptions.maskingRules = """
                  - {detector: PAN, transform: keep-last 4}
                  - {detector: EMAIL_ADDRESS, transform: redact}
            """
        gatewayOptions.sshListener = listener
        gatewayOptions.upstreams = [server]
        if let issuerKeys { gatewayOptions.issuerKeys = issuerKeys }
        let own: EmbeddedIssuer
        if let issuer { own = issuer } else { own = try await EmbeddedIssuer() }
        gateway = try await TestGateway(gatewayOptions, issuer: own)
        alice = try .token(try await gateway.issuer.token(for: "alice"), gateway)
        direct = try .direct(server)
    }
}
