import Identifiers

/// The time stamps of a log's checkpoints, beside the log: `timestamps/<size>.checkpoint` is the signed checkpoint as it
/// was stamped, `timestamps/<size>.tsr` the authority's answer (RFC 3161), which `openssl ts -verify` reads.
public struct CheckpointStamps: Sendable {
    private let paths: LogPaths
    private let files: FileOperations

    public init(directory: String, fileOperations: FileOperations = .system) {
        paths = LogPaths(root: directory)
        files = fileOperations
    }

    /// The sizes of the checkpoints that were stamped, ascending.
    public func sizes() throws(AuditError) -> [UInt64] {
        try files.names(in: paths.timestamps).compactMap { name -> UInt64? in
            guard name.hasSuffix(".tsr"), let size = UInt64(name.dropLast(4)), "\(size).tsr" == name else { return nil }
            return size
        }.sorted()
    }

    /// The newest; `nil` when there is none, or it is none of its checkpoint.
    public func newest() throws(AuditError) -> (treeSize: UInt64, token: TimestampToken)? {
        guard let size = try sizes().last, let (checkpoint, response) = try read(size),
            let token = try? TimestampToken(response: response, for: checkpoint)
        else { return nil }
        return (size, token)
    }

    /// Keeps an authority's answer for a checkpoint; it was read with `TimestampToken` before.
    public func store(_ response: [UInt8], for checkpoint: SignedCheckpoint) throws(AuditError) {
        if try files.ensureDirectory(paths.timestamps) { try files.synchronizeDirectory(paths.root) }
        let name = "\(paths.timestamps)/\(checkpoint.treeSize)"
        // The answer comes last: where it is, what it stamps is.
        for (suffix, bytes) in [("checkpoint", checkpoint.bytes), ("tsr", response)] {
            try files.replace("\(name).\(suffix)", with: bytes, temporary: "\(paths.temporary)/timestamp")
        }
        try files.synchronizeDirectory(paths.timestamps)
    }

    /// The signed checkpoint of `size` entries as it was stamped, and the authority's answer; `nil` where one of the two
    /// is missing.
    public func read(_ size: UInt64) throws(AuditError) -> (checkpoint: [UInt8], response: [UInt8])? {
        guard let checkpoint = try files.contents(of: "\(paths.timestamps)/\(size).checkpoint"),
            let response = try files.contents(of: "\(paths.timestamps)/\(size).tsr")
        else { return nil }
        return (checkpoint, response)
    }
}
