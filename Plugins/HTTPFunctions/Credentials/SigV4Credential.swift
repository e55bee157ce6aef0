import Identifiers
import NIOCore
import SigV4

/// AWS Signature Version 4: Lambda function URLs, API Gateway and the Invoke API.
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

    /// Sets the fields that ``SigV4Signer`` says.
    static func sign(
        _ request: inout OutgoingRequest, service: String, region: String, accessKeyID: String,
        secretAccessKey: String, sessionToken: String?, at time: Timestamp
    ) {
        let signer = SigV4Signer(
            service: service, region: region, accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken)
        let signed = SigV4Request(
            method: request.method, authority: request.authority, target: request.target, fields: request.fields,
            bodyDigest: request.bodyDigest)
        for field in signer.fields(for: signed, at: time) { request.set(field.name, field.value) }
    }
}
