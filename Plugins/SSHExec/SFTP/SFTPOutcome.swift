/// What became of a permitted request. That of an OPEN comes when its handle is closed.
struct SFTPOutcome: Equatable, Sendable {
    enum Ending: Equatable, Sendable {
        case succeeded
        /// The host's status. For an OPEN also the first failed READ, WRITE or CLOSE of its handle.
        case failed(SFTPStatus)
        /// The relay itself had to refuse after the permit: the content could not be masked.
        case refused(String)
        /// The session ended first; what the host did is not known.
        case interrupted(String)
    }

    let ending: Ending
    /// For an OPEN whose handle was given out.
    let transfer: SFTPTransfer?

    init(_ ending: Ending, transfer: SFTPTransfer? = nil) {
        self.ending = ending
        self.transfer = transfer
    }
}

/// What went through one handle.
struct SFTPTransfer: Equatable, Sendable {
    var bytesRead: UInt64 = 0
    /// Only what the host acknowledged.
    var bytesWritten: UInt64 = 0
    /// Of the content from the file's start on, as the caller got it; `nil` for a handle that does not read.
    var read: SFTPContentDigest?
    /// Of the content that the caller sent, from the file's start on; `nil` for a handle that does not write.
    var written: SFTPContentDigest?
    /// The caller read up to the file's end, so `read` is the whole file's.
    var readToEnd = false
    /// The caller got a masked copy; numbers and digest are the copy's.
    var masked = false
}

enum SFTPContentDigest: Equatable, Sendable {
    /// 32 bytes.
    case sha256([UInt8])
    /// Why there is none.
    case unknown(String)
}
