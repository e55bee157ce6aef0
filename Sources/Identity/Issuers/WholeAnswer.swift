import AsyncHTTPClient
import Identifiers
import NIOCore

/// An answer of which the last byte is there.
public struct WholeAnswer: Sendable {
    public let status: UInt
    /// The values of `Cache-Control`.
    public let cacheControl: [String]
    public let body: ByteBuffer
}

extension HTTPClient {
    /// Sends a request and reads its answer to the end. The client's own timeout ends with the answer's head: a server
    /// that stops in the body would be waited for without end.
    ///
    /// - Parameters:
    ///   - size: Bytes of the body; more is a `NIOTooManyBytesError`.
    ///   - limit: From now to the last byte; later is `HTTPClientError.deadlineExceeded`.
    public func wholeAnswer(
        to request: HTTPClientRequest, upTo size: Int, within limit: Duration
    ) async throws -> WholeAnswer {
        do {
            return try await Identifiers.within(limit) {
                let response = try await self.execute(request, deadline: .distantFuture)
                return WholeAnswer(
                    status: response.status.code, cacheControl: response.headers["Cache-Control"],
                    body: try await response.body.collect(upTo: size))
            }
        } catch is DeadlineExceeded {
            throw HTTPClientError.deadlineExceeded
        }
    }
}
