import Identifiers
import Vault

/// Where originals are sealed, and to whom. Has the auditor's public key, so that nothing can be opened with it.
public struct OriginalsStore: Sendable {
    public let directory: String
    public let key: AuditorPublicKey
    /// The origin of the log that the originals belong to.
    public let log: String
    let file: GrowingFile

    /// - Parameter directory: Made on first use, mode 0700.
    public init(directory: String, key: AuditorPublicKey, log: String) {
        self.init(directory: directory, key: key, log: log, file: .system)
    }

    init(directory: String, key: AuditorPublicKey, log: String, file: GrowingFile) {
        self.directory = directory
        self.key = key
        self.log = log
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
