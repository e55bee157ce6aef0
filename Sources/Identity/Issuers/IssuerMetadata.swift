import StrictJSON

/// What an issuer says of itself (OpenID Connect Discovery 1.0 section 3).
public struct IssuerMetadata: Sendable {
    public let issuer: String
    /// `jwks_uri`
    public let keySetURL: String
    public let authorizationEndpoint: String?
    public let tokenEndpoint: String?
    public let deviceAuthorizationEndpoint: String?
    /// Of ours, those that the issuer signs with; all of ours when it does not say.
    let algorithms: Set<SigningAlgorithm>

    /// Fetches `issuer`'s discovery document and checks that it is that issuer's.
    ///
    /// - Throws: `DocumentError`
    public static func fetch(_ issuer: String, through fetcher: any DocumentFetcher) async throws -> IssuerMetadata {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let url = "\(base)/.well-known/openid-configuration"
        let document = try await fetcher.fetch(url)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: document.bytes, maximumDepth: 32)
        } catch {
            throw DocumentError.malformed(url: url, "\(error)")
        }
        guard value["issuer"]?.string == issuer else {
            throw DocumentError.malformed(
                url: url, "it says that the issuer is \"\(value["issuer"]?.string ?? "")\", configured is \"\(issuer)\""
            )
        }
        guard let keySetURL = value["jwks_uri"]?.string, HTTPDocumentFetcher.isAcceptable(keySetURL) else {
            throw DocumentError.malformed(url: url, "its jwks_uri is missing or neither https nor on this machine")
        }
        // ID tokens and access tokens may be signed differently; both lists are the issuer's own word.
        let listed = ["id_token_signing_alg_values_supported", "access_token_signing_alg_values_supported"]
            .flatMap { value[$0]?.array ?? [] }.compactMap(\.string)
        let algorithms = listed.isEmpty ? Set(SigningAlgorithm.allCases) : Set(listed.compactMap(SigningAlgorithm.init))
        return IssuerMetadata(
            issuer: issuer, keySetURL: keySetURL, authorizationEndpoint: value["authorization_endpoint"]?.string,
            tokenEndpoint: value["token_endpoint"]?.string,
            deviceAuthorizationEndpoint: value["device_authorization_endpoint"]?.string, algorithms: algorithms)
    }
}
