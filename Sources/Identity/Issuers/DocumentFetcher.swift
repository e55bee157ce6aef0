import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat

/// A document that an issuer publishes.
public struct FetchedDocument: Sendable {
    public let bytes: [UInt8]
    /// How long the issuer says it may be kept; `nil` when it does not say.
    public let maximumAge: Duration?

    public init(bytes: [UInt8], maximumAge: Duration?) {
        self.bytes = bytes
        self.maximumAge = maximumAge
    }
}

/// Fetches discovery documents and key sets.
public protocol DocumentFetcher: Sendable {
    /// - Throws: `DocumentError` when `url` gives no document.
    func fetch(_ url: String) async throws -> FetchedDocument
}

public enum DocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Only `https`, or `http` on this machine itself.
    case insecure(String)
    case status(Int, url: String)
    case tooLarge(url: String)
    case unreachable(url: String, String)
    /// Not what an issuer publishes there.
    case malformed(url: String, String)

    public var description: String {
        switch self {
        case .insecure(let url): "\(url) is neither https nor on this machine"
        case .status(let status, let url): "\(url) answered with status \(status)"
        case .tooLarge(let url): "\(url) is larger than \(HTTPDocumentFetcher.largestDocument) bytes"
        case .unreachable(let url, let detail): "\(url) cannot be reached (\(detail))"
        case .malformed(let url, let detail): "\(url) is not as expected: \(detail)"
        }
    }
}

/// Fetches over HTTPS (HTTP on loopback), follows no redirect, and bounds time and size.
public struct HTTPDocumentFetcher: DocumentFetcher {
    static let largestDocument = 1 << 20
    private let client: HTTPClient

    /// - Parameter client: One that follows no redirects; it stays the caller's to shut down.
    public init(client: HTTPClient) { self.client = client }

    public func fetch(_ url: String) async throws -> FetchedDocument {
        guard Self.isAcceptable(url) else { throw DocumentError.insecure(url) }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/json")
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .seconds(10))
        } catch let error as IOError {
            throw DocumentError.unreachable(url: url, String(cString: strerror(error.errnoCode)))
        } catch {
            throw DocumentError.unreachable(url: url, "\(error)")
        }
        guard response.status == .ok else { throw DocumentError.status(Int(response.status.code), url: url) }
        let body: ByteBuffer
        do {
            body = try await response.body.collect(upTo: Self.largestDocument)
        } catch is NIOTooManyBytesError {
            throw DocumentError.tooLarge(url: url)
        } catch {
            throw DocumentError.unreachable(url: url, "\(error)")
        }
        return FetchedDocument(
            bytes: Array(body.readableBytesView), maximumAge: Self.maximumAge(response.headers["Cache-Control"]))
    }

    /// RFC 9111: `max-age` in seconds; `no-store` and `no-cache` are an age of nothing.
    static func maximumAge(_ cacheControl: [String]) -> Duration? {
        for directive in cacheControl.joined(separator: ",").lowercased().split(separator: ",") {
            let word = directive.trimmingCharacters(in: .whitespaces)
            if word == "no-store" || word == "no-cache" { return .zero }
            if word.hasPrefix("max-age="), let seconds = Int(word.dropFirst(8)) { return .seconds(seconds) }
        }
        return nil
    }

    /// `https`, or `http` to a loopback address.
    public static func isAcceptable(_ url: String) -> Bool {
        guard let parsed = URL(string: url), let host = parsed.host else { return false }
        if parsed.scheme == "https" { return true }
        return parsed.scheme == "http"
            && (host == "localhost" || host == "::1" || host == "[::1]" || isLoopbackIPv4(host))
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
