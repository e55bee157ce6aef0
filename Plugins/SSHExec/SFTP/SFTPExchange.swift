import NIOCore

/// A request that the host has not answered.
struct SFTPExchange {
    enum Purpose {
        /// The answer is the outcome.
        case decided(SFTPDecisionID)
        /// Nobody waits for its outcome.
        case plain
        case open(SFTPDecisionID, SFTPPath, SFTPOpenFlags)
        case openDirectory(SFTPDecisionID, SFTPPath)
        case read(SFTPHandleNumber, offset: UInt64)
        case write(SFTPHandleNumber, count: Int)
        case fstat(SFTPHandleNumber)
        case close(SFTPHandleNumber)
        /// The relay reads a file to mask it.
        case load(SFTPHandleNumber)
        /// The relay closes what could not be masked.
        case discard([UInt8])
        /// The relay asks where relative paths start.
        case loginFolder
    }

    /// `nil` for the relay's own.
    let callerID: UInt32?
    let answer: SFTPAnswerKind
    let purpose: Purpose
    /// What masks the answer.
    var masker: (any SFTPContentMasker)?
}

/// A request that waits for its decision.
struct SFTPPendingDecision {
    let decision: SFTPDecisionID
    let request: SFTPRequest
    let callerID: UInt32
    let packet: ByteBuffer
    let answer: SFTPAnswerKind
    /// Where copy-data writes to.
    let copiesInto: SFTPHandleNumber?
}

/// A file that is being read to be masked.
struct SFTPLoad {
    let masker: any SFTPContentMasker
    let callerID: UInt32
    /// The host's HANDLE, given to the caller when the masked copy is ready.
    let handlePacket: ByteBuffer
    var content: [UInt8] = []
}
