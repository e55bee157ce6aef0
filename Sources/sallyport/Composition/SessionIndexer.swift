import Audit
import GatewayCore
import Logging
import NIOPosix
import ServiceLifecycle
import StrictJSON

/// Follows the signed log into the session index.
struct SessionIndexer: Service {
    let index: SessionIndex
    let reader: AuditReader
    let logger: Logger
    /// Entries taken over at once.
    private static let batch = 1000

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    while try await catchUp() {}
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("the session index does not follow the log", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Takes over one batch; false when there was nothing more.
    func catchUp() async throws -> Bool {
        let start = try await index.nextEntry()
        let entries = try await NIOThreadPool.singleton.runIfActive { [reader] in
            let size = try reader.checkpoint().treeSize
            guard start < size else { return [JSONValue]() }
            var cursor = try reader.entries(in: start..<min(size, start + UInt64(Self.batch)))
            var values: [JSONValue] = []
            while let entry = try cursor.next() {
                // An entry that is not JSON is a matter for `audit verify`; here it only has to be counted.
                values.append((try? JSONValue(parsing: entry.bytes)) ?? .null)
            }
            return values
        }
        guard !entries.isEmpty else { return false }
        try await index.add(entries, from: start)
        return true
    }
}
