import Audit
import Foundation
import Identifiers

/// The entries of one session, found in the log: signed ones first, then those that still stand in journals.
struct SessionTrail {
    let reader: AuditReader

    /// - Parameter id: The session's, which is that of its first entry; or that of an entry to begin with.
    /// - Returns: Whether there is such an entry.
    func forEach(of id: UUIDv7, _ body: (AuditEntry) -> Void) throws(AuditError) -> Bool {
        // Journals first: what is signed in between is then seen twice rather than not at all, and told apart.
        let pending = try reader.pendingEntries()
        guard let first = try reader.entry(id: id) else { return false }
        let session = first.kind == "session-start" ? id.description : first.session
        guard let session else { return false }
        func belongs(_ entry: AuditEntry) -> Bool { entry.session == session || entry.id == first.id }
        var waiting = Set(pending.compactMap(\.id))
        if let index = first.index {
            let size = try reader.checkpoint().treeSize
            var progress = ProgressLine("reading")
            var entries = try reader.entries(in: index..<size)
            while let entry = try entries.next() {
                if let id = entry.id { waiting.remove(id) }
                progress.update(entries.passed, of: size - index)
                guard belongs(entry) else { continue }
                body(entry)
                if entry.kind == "session-end" { break }
            }
            progress.finish()
        }
        for entry in pending where entry.id.map(waiting.contains) ?? true {
            if belongs(entry) { body(entry) }
        }
        return true
    }
}

extension AuditLocation {
    /// The state folder, in which the log's folder and those of the evidence stand side by side.
    func stateDirectory() throws -> String {
        if let directory { return URL(fileURLWithPath: directory).deletingLastPathComponent().path }
        return try configuration().stateDirectory
    }
}
