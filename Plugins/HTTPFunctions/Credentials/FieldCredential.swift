import Foundation
import NIOCore

/// A secret in one header field: an API key, a bearer token, a password.
struct FieldCredential: CredentialSource {
    let fixed: FixedCredential?
    private let name: String
    private let secret: CredentialSecret
    private let value: @Sendable (String) -> String

    /// - Parameter value: Makes the field's value of the secret.
    init(name: String, secret: CredentialSecret, value: @escaping @Sendable (String) -> String) {
        self.name = name
        self.secret = secret
        self.value = value
        let current = secret.current
        fixed =
            secret.isFixed
            ? FixedCredential(
                fields: [(name, value(current))], secrets: UpstreamSecrets([current, value(current)]))
            : nil
    }

    func prepare(_ request: OutgoingRequest, on eventLoop: any EventLoop) -> CredentialProgress {
        let secret = secret.current
        var request = request
        request.set(name, value(secret))
        return .applied(PreparedRequest(request: request, secrets: UpstreamSecrets([secret, value(secret)])))
    }
}

/// Basic authentication (RFC 7617).
enum BasicCredential {
    static func encode(user: String, password: String) -> String {
        Data("\(user):\(password)".utf8).base64EncodedString()
    }
}
