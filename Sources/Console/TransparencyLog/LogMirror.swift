import Foundation
import GatewayCore
import HTTPTypes
import Hummingbird

/// The files of the transparency log, for mirrors and monitors that speak C2SP tlog-tiles.
///
/// Checkpoints and hashes tell nothing about anybody, entries do: those are for callers who may read the audit log, the
/// others too unless the operator opened them.
struct LogMirror: Sendable {
    let backend: any ConsoleBackend
    let isOpen: Bool

    var routes: [Route] {
        [
            Route(.get, "/tlog/checkpoint", checkpoint),
            Route(.get, "/tlog/tile/{tile...}", tile),
        ]
    }

    private func checkpoint(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        try await admit(exchange, isPublic: true)
        guard let checkpoint = try await backend.auditCheckpoint() else {
            throw Problem.notFound("checkpoint that the witnesses cosigned", next: "Ask again once they did.")
        }
        return .bytes(Array(checkpoint.utf8), type: "text/plain; charset=utf-8")
    }

    private func tile(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let text = exchange.parameters["tile"] ?? ""
        guard let name = TileName(text) else {
            throw Problem.badRequest("\"\(text.prefix(128))\" is not the name of a tile.", next: "See C2SP tlog-tiles.")
        }
        try await admit(exchange, isPublic: name.level != nil)
        let path = "\(backend.auditDirectory)/\(name.path)"
        // At most 256 hashes, or 256 entries of 65,535 bytes.
        guard let bytes = try await Self.read(path) else { throw Problem.notFound("tile \(name.path)") }
        var response = Response.bytes(bytes, type: "application/octet-stream")
        // A tile never changes; only whether this caller may see it could.
        if isOpen && name.level != nil { response.headers[.cacheControl] = "public, max-age=31536000, immutable" }
        return response
    }

    private func admit(_ exchange: Exchange, isPublic: Bool) async throws {
        if isOpen && isPublic { return }
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .readAudit, on: ConsoleResource(.auditLog))
    }

    /// Off the event loop; `nil` when there is no such file.
    @concurrent private static func read(_ path: String) async throws -> [UInt8]? {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return nil
        }
    }
}
