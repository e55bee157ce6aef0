import StrictJSON

/// An issuer's token endpoint (RFC 6749 section 3.2), asked as a public client or as one with a secret.
public struct IssuerTokenEndpoint: Sendable {
    /// What a sign-in brings. Nothing of it is verified here.
    public struct Grant: Sendable, Equatable {
        public let idToken: String
        public let refreshToken: String?
    }

    public enum Answer: Sendable, Equatable {
        case granted(Grant)
        /// RFC 6749 section 5.2: the code, and what the issuer says about it.
        case refused(String, String?)
    }

    public let url: String
    public let clientID: String
    private let clientSecret: String?
    private let forms: any FormPoster

    public init(url: String, clientID: String, clientSecret: String?, forms: any FormPoster) {
        self.url = url
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.forms = forms
    }

    /// - Throws: `DocumentError` when the answer is neither a token nor an OAuth error.
    public func ask(_ grantType: String, _ fields: [(String, String)]) async throws -> Answer {
        let answer = try await post([("grant_type", grantType)] + fields, to: url)
        if let code = answer["error"]?.string { return .refused(code, answer["error_description"]?.string) }
        guard let token = answer["id_token"]?.string else {
            throw DocumentError.malformed(
                url: url, "it gave no ID token; the client \(clientID) needs the scope openid")
        }
        return .granted(Grant(idToken: token, refreshToken: answer["refresh_token"]?.string))
    }

    /// Posts a form with the client's identity to another endpoint of the issuer; the answer may be an OAuth error.
    func post(_ fields: [(String, String)], to url: String) async throws -> JSONValue {
        var fields = fields + [("client_id", clientID)]
        if let clientSecret { fields.append(("client_secret", clientSecret)) }
        let (status, body) = try await forms.post(fields, to: url)
        guard let answer = try? JSONValue(parsing: body, maximumDepth: 32), status == 200 || answer["error"] != nil
        else {
            throw status == 200
                ? DocumentError.malformed(url: url, "its answer is not JSON") : DocumentError.status(status, url: url)
        }
        return answer
    }
}
