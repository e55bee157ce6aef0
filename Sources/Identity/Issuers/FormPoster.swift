import AsyncHTTPClient
import Foundation
import NIOCore

/// Posts forms to an issuer's endpoints.
public protocol FormPoster: Sendable {
    /// - Returns: The answer, whatever its status.
    /// - Throws: `DocumentError` when there is none.
    func post(_ fields: [(String, String)], to url: String) async throws -> (status: Int, body: [UInt8])
}

/// Posts over HTTPS (HTTP on loopback), follows no redirect, and bounds time and size.
public struct HTTPFormPoster: FormPoster {
    private let client: HTTPClient
    private let limit: Duration

    /// - Parameter client: One that follows no redirects; it stays the caller's to shut down.
    public init(client: HTTPClient, within limit: Duration = .seconds(20)) {
        self.client = client
        self.limit = limit
    }

    public func post(_ fields: [(String, String)], to url: String) async throws -> (status: Int, body: [UInt8]) {
        guard HTTPDocumentFetcher.isAcceptable(url) else { throw DocumentError.insecure(url) }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Accept", value: "application/json")
        request.body = .bytes(ByteBuffer(string: Self.encode(fields)))
        do {
            let answer = try await client.wholeAnswer(
                to: request, upTo: HTTPDocumentFetcher.largestDocument, within: limit)
            return (Int(answer.status), Array(answer.body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch let error as IOError {
            throw DocumentError.unreachable(url: url, String(cString: strerror(error.errnoCode)))
        } catch is NIOTooManyBytesError {
            throw DocumentError.tooLarge(url: url)
        } catch {
            throw DocumentError.unreachable(url: url, "\(error)")
        }
    }

    /// As `application/x-www-form-urlencoded`; of all characters only the unreserved ones (RFC 3986) stay.
    public static func encode(_ fields: [(String, String)]) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }
        return fields.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
    }
}
