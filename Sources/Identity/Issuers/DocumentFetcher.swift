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
    private let limit: Duration

    /// - Parameters:
    ///   - client: One that follows no redirects; it stays the caller's to shut down.
    ///   - limit: For a whole document. Sign-ins wait for it.
    public init(client: HTTPClient, within limit: Duration = .seconds(10)) {
        self.client = client
        self.limit = limit
    }

    public func fetch(_ url: String) async throws -> FetchedDocument {
        guard Self.isAcceptable(url) else { throw DocumentError.insecure(url) }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/json")
        let answer: WholeAnswer
        do {
            answer = try await client.wholeAnswer(to: request, upTo: Self.largestDocument, within: limit)
        } catch let error as IOError {
            throw DocumentError.unreachable(url: url, String(cString: strerror(error.errnoCode)))
        } catch is NIOTooManyBytesError {
            throw DocumentError.tooLarge(url: url)
        } catch {
            throw DocumentError.unreachable(url: url, "\(error)")
        }
        guard answer.status == 200 else { throw DocumentError.status(Int(answer.status), url: url) }
        return FetchedDocument(
            bytes: Array(answer.body.readableBytesView), maximumAge: Self.maximumAge(answer.cacheControl))
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
