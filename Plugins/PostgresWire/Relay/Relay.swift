import GatewayCore
import Identifiers
import NIOCore

/// One caller's session with one database: every statement is judged and recorded before it is sent on, and what
/// comes back is masked where the permit says so.
///
/// It knows bytes and messages, and no sockets: two `RelayPeer`s carry what it writes, and tell it what arrives. The
/// server is kept at exactly the state that a direct connection would have; where the gateway refuses, the server is
/// made to fail at that place too, so that transactions and pipelines end as its clients expect.
final class Relay {
    let session: Session
    let services: PostgresLoop
    let place: RelayPlace
    let caller: any RelayPeer
    let upstream: any RelayPeer
    /// Ends the session on the caller's and the server's side, once; the reason stands in the log.
    private let onClose: (_ reason: String) -> Void

    var input: CallerInput
    /// What came from the server and is not handled yet.
    var arrived = ByteBuffer()
    /// What has arrived waits until the catalog has been read.
    var isUpstreamPaused = false
    /// What was read of the catalog for the message that waits.
    var justRead: CatalogFindings?
    /// Bytes of a row or of copied data that are still to come and pass as they are.
    var passing = 0

    private var outgoing = ByteBuffer()
    var replies = CircularBuffer<Reply>(initialCapacity: 16)
    /// Messages sent that ReadyForQuery ends, and how often it has come.
    private(set) var readySent = 0
    var readyReceived = 0
    /// All messages sent that are answered, and the last of them by which SQL may change what names stand for.
    private var sent = 0
    private var lastNameChange = 0
    var names = StatementTables()
    /// What commands of the session have in common with others, by what the parser found.
    private var forms = BoundedCache<ObjectIdentifier, SessionForm>(limit: 256)
    var held: [HeldParse] = []
    var settings: SQLSettings
    /// Where the session's temporary tables are.
    var temporarySchema: String?
    var isSearchPathUnusual = false
    /// When the server was asked for the search path, and how often schemas had changed by then.
    var searchPathRead: (at: NIODeadline, schemaChanges: Int)
    /// A statement that was sent may change how texts are read.
    var isLexingStale = false
    /// Counts what is sent but descriptions, which change nothing.
    private(set) var changes = 0
    /// What was sent may have changed tables or views in a way that others do not see yet.
    var hasUncommittedDefinitions = false
    /// Something may have changed what a name or a string means.
    var areSettingsStale = false
    var encoding = ClientEncoding.utf8
    var transaction: TransactionStatus
    /// After a refusal in a pipeline nothing is looked at until its end.
    var isSkippingToSync = false
    /// The refusal was answered without the server, so its Sync is too.
    var answersSyncAlone = false
    /// Messages of a pipeline have been sent whose Sync has not.
    var isPipelineOpen = false
    /// The server has said that it skips to the next Sync.
    var isServerSkipping = false
    var isCopyingIn = false
    /// Why the caller's next message has to wait.
    var hold: Hold?
    var arrivingBind = LongBind.absent
    /// A message on its way from the disk to the server.
    var leavingSpool: MessageSpool?
    /// Its next piece waits until the server has taken those before.
    var waitsToSend = false
    var justification: String?
    /// The caller gave up the statement that is being read.
    var isCancelled = false
    private(set) var isClosed = false
    private var isPumping = false
    private var isDraining = false

    enum Hold {
        case approval(cancel: () -> Void)
        case settings
        /// A long text is being read.
        case reading
        /// The catalog has to be read first.
        case catalog
        /// A long message is written to the disk, or sent from there.
        case spooling
        /// The server has to say first whether it takes the rows.
        case copyBegins
        /// What the message names may be something else once the server has answered all that it was sent.
        case names(goOn: (Relay) -> Void)
    }

    /// A Bind that is too long to be held.
    enum LongBind {
        case absent
        case spooling(ArrivingBind)
        /// It is to be refused once it is there.
        case refused(ErrorFields)
    }

    init(
        session: Session, services: PostgresLoop, place: RelayPlace, caller: any RelayPeer, upstream: any RelayPeer,
        parameters: [String: String], transaction: TransactionStatus, onClose: @escaping (String) -> Void
    ) {
        self.session = session
        self.services = services
        self.place = place
        self.caller = caller
        self.upstream = upstream
        self.onClose = onClose
        self.transaction = transaction
        searchPathRead = (.now(), place.catalog.schemaChangeCount)
        input = CallerInput(statementLimit: place.options.statementLimit, messageLimit: place.options.messageLimit)
        settings = SQLSettings(
            searchPath: SearchPath.standard.schemas, standardConformingStrings: true)
        areSettingsStale = true
        for (name, value) in parameters { parameterChanged(name, value) }
    }

    // MARK: What the caller sends

    func receiveFromCaller(_ bytes: ByteBuffer) {
        input.append(bytes)
        pump()
    }

    /// Handles the caller's messages as far as nothing holds them.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        do throws(ProtocolViolation) {
            while hold == nil, !isClosed, let item = try input.next(passesCopyData: isCopyingIn) {
                switch item {
                case .copyData(let piece): try receiveCopyData(piece)
                case .message(let frame): try receive(frame)
                case .long(let piece): try receiveLong(piece)
                }
            }
        } catch {
            fail(.violation(error), reason: "the caller broke the protocol: \(error.message)")
        }
        flushUpstream()
        regulate()
    }

    private func receive(_ frame: Frame) throws(ProtocolViolation) {
        if isCopyingIn { return try receiveWhileCopying(frame) }
        if isSkippingToSync || isServerSkipping {
            switch frame.type {
            case MessageCode.sync: return receiveSync(frame)
            case MessageCode.terminate: return close(reason: "the caller disconnected")
            default: return
            }
        }
        switch frame.type {
        case MessageCode.query: try receiveQuery(frame)
        case MessageCode.parse: try receiveParse(frame)
        case MessageCode.bind: try receiveBind(frame)
        case MessageCode.describe: try receiveDescribe(frame)
        case MessageCode.execute: try receiveExecute(frame)
        case MessageCode.close: try receiveClose(frame)
        case MessageCode.flush: receiveFlush(frame)
        case MessageCode.sync: receiveSync(frame)
        case MessageCode.functionCall: try receiveFunctionCall(frame)
        case MessageCode.terminate: close(reason: "the caller disconnected")
        // What is left of a COPY that failed; the server ignores it too.
        case MessageCode.copyData, MessageCode.copyDone, MessageCode.copyFail: break
        default: throw ProtocolViolation("invalid frontend message type \(frame.type)")
        }
    }

    // MARK: Commands that come again

    /// Of a statement, with what the session's place adds to it.
    private struct SessionForm {
        /// Held, so that its identity stays its own.
        let statement: CommandForm
        let command: CommandForm
    }

    /// The same for all statements that the parser knows for one.
    func form(of statement: SQLStatement) -> CommandForm {
        if let known = forms[ObjectIdentifier(statement.form)] { return known.command }
        let form = CommandForm(effects: statement.effects, facts: statement.facts + place.facts)
        forms[ObjectIdentifier(statement.form)] = SessionForm(statement: statement.form, command: form)
        return form
    }

    // MARK: What is sent to the server

    /// Small messages leave together.
    private static let gatheredLimit = 16_384

    func send(_ bytes: ByteBuffer) {
        if leavingSpool == nil, bytes.readableBytes > Self.gatheredLimit {
            flushGathered()
            upstream.write(bytes)
        } else {
            outgoing.writeImmutableBuffer(bytes)
        }
    }

    /// Sends a message and remembers what the server owes for it.
    func send(_ bytes: ByteBuffer, _ reply: Reply) {
        send(bytes)
        note(reply)
    }

    /// The same for one that is on the disk. What the caller sends next waits until it has left.
    func send(_ spool: MessageSpool, _ reply: Reply) {
        flushGathered()
        hold = .spooling
        leavingSpool = spool
        note(reply)
        sendNextPiece()
    }

    private func note(_ reply: Reply) {
        replies.append(reply)
        sent += 1
        if reply.mayChangeNames { lastNameChange = sent }
        if !reply.isDescription { changes += 1 }
        if reply.endsReady {
            readySent += 1
            isPipelineOpen = false
        } else {
            isPipelineOpen = true
        }
    }

    /// SQL that was sent may yet change what names stand for.
    var areNamesChanging: Bool { lastNameChange > sent - replies.count }

    private func flushGathered() {
        guard outgoing.readableBytes > 0, leavingSpool == nil else { return }
        upstream.write(outgoing)
        outgoing = ByteBuffer()
    }

    func flushUpstream() {
        guard !isClosed else { return }
        flushGathered()
        upstream.flush()
    }

    // MARK: Flow

    /// Reads from each side only while the other takes what it is sent.
    func regulate() {
        guard !isClosed else { return }
        // While the caller's messages wait, some are read on, so that it is noticed when it leaves.
        caller.setReading(upstream.isWritable && (hold == nil || input.bufferedBytes < place.options.heldInputLimit))
        upstream.setReading(caller.isWritable && !isUpstreamPaused)
        if waitsToSend, upstream.isWritable {
            waitsToSend = false
            sendNextPiece()
        }
    }

    // MARK: Cancelling and ending

    /// The caller has asked, on another connection, that what runs be given up.
    func cancel() {
        switch hold {
        case .approval(let cancel): cancel()
        // It is refused once it has been read.
        case .reading: isCancelled = true
        default: place.cancelUpstream()
        }
    }

    /// Lets what runs end, then says goodbye.
    func drain() {
        isDraining = true
        endIfDrained()
    }

    func endIfDrained() {
        guard isDraining, !isClosed, transaction == .idle, replies.isEmpty, hold == nil, !isPipelineOpen else { return }
        fail(.shuttingDown, reason: "the gateway stops")
    }

    /// Tells the caller why, and ends the session.
    func fail(_ fields: ErrorFields, reason: String) {
        guard !isClosed else { return }
        caller.write(fields.errorResponse())
        caller.flush()
        close(reason: reason)
    }

    /// Nothing runs; a transaction may be open.
    var isWaitingForCaller: Bool { replies.isEmpty && hold == nil }

    /// Ends both connections. What still runs on the server is cancelled.
    func close(reason: String) {
        guard !isClosed else { return }
        flushUpstream()
        isClosed = true
        if case .approval(let cancel) = hold { cancel() }
        hold = nil
        arrivingBind = .absent
        leavingSpool = nil
        var isRunning = false
        while let reply = replies.popFirst() {
            isRunning = isRunning || reply.isRunning
            reply.abandon(reason: reason)
        }
        names.removeAll()
        if isRunning { place.cancelUpstream() }
        if hasUncommittedDefinitions { definitionsEndElsewhere() }
        caller.close()
        upstream.close()
        session.close(reason: reason)
        onClose(reason)
    }

    /// The server's connection has ended, after everything that it sent was handled.
    func upstreamClosed(_ error: (any Error)?) {
        guard !isClosed else { return }
        let reason = error.map { "the database's connection failed: \($0)" } ?? "the database closed the connection"
        if hasSaidGoodbye { close(reason: reason) } else { fail(.connectionFailure(reason), reason: reason) }
    }

    /// The server has sent a FATAL error, after which it closes the connection.
    var hasSaidGoodbye = false
}

extension Reply {
    fileprivate var isRunning: Bool {
        switch self {
        case .query(let run): run.current != nil
        case .execute, .functionCall: true
        default: false
        }
    }

    /// The connection is gone, or an earlier error has made the server skip this.
    func abandon(reason: String) {
        switch self {
        case .query(let run):
            run.current?.end(.interrupted, status: "interrupted", reason: reason)
            run.endRest(reason: reason)
        case .parse(_, let command): command?.end(.interrupted, status: "not run", reason: reason)
        case .bind(let change): change.value?.command?.end(.interrupted, status: "not run", reason: reason)
        case .execute(let portal): portal.command?.end(.interrupted, status: "interrupted", reason: reason)
        case .functionCall(let command): command.end(.interrupted, status: "interrupted", reason: reason)
        case .describeStatement, .describePortal, .closeStatement, .closePortal, .sync, .refusal, .own: break
        }
    }
}
