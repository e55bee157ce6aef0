import ArgumentParser
import Audit
import Foundation
import GatewayCore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify and read the audit log, from its files.",
        subcommands: [
            VerifyAudit.self, ProveEntry.self, CheckProof.self, ProveConsistency.self, ExportAudit.self,
            ShowAuditEntry.self, ShowAuditKey.self, ShowAuditSchema.self, SearchAudit.self, Reindex.self,
            RotateKey.self,
            MakeAuditorKey.self, OpenOriginals.self, CheckMasking.self, ReportAudit.self,
        ])
}

extension GatewayConfiguration {
    var auditDirectory: String { "\(stateDirectory)/audit" }
    /// The index over the log, which the gateway keeps and which can be made anew.
    var indexPath: String { "\(stateDirectory)/index.sqlite" }
}

/// Which log.
struct AuditLocation: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file whose log it is.")
    var config = "sallyport.yaml"

    @Option(help: "The log's folder, instead: a copy, for example.")
    var directory: String?

    func resolvedDirectory() throws -> String {
        if let directory { return directory }
        return try configuration().auditDirectory
    }

    func configuration() throws -> GatewayConfiguration {
        try GatewayConfiguration.load(path: config, registry: .all())
    }

    /// The verifier key that `text` is or that the file `text` holds; without it, the one that stands beside the log.
    func key(_ text: String?) throws -> String {
        if let text { return try Self.keyText(text, of: .key) }
        return try Self.contents(try keyPath(), of: .key)
    }

    /// Where the log's public key stands when none is given.
    func keyPath() throws -> String {
        guard let directory else { return try configuration().auditKeyPath }
        return URL(fileURLWithPath: directory).deletingLastPathComponent().appendingPathComponent("log.vkey").path
    }

    /// An option that takes a public key, or a file with it.
    enum KeyOption: String {
        case key = "--key"
        case log = "--log"
        case witness = "--witness"

        fileprivate var takes: String {
            switch self {
            case .key, .log: "the log's public key, as `sallyport audit key` prints it"
            case .witness: "a witness's public key, as `sallyport witness` prints it when it starts"
            }
        }
    }

    /// The key that `text` is, or that the file `text` holds.
    static func keyText(_ text: String, of option: KeyOption) throws -> String {
        if text.contains("+"), !FileManager.default.fileExists(atPath: text) { return text }
        return try contents(text, of: option)
    }

    private static func contents(_ path: String, of option: KeyOption) throws -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count < 4096 else {
            throw CommandFailure(
                "there is no key in \(Terminal.plain(path)); \(option.rawValue) takes \(option.takes)",
                status: .unavailable)
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
