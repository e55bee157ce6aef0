import Identifiers
import Vault

/// Where originals are sealed, and to whom. Has the auditor's public key, so that nothing can be opened with it.
public struct OriginalsStore: Sendable {
    public let directory: String
    public let key: AuditorPublicKey
    /// The origin of the log that the originals belong to.
    public let log: String
    /// Whether each chunk is on the disk before the log names it.
    let synchronizes: Bool
    let file: GrowingFile

    /// - Parameters:
    ///   - directory: Made on first use, mode 0700.
    ///   - synchronizes: Whether each chunk is on the disk before the log names it, as at the log's durability `disk`.
    public init(directory: String, key: AuditorPublicKey, log: String, synchronizes: Bool = false) {
        self.init(directory: directory, key: key, log: log, synchronizes: synchronizes, file: .system)
    }

    init(directory: String, key: AuditorPublicKey, log: String, synchronizes: Bool = false, file: GrowingFile) {
        self.directory = directory
        self.key = key
        self.log = log
        self.synchronizes = synchronizes
        self.file = file
    }

    /// Starts the file of a session's originals.
    ///
    /// - Parameter part: From 1 on; a next one after the file before could not be written.
    public func begin(session: UUIDv7, part: Int) throws(OriginalsError) -> SessionSealer {
        try SessionSealer(store: self, session: session, part: part)
    }

    /// The path of a session's file below the directory: `<yyyy-mm-dd>/<session>-<part>.sealed`, by the day on which the
    /// session started in UTC.
    public static func path(session: UUIDv7, part: Int) -> String {
        "\(Timestamp(milliseconds: session.milliseconds).description.prefix(10))/\(session)-\(part).sealed"
    }
}
