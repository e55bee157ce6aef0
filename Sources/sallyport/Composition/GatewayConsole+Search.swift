import Audit
import GatewayCore
import Identifiers
import NIOPosix
import Originals

/// What the console finds in the audit log.
extension GatewayConsole {
    /// Files of 256 entries that one request looks into at most: the next request goes on where it ended.
    private static let bundlesOfOneRequest = 1024

    func searchAudit(_ query: EntryQuery, before: UInt64?, limit: Int) async throws -> AuditSearch.Page {
        let search = AuditSearch(log: reader, index: index.index)
        return try await NIOThreadPool.singleton.runIfActive {
            try search.page(query, before: before, limit: limit, bundles: Self.bundlesOfOneRequest)
        }
    }

    func hasOriginals(of command: UUIDv7, part: Int, in session: UUIDv7) async throws -> Bool? {
        let (log, index) = (reader, index.index)
        let file = OriginalsStore.path(session: session, part: part)
        return try await NIOThreadPool.singleton.runIfActive {
            try SessionHistory(of: session, log: log, index: index).hasOriginals(of: command, in: file)
        }
    }

    func entries(of session: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let (log, index) = (reader, index.index)
        let history = try await NIOThreadPool.singleton.runIfActive {
            try SessionHistory(of: session, log: log, index: index)
        }
        return AsyncThrowingStream {
            try await NIOThreadPool.singleton.runIfActive {
                try history.next().map { entries in entries.flatMap { $0.bytes + [0x0a] } }
            }
        }
    }
}
