import Foundation

/// What a validator that is not ours says of entries, by the schema that `sallyport audit schema` prints.
struct SchemaFindings: Sendable {
    /// How many entries there were of each kind.
    let kinds: [String: Int]
    /// What is wrong, a line each.
    let wrong: [String]
    /// Which entries the schema takes although something was done to them.
    let taken: [String]
    /// How many it refuses after something was done to them.
    let refused: Int

    /// - Parameters:
    ///   - lines: Entries, one a line.
    ///   - mutating: Whether entries that are right are spoiled too, in each place.
    init(ofEntries lines: String, mutating: Bool = false) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Also: it needs neither a configuration nor a log.
        let written = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "schema", "--file", "schema.json"], in: folder)
        guard written.status == 0 else { throw TestFailure("audit schema: \(written)") }
        let entries = folder.appendingPathComponent("entries.jsonl")
        try lines.write(to: entries, atomically: true, encoding: .utf8)
        let found = try await PythonClient.run(
            "audit_schema.py",
            [folder.appendingPathComponent("schema.json").path, entries.path] + (mutating ? ["--mutate"] : []),
            within: 300)
        guard let kinds = found["kinds"] as? [String: Int], let wrong = found["wrong"] as? [String],
            let taken = found["taken"] as? [String], let refused = found["refused"] as? Int
        else { throw TestFailure("\(found)") }
        (self.kinds, self.wrong, self.taken, self.refused) = (kinds, wrong, taken, refused)
    }
}

extension TestGateway {
    /// What the schema says of all entries of the log.
    func schemaFindings(mutating: Bool = false) async throws -> SchemaFindings {
        let finished = try await command("audit", "export", "--config", "sallyport.yaml")
        guard finished.status == 0 else { throw TestFailure("audit export: \(finished.errors)") }
        return try await SchemaFindings(ofEntries: finished.output, mutating: mutating)
    }
}
