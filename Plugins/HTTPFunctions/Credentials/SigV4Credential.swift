import Crypto
import Foundation
import Identifiers
import NIOCore

/// AWS Signature Version 4 (AWS General Reference, "Signing AWS API requests"): Lambda function URLs, API Gateway and
/// the Invoke API.
struct SigV4Credential: CredentialSource {
    let service: String
    let region: String
    let accessKeyID: CredentialSecret
    let secretAccessKey: CredentialSecret
    let sessionToken: CredentialSecret?

    func prepare(_ request: OutgoingRequest, on eventLoop: any EventLoop) -> CredentialProgress {
        var request = request
        let token = sessionToken?.current
        let secret = secretAccessKey.current
        Self.sign(
            &request, service: service, region: region, accessKeyID: accessKeyID.current, secretAccessKey: secret,
            sessionToken: token, at: .now)
        return .applied(PreparedRequest(request: request, secrets: UpstreamSecrets([secret, token ?? ""])))
    }

    /// Sets `X-Amz-Date`, `X-Amz-Content-Sha256`, `X-Amz-Security-Token` where there is one, and `Authorization`.
    static func sign(
        _ request: inout OutgoingRequest, service: String, region: String, accessKeyID: String,
        secretAccessKey: String, sessionToken: String?, at time: Timestamp
    ) {
        // 20260102T030405Z of 2026-01-02T03:04:05.678Z
        let text = time.description
        let date = "\(text.prefix(19).filter { $0 != "-" && $0 != ":" })Z"
        let day = String(date.prefix(8))
        let bodyDigest = request.bodyDigest
        request.set("X-Amz-Date", date)
        request.set("X-Amz-Content-Sha256", bodyDigest)
        if let sessionToken { request.set("X-Amz-Security-Token", sessionToken) }

        let signed = signedFields(request)
        let names = signed.map(\.name).joined(separator: ";")
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let canonical = [
            request.method, canonicalPath(String(parts[0])),
            canonicalQuery(parts.count > 1 ? String(parts[1]) : ""),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, bodyDigest,
        ].joined(separator: "\n")
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(hex(SHA256.hash(data: Data(canonical.utf8))))"
        var key = SymmetricKey(data: Data("AWS4\(secretAccessKey)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key))
        }
        let signature = hex(HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: key))
        request.set(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)")
    }

    /// `Host`, the content type and everything of AWS's own; what a proxy on the way may change is left out.
    private static func signedFields(_ request: OutgoingRequest) -> [(name: String, value: String)] {
        var fields = [(name: "host", value: request.authority)]
        for field in request.fields {
            let name = field.name.lowercased()
            guard name == "content-type" || name.hasPrefix("x-amz-") else { continue }
            let value = field.value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
            if let same = fields.firstIndex(where: { $0.name == name }) {
                fields[same].value += ",\(value)"
            } else {
                fields.append((name, value))
            }
        }
        return fields.sorted { $0.name < $1.name }
    }

    /// Every service but S3 encodes the path, which is percent-encoded already, once more.
    private static func canonicalPath(_ path: String) -> String {
        var unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        unreserved.insert(charactersIn: "-._~/")
        return path.isEmpty ? "/" : path.addingPercentEncoding(withAllowedCharacters: unreserved) ?? path
    }

    /// The pairs as they stand, sorted by name and then by value.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { pair -> (name: String, value: String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }.sorted { ($0.name, $0.value) < ($1.name, $1.value) }.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
