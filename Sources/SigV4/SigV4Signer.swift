import Crypto
import Foundation
import Identifiers

/// What is signed of a request (AWS General Reference, "Create a signed AWS API request").
public struct SigV4Request: Sendable {
    public var method: String
    /// Host, and port where it is not the scheme's own: what `Host` says.
    public var authority: String
    /// Path and query as they are sent, percent-encoded already.
    public var target: String
    /// What is sent besides `Host`.
    public var fields: [(name: String, value: String)]
    /// SHA-256 of the body, 64 lower-case hexadecimal digits.
    public var bodyDigest: String

    public init(
        method: String, authority: String, target: String, fields: [(name: String, value: String)], bodyDigest: String
    ) {
        self.method = method
        self.authority = authority
        self.target = target
        self.fields = fields
        self.bodyDigest = bodyDigest
    }
}

/// AWS Signature Version 4: Lambda, API Gateway, and S3 and what speaks like it.
public struct SigV4Signer: Sendable {
    /// The service's name in the credential scope, e.g. `lambda`, `s3`.
    public let service: String
    public let region: String
    public let accessKeyID: String
    public let secretAccessKey: String
    /// Of temporary keys.
    public let sessionToken: String?

    public init(
        service: String, region: String, accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil
    ) {
        self.service = service
        self.region = region
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// The fields that make `request` a signed one, to be set in the place of any that it has under these names:
    /// `X-Amz-Date`, `X-Amz-Content-Sha256`, `X-Amz-Security-Token` where there is a token, and `Authorization`.
    public func fields(for request: SigV4Request, at time: Timestamp) -> [(name: String, value: String)] {
        // 20260102T030405Z of 2026-01-02T03:04:05.678Z
        let date = "\(time.description.prefix(19).filter { $0 != "-" && $0 != ":" })Z"
        let day = String(date.prefix(8))
        var added = [(name: "X-Amz-Date", value: date), (name: "X-Amz-Content-Sha256", value: request.bodyDigest)]
        if let sessionToken { added.append((name: "X-Amz-Security-Token", value: sessionToken)) }

        let replaced = Set(added.map { $0.name.lowercased() })
        let signed = Self.signed(
            request.fields.filter { !replaced.contains($0.name.lowercased()) } + added, host: request.authority)
        let names = signed.map(\.name).joined(separator: ";")
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let canonical = [
            request.method, canonicalPath(String(parts[0])),
            Self.canonicalQuery(parts.count > 1 ? String(parts[1]) : ""),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, request.bodyDigest,
        ].joined(separator: "\n")
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(SHA256.hash(data: Data(canonical.utf8)).hexadecimal)"
        var key = SymmetricKey(data: Data("AWS4\(secretAccessKey)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key))
        }
        let signature = HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: key).hexadecimal
        added.append(
            (
                name: "Authorization",
                value:
                    "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
            ))
        return added
    }

    /// `Host`, the content type and everything of AWS's own; what a proxy on the way may change is left out.
    private static func signed(
        _ fields: [(name: String, value: String)], host: String
    ) -> [(name: String, value: String)] {
        var signed = [(name: "host", value: host)]
        for field in fields {
            let name = field.name.lowercased()
            guard name == "content-type" || name.hasPrefix("x-amz-") else { continue }
            let value = field.value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
            if let same = signed.firstIndex(where: { $0.name == name }) {
                signed[same].value += ",\(value)"
            } else {
                signed.append((name, value))
            }
        }
        return signed.sorted { $0.name < $1.name }
    }

    /// Every service but S3 encodes the path, which is percent-encoded already, once more.
    private func canonicalPath(_ path: String) -> String {
        if path.isEmpty { return "/" }
        if service == "s3" { return path }
        var unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        unreserved.insert(charactersIn: "-._~/")
        return path.addingPercentEncoding(withAllowedCharacters: unreserved) ?? path
    }

    /// The pairs as they stand, sorted by name and then by value.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { pair -> (name: String, value: String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }.sorted { ($0.name, $0.value) < ($1.name, $1.value) }.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
}
