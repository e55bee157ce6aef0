import AsyncHTTPClient
import Crypto
import Foundation
import Identifiers
import NIOCore
import NIOHTTP1
import SigV4
import Vault

/// A bucket of S3, or of what speaks like it, that holds what is put into it until a date: Object Lock.
public struct ObjectStore: Sendable {
    public struct Options: Sendable {
        /// The bucket is addressed by path.
        public var endpoint: StoreEndpoint
        public var bucket: String
        public var region: String
        /// Before each key, without a slash at its end; may be empty.
        public var prefix: String
        /// For how long nobody, not even the account's owner, can delete or change what was put (mode COMPLIANCE).
        public var retention: Duration
        /// Bytes of the largest object that is put in one request; what is larger is put in parts of this size.
        public var partSize: UInt64
        /// Asked for before each request, so that keys can change.
        public var credentials: @Sendable () throws -> (id: String, key: String, token: String?)

        public init(
            endpoint: StoreEndpoint, bucket: String, region: String, prefix: String, retention: Duration,
            partSize: UInt64,
            credentials: @escaping @Sendable () throws -> (id: String, key: String, token: String?)
        ) {
            self.endpoint = endpoint
            self.bucket = bucket
            self.region = region
            self.prefix = prefix
            self.retention = retention
            self.partSize = partSize
            self.credentials = credentials
        }
    }

    let options: Options
    private let client: HTTPClient

    /// - Parameter client: One that follows no redirects.
    public init(_ options: Options, client: HTTPClient) {
        self.options = options
        self.client = client
    }

    /// Throws unless the bucket has Object Lock: without it, what is put there can be deleted like anything else.
    func requireObjectLock() async throws(SinkError) {
        let (answer, text) = try await execute(.GET, "/\(options.bucket)?object-lock=", fields: [], .bytes([]))
        guard answer.status == .ok, text.contains("<ObjectLockEnabled>Enabled</ObjectLockEnabled>") else {
            throw .refused(
                "the bucket \(options.bucket) has no Object Lock (\(answer.status.code)): make one with it, "
                    + "it cannot be given to every store's buckets later")
        }
    }

    enum Body {
        case bytes([UInt8])
        case evidence(EvidencePart)

        var digest: [UInt8] {
            switch self {
            case .bytes(let bytes): Array(SHA256.hash(data: bytes))
            case .evidence(let part): part.digest
            }
        }
    }

    /// Puts an object under lock; returns when the store has it. A key that is there gets a further version, and the
    /// earlier ones stay.
    ///
    /// - Parameter key: Below the prefix; letters, digits and `-._/`.
    func put(_ key: String, _ body: Body, type: String) async throws(SinkError) {
        let path = path(of: key)
        let (answer, text) = try await execute(
            .PUT, path, fields: [("Content-Type", type), Self.checksum(of: body)] + lock, body)
        guard answer.status == .ok else { throw Self.failure(answer, text, "PUT of \(path)") }
        try requireVersion(answer)
    }

    /// Whether an object is there. Whoever may only write is not told, and puts it again.
    func holds(_ key: String) async throws(SinkError) -> Bool {
        let path = path(of: key)
        let (answer, text) = try await execute(.HEAD, path, fields: [], .bytes([]))
        switch answer.status {
        case .ok: return true
        case .notFound, .forbidden: return false
        default: throw Self.failure(answer, text, "HEAD of \(path)")
        }
    }

    /// The target of requests for an object.
    func path(of key: String) -> String {
        "/\(options.bucket)/\(options.prefix.isEmpty ? key : "\(options.prefix)/\(key)")"
    }

    /// What has the store lock an object.
    var lock: [(name: String, value: String)] {
        [
            ("x-amz-object-lock-mode", "COMPLIANCE"),
            ("x-amz-object-lock-retain-until-date", Timestamp.now.adding(options.retention).description),
        ]
    }

    /// What has the store check that it got what was meant.
    static func checksum(of body: Body) -> (name: String, value: String) {
        ("x-amz-checksum-sha256", Data(body.digest).base64EncodedString())
    }

    func requireVersion(_ answer: HTTPClientResponse) throws(SinkError) {
        guard let version = answer.headers.first(name: "x-amz-version-id"), version != "null" else {
            throw .refused("the bucket \(options.bucket) keeps no versions, so it locks nothing")
        }
    }

    func execute(
        _ method: HTTPMethod, _ target: String, fields: [(name: String, value: String)], _ body: Body
    ) async throws(SinkError) -> (HTTPClientResponse, String) {
        let signer: SigV4Signer
        do {
            let credentials = try options.credentials()
            signer = SigV4Signer(
                service: "s3", region: options.region, accessKeyID: credentials.id, secretAccessKey: credentials.key,
                sessionToken: credentials.token)
        } catch {
            throw .local("the store's credentials cannot be read: \(error)")
        }
        let signed = SigV4Request(
            method: method.rawValue, authority: options.endpoint.authority, target: target, fields: fields,
            bodyDigest: body.digest.hexadecimal)
        var request = HTTPClientRequest(url: "\(options.endpoint.url)\(target)")
        request.method = method
        for field in fields + signer.fields(for: signed, at: .now) {
            request.headers.add(name: field.name, value: field.value)
        }
        var limit = Duration.seconds(60)
        switch body {
        case .bytes(let bytes): if !bytes.isEmpty { request.body = .bytes(bytes) }
        case .evidence(let part):
            request.body = .stream(part, length: .known(Int64(part.range.count)))
            // A slow line: 1 MiB/s.
            limit = .seconds(60 + Int64(part.range.count >> 20))
        }
        let ready = request
        do {
            return try await within(limit) { [client] in
                let answer = try await client.execute(ready, deadline: .distantFuture)
                return (answer, String(buffer: try await answer.body.collect(upTo: 1 << 16)))
            }
        } catch {
            throw .unreachable("\(options.endpoint.url) cannot be reached: \(error)")
        }
    }

    static func failure(_ answer: HTTPClientResponse, _ text: String, _ what: String) -> SinkError {
        let code = text.firstMatch(of: /<Code>([^<]*)<\/Code>/).map { " \($0.1)" } ?? ""
        let reason = "the store refused the \(what): \(answer.status.code)\(code)"
        if let wait = RetryAfter.duration(answer.headers.first(name: "Retry-After")) {
            return .busy(reason, retryAfter: wait)
        }
        return .refused(reason)
    }
}
