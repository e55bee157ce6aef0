import ArgumentParser
import Foundation
import GatewayCore
import Identity

struct Login: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign in, for the commands that speak to a gateway.",
        discussion: """
            Shows a code to confirm in any browser, or with --browser opens the one of this machine. The token is kept \
            in SALLYPORT_HOME or ~/.config/sallyport, readable by you alone. SALLYPORT_TOKEN stands above it.
            """)

    @Option(name: .shortAndLong, help: "The configuration file; its first issuer that has a client_id is taken.")
    var config = "sallyport.yaml"

    @Option(help: "The issuer's URL, instead of the configuration's.")
    var issuer: String?

    @Option(help: "The client to sign in as, with --issuer.")
    var clientID = "sallyport-cli"

    @Option(help: "Scopes to ask for, with --issuer.")
    var scopes = "openid email groups"

    @Option(help: "PEM file of the certificate authorities of the issuer.")
    var ca: String?

    @Option(help: "The gateway's URL, to remember for `sallyport call`.")
    var gateway: String?

    @Option(help: "The console's URL, to remember.")
    var console: String?

    @Flag(help: "Use the browser of this machine (authorization code with PKCE).")
    var browser = false

    @Option(
        help: """
            With --browser: the port of this machine that the browser comes back to, for issuers that want the redirect \
            URI (http://127.0.0.1:PORT/callback) registered with its port. Any free one without it.
            """)
    var redirectPort = 0

    @Flag(help: "Make an SSH key and register it at the gateway for as long as the token lasts.")
    var ssh = false

    @Flag(help: "The same, with the key in the running ssh-agent and not on disk.")
    var sshAgent = false

    @Option(
        help: """
            Register this SSH key of your own instead, by the path of its file: also one in the agent or in an \
            authenticator, of which only the .pub file is there.
            """)
    var sshKey: String?

    @Flag(help: "Print the token on standard output, for scripts.")
    var printToken = false

    func perform() async throws {
        // Before somebody signs in for nothing.
        let own = try sshKey.map { try SSHKeyFile(path: $0) }
        let issuer = try chosen()
        let http = try CommandHTTP.client(authorities: issuer.certificateAuthorities)
        let metadata: IssuerMetadata
        do {
            metadata = try await IssuerMetadata.fetch(issuer.issuer, through: HTTPDocumentFetcher(client: http))
        } catch {
            throw CommandFailure("\(error); is the issuer's URL right?", status: .unavailable)
        }
        guard let clientID = issuer.clientID, let url = metadata.tokenEndpoint else {
            throw CommandFailure("\(issuer.issuer) has no token endpoint", status: .unavailable)
        }
        let endpoint = IssuerTokenEndpoint(
            url: url, clientID: clientID, clientSecret: issuer.clientSecret, forms: HTTPFormPoster(client: http))
        let grant =
            browser
            ? try await BrowserSignIn(endpoint: endpoint, metadata: metadata, scopes: issuer.scopes, port: redirectPort)
                .run()
            : try await DeviceSignIn(endpoint: endpoint, metadata: metadata, scopes: issuer.scopes).run()
        let expiresAt = grant.expiresAt
        // A client secret stays in the configuration, so such a sign-in cannot be renewed without it.
        let credential = Credential(
            issuer: issuer.issuer, clientID: clientID, token: grant.idToken, expiresAt: expiresAt,
            refreshToken: issuer.clientSecret == nil ? grant.refreshToken : nil, tokenEndpoint: url,
            authorities: issuer.certificateAuthorities, console: console, gateway: gateway)
        try CredentialFile.standard.save(credential)
        let name = Terminal.plain(IDTokenClaims(grant.idToken).name)
        Terminal.note("signed in as \(name) until \(expiresAt)")
        if printToken { print(grant.idToken) }
        guard ssh || sshAgent || sshKey != nil else { return }
        let client = try ConsoleClient(at: ConsoleConnection.url(console, config: config), token: grant.idToken)
        let registration = SSHKeyRegistration(console: client, token: grant.idToken)
        if let own { try await registration.register(own) }
        if ssh || sshAgent { try await registration.registerNew(name: name, in: .standard, inAgent: sshAgent) }
    }

    private func chosen() throws -> IssuerConfiguration {
        if let issuer {
            try CommandHTTP.requireSafe(issuer)
            return IssuerConfiguration(
                issuer: issuer, audiences: [clientID], clientID: clientID, certificateAuthorities: ca,
                scopes: scopes.split(separator: " ").map(String.init))
        }
        guard FileManager.default.fileExists(atPath: config) else {
            throw CommandFailure(
                "there is no \(config) to read the issuer from; name it with --issuer URL", status: .usage)
        }
        let configuration = try GatewayConfiguration.load(path: config, registry: .all())
        guard let issuer = configuration.issuers.first(where: { $0.clientID != nil }) else {
            throw CommandFailure("no issuer in \(config) has a client_id", status: .configuration)
        }
        return issuer
    }
}
