import ConfigFile
import GatewayCore
import NIOCore

/// Makes the credential that a target's configuration asks for.
enum CredentialFactory: CredentialSourceFactory {
    enum Kind: String, CaseIterable {
        case header, bearer, basic, oauth2, google
        case awsSigV4 = "aws-sigv4"
        case azureKey = "azure-key"
    }

    static let keys = [
        ConfigKey(
            "type", .choice(Kind.allCases.map(\.rawValue)), required: true,
            summary: "How the function knows the gateway."),
        ConfigKey("name", .string, disclosure: .shown, summary: "header: the field's name."),
        ConfigKey("value", .secret, summary: "header, bearer, azure-key: the field's value, token or key."),
        ConfigKey("user", .string, disclosure: .shown, summary: "basic: the user."),
        ConfigKey("password", .secret, summary: "basic: the password."),
        ConfigKey("token_url", .url, disclosure: .shown, summary: "oauth2: the token endpoint."),
        ConfigKey("client_id", .string, disclosure: .shown, summary: "oauth2: the client."),
        ConfigKey("client_secret", .secret, summary: "oauth2: its secret."),
        ConfigKey("scope", .string, disclosure: .shown, summary: "oauth2: the scope asked for."),
        ConfigKey(
            "client_authentication", .choice(["basic", "post"]), default: "basic",
            summary: "oauth2: whether the secret travels in `Authorization` or in the form."),
        ConfigKey(
            "service", .string, default: "lambda", disclosure: .shown,
            summary: "aws-sigv4: the service's name, e.g. lambda, execute-api."),
        ConfigKey("region", .string, disclosure: .shown, summary: "aws-sigv4: the region, e.g. eu-central-1."),
        ConfigKey("access_key_id", .secret, summary: "aws-sigv4: the access key's id."),
        ConfigKey("secret_access_key", .secret, summary: "aws-sigv4: the access key."),
        ConfigKey("session_token", .secret, summary: "aws-sigv4: the session token of temporary keys."),
        ConfigKey("key", .secret, summary: "google: the service account's key, as JSON."),
        ConfigKey(
            "audience", .string, disclosure: .shown,
            summary: "oauth2, google: whom the token is for; google: the target's URL if absent."),
        ConfigKey(
            "field", .choice(["Authorization", "X-Serverless-Authorization"]), default: "Authorization",
            summary: "google: the field that carries the token."),
    ]

    static func source(
        for section: ConfigSection?, url: String, baseDirectory: String, eventLoops: any EventLoopGroup
    ) throws(ConfigError) -> (any CredentialSource)? {
        guard let section, let kind = section.string("type").flatMap(Kind.init) else { return nil }
        func secret(_ key: String) throws(ConfigError) -> CredentialSecret {
            guard let reference = section.secret(key) else { throw missing(key, kind, section) }
            do throws(SecretError) {
                return try CredentialSecret(reference, baseDirectory: baseDirectory)
            } catch {
                throw section.error(key, error.description)
            }
        }
        func text(_ key: String) throws(ConfigError) -> String {
            guard let text = section.string(key) else { throw missing(key, kind, section) }
            return text
        }
        switch kind {
        case .header:
            return FieldCredential(name: try text("name"), secret: try secret("value")) { $0 }
        case .bearer:
            return FieldCredential(name: "Authorization", secret: try secret("value")) { "Bearer \($0)" }
        case .azureKey:
            return FieldCredential(name: "x-functions-key", secret: try secret("value")) { $0 }
        case .basic:
            let user = try text("user")
            guard !user.contains(":") else { throw section.error("user", "a user's name has no colon (RFC 7617)") }
            return FieldCredential(name: "Authorization", secret: try secret("password")) {
                "Basic \(BasicCredential.encode(user: user, password: $0))"
            }
        case .oauth2:
            let request = ClientCredentialsRequest(
                tokenURL: try text("token_url"), clientID: try text("client_id"), secret: try secret("client_secret"),
                scope: section.string("scope"), audience: section.string("audience"),
                sendsSecretInForm: section.string("client_authentication") == "post")
            return TokenCredential(field: "Authorization") { try await request.fetch() }
        case .awsSigV4:
            return SigV4Credential(
                service: section.string("service") ?? "lambda", region: try text("region"),
                accessKeyID: try secret("access_key_id"), secretAccessKey: try secret("secret_access_key"),
                sessionToken: section.has("session_token") ? try secret("session_token") : nil)
        case .google:
            let request = GoogleIDTokenRequest(key: try secret("key"), audience: section.string("audience") ?? url)
            return TokenCredential(field: section.string("field") ?? "Authorization") { try await request.fetch() }
        }
    }

    private static func missing(_ key: String, _ kind: Kind, _ section: ConfigSection) -> ConfigError {
        section.error(nil, "a credential of type \(kind.rawValue) needs the key \"\(key)\"")
    }
}
