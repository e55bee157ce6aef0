import ArgumentParser
import Audit
import Foundation
import GatewayCore
import Identifiers
import StrictJSON

struct Reindex: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex", abstract: "Make the index over the audit log anew.",
        discussion: """
            The index makes sessions and entries fast to find, and is never the truth. It is made in a file of its own, \
            which takes the old one's place when it is whole. A gateway that runs does this itself where it has to, so \
            the command is refused then.
            """)

    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let log = AuditReader(directory: try location.resolvedDirectory())
        let path = try location.indexPath()
        var progress = ProgressLine("indexing")
        let began = ContinuousClock.now
        let entries: UInt64
        do {
            entries = try AuditIndex.rebuild(at: path) { index in
                try index.follow(log) { progress.update($0, of: $1) }
                return try index.position().next
            }
            progress.finish()
        } catch let error as IndexError {
            progress.finish()
            if case .inUse = error { throw CommandFailure("\(error)", status: .refused) }
            throw CommandFailure("\(error)", status: .unavailable)
        } catch let error as AuditError {
            progress.finish()
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
        let took = began.duration(to: .now)
        let bytes = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.uint64Value ?? 0
        format.print([
            "entries": .number(String(entries)), "bytes": .number(String(bytes)), "index": .string(path),
            "milliseconds": .number(String(took.wholeMilliseconds)),
        ]) {
            let seconds = String(format: "%.1f", took.fractionalSeconds)
            return "indexed \(entries) entries in \(seconds) s: \(path), \(bytes) bytes"
        }
    }
}
