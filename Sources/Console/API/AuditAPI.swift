import GatewayCore
import Hummingbird
import Identifiers
import StrictJSON

/// Entries of the audit log, by place and by name.
struct AuditAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/audit/checkpoint", checkpoint),
            Route(.get, "/api/v1/audit/entries", list),
            Route(.get, "/api/v1/audit/entries/{entry}", show),
            Route(.get, "/api/v1/audit/search", search),
            // Public, as the API's own description is: it is the same for every gateway of this version.
            Route(.get, "/api/v1/audit/schema") { exchange in
                _ = try exchange.query()
                return .json(AuditSchema.document)
            },
        ]
    }

    private func admit(_ exchange: Exchange) async throws {
        let caller = try await backend.signIn(exchange)
        try await backend.admit(caller, .readAudit, on: ConsoleResource(.auditLog))
    }

    private func checkpoint(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        try await admit(exchange)
        let note = try await backend.auditCheckpoint() ?? ""
        // C2SP tlog-checkpoint: origin, tree size, root hash, then the signatures after an empty line.
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, let size = UInt64(lines[1]) else {
            throw Problem(
                .serviceUnavailable, "audit-unavailable", "The audit log has no checkpoint yet.",
                next: "Try again in a moment.")
        }
        return .json([
            "note": .string(note), "origin": .string(String(lines[0])), "size": .number(String(size)),
            "root_hash": .string(String(lines[2])),
        ])
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let query = try exchange.query("from", "limit", "cursor")
        if query["from"] != nil && query["cursor"] != nil {
            throw Problem.badRequest("from and cursor both say where to begin.", next: "Send one of them.")
        }
        let indices: ClosedRange<UInt64> = 0...UInt64(Int64.max)
        let first = try query.number("cursor", in: indices) ?? query.number("from", in: indices) ?? 0
        let limit = try query.number("limit", in: 1...200) ?? 50
        try await admit(exchange)
        let found = try await backend.auditEntries(from: first, limit: limit + 1)
        return .json(try Page(found, limit: limit) { String($0.index + 1) }.json("entries") { try $0.json() })
    }

    private func search(_ exchange: Exchange) async throws -> Response {
        let fields = try exchange.query(
            "caller", "target", "action", "rule", "decision", "kind", "session", "from", "to", "text", "limit",
            "cursor")
        let limit = try fields.number("limit", in: 1...200) ?? 50
        let before = try fields.number("cursor", in: 0...UInt64(Int64.max))
        let kinds = fields["kind"]?.split(separator: ",").map(String.init) ?? []
        if let fault = kinds.lazy.compactMap(EntryQuery.fault(inKind:)).first {
            throw Problem.badRequest("kind cannot be so: \(fault).", next: "/api/v1/audit/schema has all kinds.")
        }
        let (from, to) = try fields.period()
        var query = EntryQuery(
            kinds: kinds, caller: fields["caller"], target: fields["target"], action: fields["action"],
            rule: fields["rule"], decision: try fields.choice("decision", of: EntryQuery.Decision.self)?.rawValue,
            from: from,
            to: to, text: fields["text"])
        if let text = fields["session"] {
            query.session = UUIDv7(text)
            guard query.session != nil else {
                throw Problem.badRequest("\"\(text.prefix(64))\" is not the id of a session: a UUID is expected.")
            }
        }
        try await admit(exchange)
        let page: AuditSearch.Page
        do {
            page = try await backend.searchAudit(query, before: before, limit: limit)
        } catch let error as IndexError {
            throw Problem(indexUnavailable: error)
        }
        let found = try page.hits.compactMap { hit in
            try hit.index.map { try ConsoleAuditEntry(index: $0, bytes: hit.bytes).json() }
        }
        return .json([
            "entries": .array(found), "next_cursor": page.next.map { .string(String($0)) } ?? .null,
            "size": .number(String(page.treeSize)),
        ])
    }

    private func show(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        let name = exchange.parameters["entry"] ?? ""
        let digits = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let index = digits ? UInt64(name) : nil
        let id = UUIDv7(name)
        guard index != nil || id != nil else {
            throw Problem.badRequest("\"\(name.prefix(64))\" is neither the index nor the id of an entry.")
        }
        try await admit(exchange)
        var found: ConsoleAuditEntry?
        if let index { found = try await backend.auditEntry(at: index) }
        if let id { found = try await backend.auditEntry(id) }
        guard let found else { throw Problem.notFound("entry \(name)") }
        return .json(try found.json())
    }
}

extension Problem {
    /// The log is whole; what makes it fast to search is not there yet.
    init(indexUnavailable error: IndexError) {
        let detail =
            if case .behind = error { "\(error)." } else { "The index of the audit log cannot be used just now." }
        self.init(
            .serviceUnavailable, "index-unavailable", detail,
            next: "Try again in a moment; the gateway makes its index anew when it has to.")
    }
}

extension ConsoleAuditEntry {
    fileprivate func json() throws -> JSONValue {
        ["index": .number(String(index)), "entry": try JSONValue(parsing: bytes, within: .ownRecord)]
    }
}
