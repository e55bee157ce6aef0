import Foundation
import Identifiers
import StrictJSON

/// Signing in on another device (RFC 8628): a code is shown here, and confirmed in a browser anywhere.
public struct DeviceAuthorization: Sendable {
    /// What a person has to be shown, and how the issuer wants to be asked.
    public struct Pending: Sendable {
        public let verificationURI: String
        /// The same with the code in it, where the issuer offers that.
        public let verificationURIComplete: String?
        public let userCode: String
        public let expiresAt: Timestamp
        public let interval: Duration
        let deviceCode: String
    }

    private static let grantType = "urn:ietf:params:oauth:grant-type:device_code"
    /// Attempts in succession that may fail on the way to the issuer (RFC 8628 section 3.5 has us go on, more slowly).
    private static let mostFailures = 3
    private static let longestInterval: Duration = .seconds(60)

    private let url: String
    private let endpoint: IssuerTokenEndpoint
    private let scopes: [String]
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - url: The device authorization endpoint.
    ///   - now: The clock, for tests.
    ///   - sleep: Waits, for tests.
    /// - Throws: `DeviceAuthorizationError.notOffered` when the issuer's metadata name no endpoint for it.
    public init(
        metadata: IssuerMetadata, endpoint: IssuerTokenEndpoint, scopes: [String],
        now: @escaping @Sendable () -> Timestamp = { .now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws(DeviceAuthorizationError) {
        guard let url = metadata.deviceAuthorizationEndpoint else { throw .notOffered(metadata.issuer) }
        self.url = url
        self.endpoint = endpoint
        self.scopes = scopes
        self.now = now
        self.sleep = sleep
    }

    /// Asks for a code (RFC 8628 section 3.1).
    public func begin() async throws(DeviceAuthorizationError) -> Pending {
        let answer: JSONValue
        do {
            // The standard has no grant_type here, but Glewlwyd wants one, and others ignore what they do not know.
            answer = try await endpoint.post(
                [("scope", scopes.joined(separator: " ")), ("grant_type", "device_authorization")], to: url)
        } catch {
            throw Self.failure(error)
        }
        if let code = answer["error"]?.string { throw .refused(code, answer["error_description"]?.string) }
        guard let deviceCode = answer["device_code"]?.string, let userCode = answer["user_code"]?.string,
            let page = answer["verification_uri"]?.string ?? answer["verification_url"]?.string
        else { throw .unusable("\(url) gave no device code") }
        let complete = answer["verification_uri_complete"]?.string
        // They are shown on terminals, by programs that pass them on as they are.
        guard [page, userCode, complete ?? ""].allSatisfy(Self.isPlain) else {
            throw .unusable("\(url) gave a code or an address with control characters")
        }
        return Pending(
            verificationURI: page, verificationURIComplete: complete, userCode: userCode,
            expiresAt: now().adding(.seconds(min(3600, max(1, answer["expires_in"]?.integer ?? 600)))),
            interval: .seconds(min(60, max(1, answer["interval"]?.integer ?? 5))), deviceCode: deviceCode)
    }

    /// Waits until the person has confirmed the code, has refused, or it has expired. Cancelling the task ends it.
    public func grant(for pending: Pending) async throws(DeviceAuthorizationError) -> IssuerTokenEndpoint.Grant {
        var interval = pending.interval
        var failures = 0
        while now() < pending.expiresAt {
            let answer: IssuerTokenEndpoint.Answer
            do {
                try await sleep(interval)
                answer = try await endpoint.ask(Self.grantType, [("device_code", pending.deviceCode)])
            } catch {
                failures += 1
                guard failures < Self.mostFailures, Self.mayPass(error) else { throw Self.failure(error) }
                interval = min(Self.longestInterval, interval * 2)
                continue
            }
            failures = 0
            switch answer {
            case .granted(let grant): return grant
            case .refused("authorization_pending", _): continue
            // Section 3.5: five seconds more, from now on.
            case .refused("slow_down", _): interval += .seconds(5)
            case .refused("access_denied", _): throw .denied
            case .refused("expired_token", _): throw .expired
            case .refused(let code, let text): throw .refused(code, text)
            }
        }
        throw .expired
    }

    /// The ID token of `grant(for:)`, not verified.
    public func token(for pending: Pending) async throws(DeviceAuthorizationError) -> String {
        try await grant(for: pending).idToken
    }

    /// Whether another attempt may do better.
    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case DocumentError.unreachable: true
        case DocumentError.status(let status, _): status == 429 || status >= 500
        default: false
        }
    }

    private static func failure(_ error: any Error) -> DeviceAuthorizationError {
        switch error {
        case is CancellationError: .cancelled
        case DocumentError.malformed, DocumentError.tooLarge, DocumentError.insecure: .unusable("\(error)")
        default: Task.isCancelled ? .cancelled : .unreachable("\(error)")
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 2048
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                    false
                default: true
                }
            }
    }
}
