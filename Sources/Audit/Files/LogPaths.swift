/// Where everything stands in a log's directory.
///
/// `checkpoint` and `tile/` are laid out by C2SP tlog-tiles and can be served as they are; `.state/` is private.
struct LogPaths: Sendable {
    let root: String

    var checkpoint: String { "\(root)/checkpoint" }
    var tiles: String { "\(root)/tile" }
    var privateDirectory: String { "\(root)/.state" }
    var lock: String { "\(privateDirectory)/lock" }
    var state: String { "\(privateDirectory)/state" }
    var journals: String { "\(privateDirectory)/journals" }
    /// Files on their way to their real names; whatever a crash left here is removed.
    var temporary: String { "\(privateDirectory)/temporary" }
}
