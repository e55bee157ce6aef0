import NIOHTTP1
import Synchronization

@testable import AuditSinks

/// A bucket with versions under Object Lock, as far as the sink asks for one: it keeps what is put into it, in its
/// order, and refuses the request that it is told to.
final class LockedBucket: Sendable {
    struct Put: Sendable {
        let key: String
        let fields: HTTPHeaders
        let bytes: [UInt8]
    }

    private let contents: Contents
    private let server: LoopbackServer

    /// - Parameter refused: Which PUT comes to nothing, counted from 0.
    init(refusing refused: Int? = nil) async throws {
        let contents = Contents(refused: refused)
        self.contents = contents
        server = try await LoopbackServer { contents.answer($0) }
    }

    /// What was put, the first of it first.
    var puts: [Put] { contents.puts }

    /// The newest version of each object.
    var objects: [String: [UInt8]] { Dictionary(puts.map { ($0.key, $0.bytes) }, uniquingKeysWith: { $1 }) }

    /// A sink of `log` and its recordings into this bucket that waits between no two rounds.
    func sink(_ log: DeliveredLog, retention: Duration = .seconds(86_400)) throws -> ObjectStoreSink {
        let options = ObjectStore.Options(
            endpoint: try StoreEndpoint(server.url), bucket: Contents.bucket, region: "us-east-1", prefix: "",
            retention: retention, partSize: 5 << 20
        ) { ("id", "key", nil) }
        return ObjectStoreSink(
            ObjectStore(options, client: LoopbackServer.client), auditDirectory: log.directory,
            stateDirectory: log.stateDirectory, interval: .zero, logger: DeliveredLog.logger)
    }

    func stop() async throws { try await server.stop() }

    private final class Contents: Sendable {
        static let bucket = "evidence"

        private struct State {
            var requests = 0
            var puts: [Put] = []
        }

        private let refused: Int?
        private let state = Mutex(State())

        init(refused: Int?) { self.refused = refused }

        var puts: [Put] { state.withLock { $0.puts } }

        func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
            let folder = "/\(Self.bucket)/"
            if request.method == .GET, request.target == "/\(Self.bucket)?object-lock=" {
                return LoopbackServer.Answer(body: "<ObjectLockEnabled>Enabled</ObjectLockEnabled>")
            }
            guard request.method == .PUT, request.target.hasPrefix(folder) else {
                return LoopbackServer.Answer(status: .notImplemented)
            }
            return state.withLock { state -> LoopbackServer.Answer in
                defer { state.requests += 1 }
                guard state.requests != refused else { return LoopbackServer.Answer(status: .serviceUnavailable) }
                state.puts.append(
                    Put(
                        key: String(request.target.dropFirst(folder.count)), fields: request.fields,
                        bytes: request.body))
                return LoopbackServer.Answer(fields: ["x-amz-version-id": "\(state.requests)"])
            }
        }
    }
}
