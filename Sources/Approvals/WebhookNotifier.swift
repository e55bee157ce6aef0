import AsyncHTTPClient
import Crypto
import Foundation
import Identifiers
import Logging
import ServiceLifecycle
import Synchronization

/// Tells a chat tool of tickets: one signed POST for each that was opened, decided or expired.
///
/// Telling never delays or changes a decision. Deliveries wait in a bounded queue, in order; what fails is tried again
/// with growing pauses, and what does not fit or never succeeds is dropped and logged: the tickets themselves, the
/// console and the audit log do not depend on it. A delivery keeps its id over all attempts, so that a receiver can
/// tell a repetition.
public final class WebhookNotifier: ApprovalNotifier, Service {
    public struct Options: Sendable {
        /// Where to POST: `https`, or `http` for this machine itself.
        public var url: String
        /// Shared with the receiver, at least 16 bytes; asked for at each attempt, so that a new one needs no restart.
        public var secret: @Sendable () throws -> SymmetricKey
        /// The base of links to tickets, without a slash at its end.
        public var consoleURL: String
        /// Passes the summary and justifications on, with regulated values taken out; `nil` leaves these texts out.
        public var text: (@Sendable (String) -> String)?
        /// Deliveries that may wait.
        public var queueLimit = 1000
        public var attempts = 8
        /// The pause before the second attempt; it doubles, up to `longestPause`.
        public var firstPause: Duration = .seconds(1)
        public var longestPause: Duration = .seconds(60)
        /// For one attempt, from dialing to the status line.
        public var timeout: Duration = .seconds(10)

        public init(url: String, consoleURL: String, secret: @escaping @Sendable () throws -> SymmetricKey) {
            self.url = url
            self.consoleURL = consoleURL
            self.secret = secret
        }
    }

    /// What became of the deliveries so far.
    public struct Counts: Sendable, Hashable {
        public var delivered = 0
        /// Given up after the last attempt, or refused by the receiver for good.
        public var failed = 0
        /// Not queued, because the queue was full.
        public var dropped = 0
    }

    private struct Delivery: Sendable {
        let id: UUIDv7
        let event: ApprovalEvent
    }

    private let options: Options
    private let logger: Logger
    private let queue: AsyncStream<Delivery>
    private let entrance: AsyncStream<Delivery>.Continuation
    private let tally = Mutex(Counts())

    /// - Throws: `WebhookError` when the URL cannot be used.
    public init(_ options: Options, logger: Logger = Logger(label: "webhook")) throws(WebhookError) {
        try WebhookError.check(options.url)
        self.options = options
        self.logger = logger
        (queue, entrance) = AsyncStream.makeStream(
            of: Delivery.self, bufferingPolicy: .bufferingOldest(options.queueLimit))
    }

    public var counts: Counts { tally.withLock { $0 } }

    public func notify(_ event: ApprovalEvent) {
        guard event.kind != .redeemed, event.kind != .undone else { return }
        let delivery = Delivery(id: UUIDv7(milliseconds: event.time.milliseconds), event: event)
        if case .dropped = entrance.yield(delivery) {
            tally.withLock { $0.dropped += 1 }
            logger.warning("the webhook's queue is full, a notice was dropped", metadata: metadata(of: delivery))
        }
    }

    /// Delivers until the task is cancelled or the gateway stops; what then waits is not delivered.
    public func run() async throws {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(10))
        let client = HTTPClient(configuration: configuration)
        await cancelWhenGracefulShutdown {
            for await delivery in self.queue { await self.deliver(delivery, through: client) }
        }
        try await client.shutdown()
    }

    private func deliver(_ delivery: Delivery, through client: HTTPClient) async {
        guard
            let body = WebhookBody(
                delivery.event, delivery: delivery.id, consoleURL: options.consoleURL, text: options.text)
        else { return }
        var pause = options.firstPause
        for attempt in 1...max(1, options.attempts) {
            switch await post(body, id: delivery.id, through: client) {
            case .delivered:
                tally.withLock { $0.delivered += 1 }
                return
            case .refused(let why):
                giveUp(delivery, why)
                return
            case .failed(let why, let retryAfter):
                guard attempt < options.attempts, !Task.isCancelled else {
                    giveUp(delivery, why)
                    return
                }
                // Some disorder, so that several gateways do not come back together.
                let disorder = Double.random(in: 0.8...1.2)
                do { try await Task.sleep(for: max(pause * disorder, retryAfter)) } catch { return }
                pause = min(pause * 2, options.longestPause)
            }
        }
    }

    private enum Outcome {
        case delivered
        /// Trying again would not help.
        case refused(String)
        case failed(String, retryAfter: Duration)
    }

    private func post(_ body: WebhookBody, id: UUIDv7, through client: HTTPClient) async -> Outcome {
        let secret: SymmetricKey
        do { secret = try options.secret() } catch {
            return .failed("the secret cannot be read", retryAfter: .zero)
        }
        guard secret.bitCount >= 128 else { return .failed("the secret is shorter than 16 bytes", retryAfter: .zero) }
        var request = HTTPClientRequest(url: options.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Sallyport")
        request.headers.add(name: "Sallyport-Event", value: body.event)
        request.headers.add(name: "Sallyport-Delivery", value: id.description)
        request.headers.add(
            name: WebhookSignature.headerName, value: WebhookSignature.sign(body.bytes, at: .now, secret: secret))
        request.body = .bytes(body.bytes)
        do {
            let timeout = options.timeout.wholeMilliseconds
            let response = try await client.execute(request, timeout: .milliseconds(timeout))
            let status = response.status.code
            switch status {
            case 200..<300: return .delivered
            case 408, 425, 429, 500...:
                let wait = response.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 0
                let longest = options.longestPause.components.seconds
                return .failed("status \(status)", retryAfter: .seconds(min(max(Int64(wait), 0), longest)))
            default: return .refused("status \(status)")
            }
        } catch {
            return .failed(String(describing: error), retryAfter: .zero)
        }
    }

    private func giveUp(_ delivery: Delivery, _ why: String) {
        tally.withLock { $0.failed += 1 }
        var metadata = metadata(of: delivery)
        metadata["error"] = "\(why)"
        logger.error("a notice could not be delivered to the webhook", metadata: metadata)
    }

    private func metadata(of delivery: Delivery) -> Logger.Metadata {
        [
            "delivery": "\(delivery.id)", "ticket": "\(delivery.event.ticket.id)",
            "event": "\(delivery.event.kind.rawValue)",
        ]
    }
}

/// Why a webhook cannot be set up.
public enum WebhookError: Error, Sendable, Hashable, CustomStringConvertible {
    case notAURL(String)
    /// Without TLS, anybody on the way could read and repeat what is sent.
    case notEncrypted(String)

    public var description: String {
        switch self {
        case .notAURL(let url): "the webhook's URL \"\(url)\" is not a URL; write it as https://host/path"
        case .notEncrypted(let url):
            "the webhook's URL \"\(url)\" must begin with https:// (http:// is for this machine only)"
        }
    }

    static func check(_ text: String) throws(WebhookError) {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host(), !host.isEmpty,
            url.user() == nil
        else { throw .notAURL(text) }
        switch scheme {
        case "https": return
        case "http" where ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host.lowercased()): return
        case "http": throw .notEncrypted(text)
        default: throw .notAURL(text)
        }
    }
}
