import NIOCore

/// Stands between an SFTP client (the caller) and an SFTP server (the host), version 3 as OpenSSH speaks it
/// (draft-ietf-secsh-filexfer-02, and section 4 of OpenSSH's PROTOCOL file).
///
/// Bytes go in with `receive`, and actions come out of `nextAction`, until it gives `nil`. It does no I/O and knows no
/// time. What it keeps to:
///
/// - A request with an effect, or one that tells something about a path, becomes an `SFTPAction.decide`, and goes to
///   the host only after `permit`. A refused one is answered with SSH_FX_PERMISSION_DENIED, and the session goes on.
/// - While a decision is awaited, everything that the caller sent later waits, in order.
/// - Requests of handles (READ, WRITE, CLOSE, READDIR, FSTAT) need no decision, but the handle must be one that a
///   permitted OPEN gave, for what it was opened for. FSETSTAT and copy-data change something, and are decided.
/// - Requests and extensions that are not understood are not forwarded.
/// - Each answer of the host must fit a request that waits for it.
/// - Each `permit` has exactly one `SFTPAction.finished`.
///
/// Under a masking rule a file is read whole by the relay itself, and the caller gets the masked copy: READ and FSTAT
/// tell its content and size. STAT, LSTAT and READDIR still tell the size that the file has on the host. Names that the
/// host tells (READDIR, READLINK, REALPATH) and its messages are masked as text; a name that was masked cannot be opened.
///
/// One action may carry a packet of 256 KiB, and 25 bytes of the caller can ask for it. So a packet is dealt with only
/// when `nextAction` is called, and only when the actions of the one before have all been taken: at most its few
/// answers are kept ready, and everything else waits as the bytes that came. A driver bounds what a session costs by
/// this: it takes the next action only while both sides take what it sends, and reads on only as `wantsMoreFromCaller`
/// says. It may stop in between for as long as it likes.
struct SFTPRelay {
    enum Phase {
        case awaitingInitialize
        case awaitingVersion
        /// The host's VERSION waits until the login folder is known.
        case awaitingLoginFolder(version: ByteBuffer)
        case open
        case ended
    }

    let limits: SFTPLimits
    let asksLoginFolder: Bool
    var phase = Phase.awaitingInitialize
    var callerPackets: SFTPPackets
    var hostPackets: SFTPPackets
    var actions = CircularBuffer<SFTPAction>()
    private var violation: SFTPViolation?
    private var callerHasEnded = false
    private var hostHasEnded = false
    /// Nothing of the caller is acted on any more, and nothing more is sent to it or, on its behalf, to the host.
    private(set) var callerIsGone = false

    /// The extensions that the host has announced and the relay understands.
    var extensions: Set<SFTPExtension> = []
    var loginFolder: [UInt8]?
    var pending: SFTPPendingDecision?
    var lastDecision: UInt64 = 0
    /// By the request id that the host knows: the caller's, unless the relay itself uses that one.
    var exchanges: [UInt32: SFTPExchange] = [:]
    /// Requests of the caller that have no answer yet.
    var callerIDs: Set<UInt32> = []
    var nextOwnID = UInt32.max
    var handles: [SFTPHandleNumber: SFTPOpenHandle] = [:]
    var handleNumbers: [[UInt8]: SFTPHandleNumber] = [:]
    var lastHandle: UInt64 = 0
    var loads: [SFTPHandleNumber: SFTPLoad] = [:]
    /// Bytes of files that may still be kept for masking.
    var maskingRoom: Int
    /// Bytes of answers that may still be kept for digests.
    var earlyRoom: Int

    /// - Parameter asksLoginFolder: ask the host for the folder where relative paths start (REALPATH of `.`) before the
    ///   caller's first request, so that a policy sees each path as an absolute one.
    init(limits: SFTPLimits = SFTPLimits(), asksLoginFolder: Bool = true) {
        self.limits = limits
        self.asksLoginFolder = asksLoginFolder
        callerPackets = SFTPPackets(from: .caller, maximumPacket: limits.maximumPacket)
        hostPackets = SFTPPackets(from: .host, maximumPacket: limits.maximumPacket)
        maskingRoom = limits.maximumMaskedTotal
        earlyRoom = limits.maximumEarlyBytes
    }

    /// Whether to read on from the caller. What waits for a decision, or for actions to be taken, is bounded only by who
    /// heeds this.
    var wantsMoreFromCaller: Bool {
        callerPackets.heldBytes < max(limits.maximumHeldBytes, limits.maximumPacket + 4)
    }

    mutating func receive(fromCaller bytes: ByteBuffer) {
        guard isLive, !callerHasEnded else { return }
        callerPackets.append(bytes)
    }

    mutating func receive(fromHost bytes: ByteBuffer) {
        guard isLive, !hostHasEnded else { return }
        hostPackets.append(bytes)
    }

    /// The caller sends no more, and hears no more. What it sent before is still done where that needs no waiting for a
    /// decision. Close the host's input when `callerIsGone`; its answers are still wanted, for their outcomes, until it
    /// has ended too.
    mutating func callerEnded() { callerHasEnded = true }

    /// The host sends no more. When its last packets are dealt with, everything unfinished is interrupted, and what the
    /// caller still wanted is dropped: so what `nextAction` gives from here on is bounded by what the host had sent.
    mutating func hostEnded() { hostHasEnded = true }

    /// What to do next; `nil` when more bytes or a decision are needed. After a violation the outcomes of what was
    /// under way come first; then each call throws it, and nothing else is taken.
    mutating func nextAction() throws(SFTPViolation) -> SFTPAction? {
        while true {
            if let action = actions.popFirst() { return action }
            if let violation { throw violation }
            do throws(SFTPViolation) {
                guard isLive, try advance() else { return nil }
            } catch {
                violation = error
                end(error.description)
            }
        }
    }

    private var isLive: Bool {
        if case .ended = phase { return false }
        return true
    }

    /// Deals with one packet, or with one side's end.
    private mutating func advance() throws(SFTPViolation) -> Bool {
        if let packet = try hostPackets.next() {
            try hostSent(packet)
            return true
        }
        if hostHasEnded {
            end("the host ended the session")
            return true
        }
        if mayTakeRequest, let packet = try callerPackets.next() {
            try callerSent(packet)
            return true
        }
        // Requests that only wait for the host's answers will still be dealt with.
        if callerHasEnded, !callerIsGone, pending != nil || mayTakeRequest {
            withdrawPending()
            callerPackets.drop()
            callerIsGone = true
            return true
        }
        return false
    }

    private var isOpen: Bool {
        if case .open = phase { return true }
        return false
    }

    private var mayTakeRequest: Bool {
        switch phase {
        case .awaitingInitialize: true
        case .open: pending == nil && exchanges.count < limits.maximumRequestsInFlight
        case .awaitingVersion, .awaitingLoginFolder, .ended: false
        }
    }

    private mutating func callerSent(_ packet: ByteBuffer) throws(SFTPViolation) {
        let reader = try SFTPPacketReader(packet, from: .caller)
        if isOpen {
            try request(packet, reader)
        } else {
            try initialize(reader)
        }
    }

    private mutating func hostSent(_ packet: ByteBuffer) throws(SFTPViolation) {
        let reader = try SFTPPacketReader(packet, from: .host)
        switch phase {
        case .awaitingInitialize: throw reader.violation("it came before the caller had opened the session")
        case .awaitingVersion: try version(reader)
        case .awaitingLoginFolder, .open: try answer(packet, reader)
        case .ended: break
        }
    }

    private mutating func end(_ reason: String) {
        withdrawPending()
        interruptEverything(reason)
        callerPackets.drop()
        hostPackets.drop()
        phase = .ended
    }

    private mutating func withdrawPending() {
        guard let pending else { return }
        actions.append(.withdrawn(pending.decision))
        self.pending = nil
    }
}
