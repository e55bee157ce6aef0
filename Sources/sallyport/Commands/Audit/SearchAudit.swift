import ArgumentParser
import Audit
import Foundation
import GatewayCore
import Identifiers
import StrictJSON

struct SearchAudit: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find entries of the audit log, newest first.",
        discussion: """
            Reads the log's files, by the index that the gateway keeps beside them; where that is missing or of another \
            log, every entry is looked at. What is found is always read from the log. With --console a gateway is asked \
            instead. A text is looked for in the entries as they stand: masked and redacted.
            """)

    @Option(help: "Only entries in which this text stands; upper and lower case differ.")
    var text: String?

    @Option(help: "How many at most.")
    var limit = 50

    @Option(help: ArgumentHelp("Only entries before this one, to go on where a search ended.", valueName: "index"))
    var before: UInt64?

    @Option(help: "The URL of a gateway's console, to ask it.")
    var console: String?

    @OptionGroup var wanted: EntryOptions
    @OptionGroup var period: PeriodOptions
    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func validate() throws { guard limit > 0 else { throw ValidationError("--limit is more than 0") } }

    func perform() async throws {
        let page = console == nil ? try local() : try await remote()
        let entries = page.hits.map { hit -> JSONValue in
            [
                "index": hit.index.map { .number(String($0)) } ?? .null,
                "entry": (try? JSONValue(parsing: hit.bytes, within: .ownRecord))
                    ?? .string(String(decoding: hit.bytes, as: UTF8.self)),
            ]
        }
        format.print(
            ["entries": .array(entries), "next": page.next.map { .number(String($0)) } ?? .null]
        ) {
            if entries.isEmpty { return "no entries" }
            var table = Table("INDEX", "TIME", "KIND", "CALLER", "TARGET", "RULE", "WHAT")
            for found in entries {
                guard let entry = found["entry"] else { continue }
                let line = EntryLine(entry)
                table.add(
                    found.text("index"), entry.text("time"), entry.text("kind"), line.caller, line.target, line.rule,
                    line.what)
            }
            return table.rendered(for: .output)
        }
        if entries.isEmpty, page.next == nil { wanted.noteNothingFound() }
        if let next = page.next, format.output == .text, !entries.isEmpty {
            Terminal.note("there may be more: --before \(next)")
        }
    }

    private var query: EntryQuery { wanted.query(in: period, text: text) }

    // MARK: In the files

    private func local() throws -> AuditSearch.Page {
        let log = AuditReader(directory: try location.resolvedDirectory())
        var progress = ProgressLine("searching")
        do {
            let path = try location.indexPath()
            do {
                let index = try AuditIndex.reading(path)
                let size = try log.checkpoint().treeSize
                let pending = try before == nil ? AuditSearch.pending(log, for: query, index: index) : []
                var page = try AuditSearch(log: log, index: index).page(query, before: before, limit: limit) {
                    progress.update(size - min($0, size), of: size)
                }
                progress.finish()
                page.prepend(Self.unsigned(pending, beside: page.hits), limit: limit)
                return page
            } catch let error as IndexError {
                Terminal.note("\(error); until then every entry is looked at")
            }
            let pending = try before == nil ? AuditSearch.pending(log, for: query, index: nil) : []
            var page = try AuditSearch.scan(log, for: query, before: before, limit: limit) {
                progress.update($0, of: $1)
            }
            progress.finish()
            page.prepend(Self.unsigned(pending, beside: page.hits), limit: limit)
            return page
        } catch let error as AuditError {
            progress.finish()
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
    }

    /// Those that were not signed meanwhile.
    private static func unsigned(_ pending: [AuditHit], beside signed: [AuditHit]) -> [AuditHit] {
        pending.filter { entry in !signed.contains { $0.bytes == entry.bytes } }
    }

    // MARK: At a console

    private func remote() async throws -> AuditSearch.Page {
        guard location.directory == nil else {
            throw CommandFailure("a console searches its own log: leave --directory out", status: .usage)
        }
        let url = try ConsoleConnection.url(console, config: location.config)
        let client = try await ConsoleClient(at: url, token: CredentialFile.token())
        var progress = ProgressLine("searching")
        defer { progress.finish() }
        var page = AuditSearch.Page()
        page.next = before
        repeat {
            let answer = try await client.get(
                "/api/v1/audit/search",
                query: [
                    ("caller", query.caller), ("target", query.target), ("action", query.action), ("rule", query.rule),
                    ("decision", query.decision),
                    ("kind", query.kinds.isEmpty ? nil : query.kinds.joined(separator: ",")),
                    ("session", query.session?.description), ("from", query.from?.description),
                    ("to", query.to?.description),
                    ("text", text), ("limit", String(min(200, limit - page.hits.count))),
                    ("cursor", page.next.map(String.init)),
                ])
            for found in answer["entries"]?.array ?? [] {
                page.hits.append(
                    AuditHit(
                        index: found["index"]?.integer.map { UInt64(clamping: $0) },
                        bytes: found["entry"]?.canonicalBytes ?? []))
            }
            page.next = answer["next_cursor"]?.string.flatMap { UInt64($0) }
            if let size = answer["size"]?.integer.map({ UInt64(clamping: $0) }), let next = page.next {
                progress.update(size - min(next, size), of: size)
            }
        } while page.next != nil && page.hits.count < limit
        return page
    }
}

extension AuditSearch.Page {
    /// Puts what is not signed yet before the newest; what then has no room comes with the next page.
    fileprivate mutating func prepend(_ pending: [AuditHit], limit: Int) {
        let signed = hits.prefix(max(0, limit - pending.count))
        if signed.count < hits.count { next = signed.last?.index ?? treeSize }
        hits = Array(pending.prefix(limit)) + signed
    }
}

extension AuditLocation {
    /// Where the index of the log is: beside it, as a gateway keeps both.
    func indexPath() throws -> String {
        if let directory {
            return URL(fileURLWithPath: directory).deletingLastPathComponent().appendingPathComponent("index.sqlite")
                .path
        }
        return try configuration().indexPath
    }
}

/// What of an entry stands on one line.
private struct EntryLine {
    private let entry: JSONValue

    init(_ entry: JSONValue) { self.entry = entry }

    var caller: String {
        ["caller", "actor", "requester"].lazy.map { entry.party($0) }.first { $0 != "-" } ?? "-"
    }

    var target: String { entry["target"]?.text("name") ?? "-" }

    var rule: String {
        if let decision = entry["decision"], decision["rule"] != nil {
            let code = entry["code"]?.string.map { " (\($0))" } ?? ""
            return "\(decision.text("answer")) \(decision.text("rule"))\(Terminal.plain(code))"
        }
        return entry.text("rule")
    }

    var what: String {
        if let outcome = entry["outcome"] {
            let rows = outcome["rows"] == nil ? "" : ", \(outcome.text("rows")) rows"
            return "\(outcome.text("kind")): \(outcome.text("status"))\(rows)"
        }
        if let command = entry["command"], command.object != nil {
            return command["text"] == nil ? "(beside the log)" : command.text("text")
        }
        for name in ["action", "step", "client", "reason", "policy", "state"] where entry[name]?.string != nil {
            return entry.text(name)
        }
        return ""
    }
}
