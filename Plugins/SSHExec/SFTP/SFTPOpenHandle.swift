import NIOCore

/// The relay's own number of an open handle. The host may use a handle's bytes again as soon as it has closed it, while
/// answers for the old one are still awaited.
struct SFTPHandleNumber: Hashable {
    let number: UInt64
}

/// A file or folder that the host has open for the caller.
struct SFTPOpenHandle {
    enum Phase {
        /// Its content is being read to be masked; the caller does not know the handle yet.
        case loading
        case open
        /// CLOSE was sent: nothing else may be asked of it.
        case closing
        case closed
    }

    let name: [UInt8]
    let path: SFTPPath
    let isDirectory: Bool
    /// The decision that opened it; `nil` for a folder whose decision has its outcome already.
    let decision: SFTPDecisionID?
    /// What masks the answers to its requests.
    let masker: (any SFTPContentMasker)?
    var phase = Phase.open
    var reading: SFTPReadProgress?
    var writing: SFTPWriteProgress?
    /// What READ and FSTAT are answered from, under a masking rule.
    var masked: ByteBuffer?
    /// READs and WRITEs that the host has not answered.
    var unanswered = 0
    var firstFailure: SFTPStatus?

    var isFinished: Bool { phase == .closed && unanswered == 0 }

    /// - Parameter decision: where its outcome is to come when the folder is closed.
    init(
        directory path: SFTPPath, name: [UInt8], decision: SFTPDecisionID?, masker: (any SFTPContentMasker)?
    ) {
        self.name = name
        self.path = path
        isDirectory = true
        self.decision = decision
        self.masker = masker
    }

    init(
        file path: SFTPPath, name: [UInt8], flags: SFTPOpenFlags, decision: SFTPDecisionID,
        masker: (any SFTPContentMasker)?
    ) {
        self.name = name
        self.masker = masker
        self.path = path
        isDirectory = false
        self.decision = decision
        reading = flags.reads ? SFTPReadProgress() : nil
        writing = flags.writes ? SFTPWriteProgress(appends: flags.contains(.append)) : nil
    }

    mutating func fail(_ status: SFTPStatus) {
        if firstFailure == nil { firstFailure = status }
    }

    /// What went through it, when nothing more will.
    mutating func transfer(room: inout Int) -> SFTPTransfer {
        var transfer = SFTPTransfer()
        transfer.masked = masked != nil
        if reading != nil {
            transfer.bytesRead = reading?.bytes ?? 0
            if let end = reading?.close(room: &room) {
                transfer.read = end.digest
                transfer.readToEnd = end.readToEnd
            }
        }
        if let writing {
            transfer.bytesWritten = writing.bytes
            transfer.written = writing.close()
        }
        return transfer
    }
}
