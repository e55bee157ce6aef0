import Identity
import StrictJSON

/// Signing in on another device (RFC 8628): the terminal shows a code, the browser may be anywhere.
struct DeviceSignIn {
    let endpoint: TokenEndpoint
    let metadata: IssuerMetadata
    let scopes: [String]

    func run() async throws -> TokenEndpoint.Grant {
        guard let url = metadata.deviceAuthorizationEndpoint else {
            throw CommandFailure(
                "\(metadata.issuer) has no device flow; `sallyport login --browser` signs in on this machine",
                status: .unavailable)
        }
        // RFC 8628 section 3.1 has no grant_type here, but Glewlwyd wants one, and others ignore what they do not know.
        let answer = try await endpoint.post(
            to: url, [("scope", scopes.joined(separator: " ")), ("grant_type", "device_authorization")])
        if let code = answer["error"]?.string {
            throw CommandFailure(
                "the issuer refused (\(code)): \(Terminal.plain(answer["error_description"]?.string ?? "no reason given"))",
                status: .refused)
        }
        guard let deviceCode = answer["device_code"]?.string, let userCode = answer["user_code"]?.string,
            let page = answer["verification_uri"]?.string ?? answer["verification_url"]?.string
        else { throw CommandFailure("\(url) gave no device code", status: .unavailable) }
        Terminal.note("Open  \(Terminal.plain(answer["verification_uri_complete"]?.string ?? page))")
        Terminal.note("and confirm the code  \(Terminal.errors.styled(Terminal.plain(userCode), .bold))")
        return try await poll(
            deviceCode, every: max(1, answer["interval"]?.integer ?? 5),
            until: .now + .seconds(min(3600, answer["expires_in"]?.integer ?? 600)))
    }

    private func poll(
        _ deviceCode: String, every seconds: Int64, until end: ContinuousClock.Instant
    ) async throws -> TokenEndpoint.Grant {
        var interval = min(60, seconds)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .seconds(interval))
            let answer = try await endpoint.ask(
                "urn:ietf:params:oauth:grant-type:device_code", [("device_code", deviceCode)])
            switch answer {
            case .granted(let grant): return grant
            case .refused("authorization_pending", _): continue
            // Section 3.5: five seconds more, from now on.
            case .refused("slow_down", _): interval += 5
            case .refused("access_denied", _):
                throw CommandFailure("the sign-in was refused at the issuer", status: .refused)
            case .refused(let code, let text):
                throw CommandFailure(
                    "the issuer refused (\(Terminal.plain(code))): \(Terminal.plain(text ?? "no reason given")); "
                        + "run `sallyport login` again", status: .refused)
            }
        }
        throw CommandFailure("the code has expired; run `sallyport login` again", status: .refused)
    }
}
