import AsyncHTTPClient
import Foundation
import Identifiers
import NIOCore
import NIOHTTP1

/// Posts batches to a collector over HTTPS: NDJSON, or one JSON array.
///
/// An answer 2xx is the acknowledgement. Everything else is tried again: no entry is skipped because a collector does
/// not like it.
public final class CollectorTransport: LineTransport {
    public enum Body: String, Sendable, CaseIterable {
        case ndjson
        case array
    }

    public struct Options: Sendable {
        public var url: String
        public var body: Body
        /// `application/x-ndjson` and `application/json` where the lines are JSON, else plain text.
        public var isJSON: Bool
        /// More fields, e.g. `Authorization`; asked for before each request, so that secrets can change.
        public var fields: @Sendable () throws -> [(name: String, value: String)]
        /// The log's origin, part of each batch's name.
        public var origin: String
        public var timeout = Duration.seconds(30)

        public init(
            url: String, body: Body, isJSON: Bool, origin: String,
            fields: @escaping @Sendable () throws -> [(name: String, value: String)]
        ) {
            self.url = url
            self.body = body
            self.isJSON = isJSON
            self.origin = origin
            self.fields = fields
        }
    }

    private let options: Options
    private let client: HTTPClient

    /// - Parameter client: One that follows no redirects.
    public init(_ options: Options, client: HTTPClient) {
        self.options = options
        self.client = client
    }

    public var type: String { "https" }

    public func send(_ batch: LineBatch) async throws {
        var request = HTTPClientRequest(url: options.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: contentType)
        // The same batch has the same name when it is sent again (draft-ietf-httpapi-idempotency-key-header).
        request.headers.add(
            name: "Idempotency-Key",
            value: "\"\(options.origin):\(batch.entries.lowerBound)-\(batch.entries.upperBound)\"")
        do {
            for field in try options.fields() { request.headers.replaceOrAdd(name: field.name, value: field.value) }
        } catch {
            throw SinkError.local("the collector's field cannot be made: \(error)")
        }
        request.body = .bytes(body(of: batch))
        let ready = request
        let answer: HTTPClientResponse
        do {
            answer = try await within(options.timeout) { [client] in
                let answer = try await client.execute(ready, deadline: .distantFuture)
                // The connection is used again only when the answer is read to its end. What is in it decides nothing.
                _ = try? await answer.body.collect(upTo: 1 << 16)
                return answer
            }
        } catch {
            throw SinkError.unreachable("\(receiver) cannot be reached: \(error)")
        }
        switch answer.status.code {
        case 200..<300: return
        case 413: throw BatchTooLarge()
        default:
            let reason = "\(receiver) answered \(answer.status.code) \(answer.status.reasonPhrase)"
            if let wait = RetryAfter.duration(answer.headers.first(name: "Retry-After")) {
                throw SinkError.busy(reason, retryAfter: wait)
            }
            throw SinkError.refused(reason)
        }
    }

    /// Whom messages name: of a URL the rest may hold a secret.
    private var receiver: String {
        guard let url = URLComponents(string: options.url), let host = url.host else { return "the collector" }
        return "\(url.scheme ?? "https")://\(host)\(url.port.map { ":\($0)" } ?? "")"
    }

    private var contentType: String {
        guard options.isJSON else { return "text/plain; charset=utf-8" }
        return options.body == .array ? "application/json" : "application/x-ndjson"
    }

    private func body(of batch: LineBatch) -> [UInt8] {
        let isArray = options.body == .array && options.isJSON
        var bytes: [UInt8] = isArray ? [UInt8(ascii: "[")] : []
        for (number, line) in batch.lines.enumerated() {
            if isArray, number > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += line.bytes
            if !isArray { bytes.append(0x0a) }
        }
        if isArray { bytes.append(UInt8(ascii: "]")) }
        return bytes
    }
}
