import Logging

/// How hard an append is before it returns.
public enum Durability: String, Sendable, CaseIterable {
    /// In the kernel's hands: survives the end of the process at any instant. The disk follows in groups, within the
    /// integration interval.
    case process
    /// On the disk: survives a power cut too, for one `fdatasync` an append, which appends that wait at the same time
    /// share.
    case disk
}

/// Where the log lives and how it works.
public struct AuditOptions: Sendable {
    /// The log's directory; made when absent. It holds `checkpoint` and `tile/` for anyone who may read the log, and
    /// `.state/` for the gateway alone.
    public var directory: String
    /// The log's name in its checkpoints and keys, best a schema-less URL such as `audit.example.com/gateway-1`.
    public var origin: String
    /// The signing key's file; made with permissions 0600 on first start.
    public var keyPath: String
    public var durability: Durability
    /// How long an entry waits at most until it is in the signed tree, while the sequencer runs.
    public var integrationInterval: Duration
    /// A journal file of this many bytes is continued in a new one.
    public var journalSizeLimit: UInt64
    /// Bytes that a journal sets aside on the disk at a time, where it is written by storing into memory: a multiple of
    /// the page size.
    public var journalWindowBytes: Int
    public var fileOperations: FileOperations
    public var logger: Logger

    public init(
        directory: String, origin: String, keyPath: String, durability: Durability = .process,
        integrationInterval: Duration = .seconds(1), journalSizeLimit: UInt64 = 64 << 20,
        journalWindowBytes: Int = 1 << 20,
        fileOperations: FileOperations = .system, logger: Logger = Logger(label: "audit")
    ) {
        self.directory = directory
        self.origin = origin
        self.keyPath = keyPath
        self.durability = durability
        self.integrationInterval = integrationInterval
        self.journalSizeLimit = journalSizeLimit
        self.journalWindowBytes = journalWindowBytes
        self.fileOperations = fileOperations
        self.logger = logger
    }
}
