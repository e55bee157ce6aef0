import Foundation
import NIOCore

/// A secret in one header field: an API key, a bearer token, a password.
struct FieldCredential: CredentialSource {
    let name: String
    let secret: CredentialSecret
    /// Makes the field's value of the secret.
    let value: @Sendable (String) -> String

    var fixed: FixedCredential? {
        guard secret.isFixed else { return nil }
        let secret = secret.current
        return FixedCredential(fields: [(name, value(secret))], secrets: [secret, value(secret)])
    }

    func prepare(_ request: OutgoingRequest, on eventLoop: any EventLoop) -> CredentialProgress {
        let secret = secret.current
        var request = request
        request.set(name, value(secret))
        return .applied(PreparedRequest(request: request, secrets: [secret, value(secret)]))
    }
}

/// Basic authentication (RFC 7617).
enum BasicCredential {
    static func encode(user: String, password: String) -> String {
        Data("\(user):\(password)".utf8).base64EncodedString()
    }
}
