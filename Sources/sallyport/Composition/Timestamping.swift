import AsyncHTTPClient
import Audit
import Foundation
import Identifiers
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Has a time-stamping authority (RFC 3161) stamp the log's checkpoints, so that nobody who has the keys can say that the
/// log was other than it was at that time.
///
/// Commands do not wait for it, and a gateway whose authority is away goes on: the next stamp covers all that came
/// meanwhile.
final class Timestamping: Service {
    struct Settings: Sendable {
        let url: String
        /// PEM file of the certificate authorities to trust at an https URL; `nil` for the system's.
        let authorities: String?
        let interval: Duration
    }

    /// How soon an authority that failed is asked again, where the interval is longer.
    private static let patience = Duration.seconds(60)
    private static let largestAnswer = 1 << 18
    private static let longestAnswer = Duration.seconds(30)

    private let settings: Settings
    private let directory: String
    private let client: HTTPClient
    private let checkpoint: @Sendable () -> SignedCheckpoint?
    private let logger: Logger
    private let problem = Mutex<String?>(nil)

    /// - Parameter checkpoint: The newest one that strangers are shown.
    init(
        _ settings: Settings, directory: String, client: HTTPClient, logger: Logger,
        checkpoint: @escaping @Sendable () -> SignedCheckpoint?
    ) {
        self.settings = settings
        self.directory = directory
        self.client = client
        self.logger = logger
        self.checkpoint = checkpoint
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: await self.round())
            }
        }
    }

    /// Stamps the newest checkpoint when it is due; returns how long to wait until the next look.
    private func round() async -> Duration {
        do {
            let stamps = CheckpointStamps(directory: directory)
            let newest = try await NIOThreadPool.singleton.runIfActive { try stamps.newest() }
            if let newest {
                let rest = newest.token.time.adding(settings.interval).duration(since: .now)
                // A stamp that is further ahead is of an authority whose clock is, or ours was set back: it is not
                // waited for.
                if rest > .zero, rest <= settings.interval { return rest }
            }
            guard let checkpoint = self.checkpoint(), checkpoint.treeSize > newest?.treeSize ?? 0 else {
                return min(.seconds(1), settings.interval)
            }
            let answer = try await answer(for: checkpoint)
            let token = try TimestampToken(response: answer, for: checkpoint.bytes)
            try await NIOThreadPool.singleton.runIfActive { try stamps.store(answer, for: checkpoint) }
            settle(nil)
            logger.debug("stamped", metadata: ["entries": "\(checkpoint.treeSize)", "time": "\(token.time)"])
            return settings.interval
        } catch {
            settle(error is TimestampError || error is AuditError ? "\(error)" : CommandHTTP.reason(error))
            return min(Self.patience, settings.interval)
        }
    }

    /// The authority's answer, whole and in time: the client's own limit is for the answer's head.
    private func answer(for checkpoint: SignedCheckpoint) async throws -> [UInt8] {
        do {
            return try await within(Self.longestAnswer) { try await self.ask(for: checkpoint) }
        } catch is DeadlineExceeded {
            throw TimestampError.malformed("it does not come to its end within \(Self.longestAnswer)")
        }
    }

    private func ask(for checkpoint: SignedCheckpoint) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/timestamp-query")
        request.body = .bytes(TimestampToken.request(for: checkpoint.bytes))
        let answer = try await client.execute(request, timeout: .seconds(20))
        guard answer.status == .ok, answer.headers.first(name: "Content-Type") == "application/timestamp-reply" else {
            throw TimestampError.malformed(
                "it has the status \(answer.status.code) and the type \(answer.headers.first(name: "Content-Type") ?? "none")"
            )
        }
        return Array(try await answer.body.collect(upTo: Self.largestAnswer).readableBytesView)
    }

    /// A problem is logged when it comes and when it goes.
    private func settle(_ new: String?) {
        let before = problem.withLock { problem in
            defer { problem = new }
            return problem
        }
        guard before != new else { return }
        let metadata: Logger.Metadata = ["authority": "\(settings.url)"]
        if let new {
            logger.error("the log is not time-stamped: \(new); calls go on", metadata: metadata)
        } else {
            logger.notice("the log is time-stamped again", metadata: metadata)
        }
    }
}

extension Examination {
    /// Whether the log is stamped as often as it is configured to be.
    static func timestamps(_ configuration: GatewayConfiguration) -> [Diagnosis] {
        guard let settings = configuration.audit.timestamping else { return [] }
        let advice = "see whether \(settings.url) answers; the gateway's messages say why it did not"
        do {
            guard let newest = try CheckpointStamps(directory: configuration.auditDirectory).newest() else {
                return FileManager.default.fileExists(atPath: "\(configuration.auditDirectory)/checkpoint")
                    ? [.warn("audit", "the log has no time stamp yet", advice)] : []
            }
            let text = "entries up to \(newest.treeSize) were time-stamped at \(newest.token.time)"
            let size = try AuditReader(directory: configuration.auditDirectory).checkpoint().treeSize
            let age = Timestamp.now.duration(since: newest.token.time)
            if age < .seconds(-300) {
                return [
                    .warn(
                        "audit", "\(text), which is later than now",
                        "see whether the clock of this machine or of the authority is wrong")
                ]
            }
            if size > newest.treeSize, age > settings.interval * 2 + .seconds(60) {
                return [.warn("audit", "\(text), and the \(size - newest.treeSize) since then are not", advice)]
            }
            return [.ok("audit", text)]
        } catch {
            return [.fail("audit", "the time stamps cannot be read: \(error)", "look at the folder's permissions")]
        }
    }
}
