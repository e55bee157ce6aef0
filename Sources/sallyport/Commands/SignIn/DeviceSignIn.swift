import Identity

/// Signing in on another device (RFC 8628): the terminal shows a code, the browser may be anywhere.
struct DeviceSignIn {
    let endpoint: IssuerTokenEndpoint
    let metadata: IssuerMetadata
    let scopes: [String]

    func run() async throws(DeviceAuthorizationError) -> IssuerTokenEndpoint.Grant {
        let authorization = try DeviceAuthorization(metadata: metadata, endpoint: endpoint, scopes: scopes)
        let pending = try await authorization.begin()
        Terminal.note("Open  \(Terminal.plain(pending.verificationURIComplete ?? pending.verificationURI))")
        Terminal.note("and confirm the code  \(Terminal.errors.styled(Terminal.plain(pending.userCode), .bold))")
        return try await authorization.grant(for: pending)
    }
}
