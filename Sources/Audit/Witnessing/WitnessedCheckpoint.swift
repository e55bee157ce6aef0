/// The newest checkpoint that enough witnesses cosigned, beside the log's own.
///
/// The log's own is always the newest, and what the gateway goes on from; this one is what strangers go by.
public struct WitnessedCheckpoint: Sendable {
    private let paths: LogPaths
    private let files: FileOperations

    public init(directory: String, fileOperations: FileOperations = .system) {
        paths = LogPaths(root: directory)
        files = fileOperations
    }

    /// `nil` when there is none yet.
    public func load() throws(AuditError) -> SignedCheckpoint? {
        guard let bytes = try files.contents(of: paths.witnessedCheckpoint) else { return nil }
        do {
            return try SignedCheckpoint(parsing: bytes)
        } catch {
            throw .checkpointMalformed(path: paths.witnessedCheckpoint, reason: error.description)
        }
    }

    /// Keeps a checkpoint with what witnesses said of it.
    ///
    /// - Returns: Both in one.
    @discardableResult
    public func store(
        _ checkpoint: SignedCheckpoint, with cosignatures: [SignedNote.Signature]
    ) throws(AuditError) -> SignedCheckpoint {
        let cosigned = checkpoint.adding(cosignatures)
        try files.replace(
            paths.witnessedCheckpoint, with: cosigned.bytes, temporary: "\(paths.temporary)/checkpoint.witnessed")
        try files.synchronizeDirectory(paths.root)
        return cosigned
    }
}
