import Audit
import GatewayCore
import Logging
import NIOPosix
import ServiceLifecycle

/// Follows the signed log into the session index.
struct SessionIndexer: Service {
    let index: SessionIndex
    let reader: AuditReader
    let logger: Logger
    /// Entries taken over at once.
    private static let batch = 4096

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
            guard start < size else { return [AuditEntry]() }
            var cursor = try reader.entries(in: start..<min(size, start + UInt64(Self.batch)))
            var entries: [AuditEntry] = []
            while let entry = try cursor.next() { entries.append(entry) }
            return entries
        }
        guard !entries.isEmpty else { return false }
        try await index.add(entries, from: start)
        return true
    }
}
