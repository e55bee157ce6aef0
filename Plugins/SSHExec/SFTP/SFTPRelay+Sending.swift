import NIOCore

extension SFTPRelay {
    mutating func toCaller(_ packet: ByteBuffer) {
        if !callerIsGone { actions.append(.sendToCaller(packet)) }
    }

    /// The relay's own answer to a request that goes no further.
    mutating func answerCaller(_ id: UInt32, _ code: SFTPStatusCode, _ message: String) {
        callerIDs.remove(id)
        toCaller(.sftpStatus(id, code, message))
    }

    /// Sends a caller's request on as it is. Its id is kept, unless a request of the relay itself has it just now.
    mutating func forward(
        _ packet: ByteBuffer, _ callerID: UInt32, _ answer: SFTPAnswerKind, _ purpose: SFTPExchange.Purpose,
        masker: (any SFTPContentMasker)? = nil
    ) {
        callerIDs.insert(callerID)
        let id = exchanges[callerID] == nil ? callerID : unusedID()
        exchanges[id] = SFTPExchange(callerID: callerID, answer: answer, purpose: purpose, masker: masker)
        actions.append(.sendToHost(id == callerID ? packet : packet.withSFTPRequestID(id)))
    }

    /// Sends a request of the relay itself.
    mutating func askHost(
        _ answer: SFTPAnswerKind, _ purpose: SFTPExchange.Purpose, _ type: SFTPPacketType,
        _ writeBody: (inout ByteBuffer) -> Void
    ) {
        let id = unusedID()
        exchanges[id] = SFTPExchange(callerID: nil, answer: answer, purpose: purpose)
        actions.append(
            .sendToHost(
                .sftpPacket(type) { packet in
                    packet.writeInteger(id)
                    writeBody(&packet)
                }))
    }

    /// Counts down, for clients count up: it seldom meets one of theirs.
    private mutating func unusedID() -> UInt32 {
        while exchanges[nextOwnID] != nil || callerIDs.contains(nextOwnID) { nextOwnID &-= 1 }
        defer { nextOwnID &-= 1 }
        return nextOwnID
    }
}
