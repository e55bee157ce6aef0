/// Where everything stands in a log's directory.
///
/// `checkpoint` and `tile/` are laid out by C2SP tlog-tiles and can be served as they are; `.state/` is private.
struct LogPaths: Sendable {
    let root: String

    init(root: String) {
        var root = root[...]
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = String(root)
    }

    /// Whether the directory holds anything of a log: a checkpoint, tiles, or a state that knows of entries.
    func holdLog(_ files: FileOperations) throws(AuditError) -> Bool {
        if try files.statusIfPresent(checkpoint) != nil { return true }
        if try !files.names(in: tiles).isEmpty { return true }
        guard let bytes = try files.contents(of: state) else { return false }
        // A damaged one is a log's too.
        return (try? LogState(parsing: bytes, path: state))?.treeSize != 0
    }

    /// The directory that holds the log's.
    var parent: String {
        guard let slash = root.lastIndex(of: "/") else { return "." }
        return slash == root.startIndex ? "/" : String(root[..<slash])
    }

    var checkpoint: String { "\(root)/checkpoint" }
    /// The newest checkpoint that a quorum of witnesses cosigned, where there are witnesses.
    var witnessedCheckpoint: String { "\(root)/checkpoint.witnessed" }
    /// Time stamps of checkpoints, for anyone who may read the log.
    var timestamps: String { "\(root)/timestamps" }
    var tiles: String { "\(root)/tile" }
    var privateDirectory: String { "\(root)/.state" }
    var lock: String { "\(privateDirectory)/lock" }
    var state: String { "\(privateDirectory)/state" }
    var journals: String { "\(privateDirectory)/journals" }
    /// Files on their way to their real names; whatever a crash left here is removed.
    var temporary: String { "\(privateDirectory)/temporary" }
}
