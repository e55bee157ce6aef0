import GatewayCore
import NIOCore

// The simple query protocol (PostgreSQL documentation, section 55.2.2), COPY and function calls.
extension Relay {
    func receiveQuery(_ frame: Frame) throws(ProtocolViolation) {
        let payload = frame.payload
        guard payload.readableBytes > 0, payload.getInteger(at: payload.writerIndex - 1, as: UInt8.self) == 0 else {
            throw ProtocolViolation("invalid message format: a query string without its end")
        }
        let text = payload.getSlice(at: payload.readerIndex, length: payload.readableBytes - 1) ?? ByteBuffer()
        guard sendHeld() else { return }
        whenSettingsAreKnown { relay in
            relay.read(text, isQuery: true) { relay, query in
                guard query.usesNames else { return relay.judge(query, frame) }
                relay.whenNamesAreCertain(all: true) { relay in relay.judge(query, frame) }
            }
        }
    }

    private func judge(_ query: ReadQuery, _ frame: Frame) {
        let judged: [JudgedStatement]
        switch query {
        case .empty:
            return send(frame.bytes, .query(QueryRun([])))
        case .opaque(let text, let reason): judged = [opaque(text, reason: reason)]
        case .statements(let statements, let text): judged = commands(of: statements, in: text)
        }
        decide(judged) { relay, decided in
            switch decided {
            case .success(let commands):
                commands.first?.requestBytes = frame.bytes.readableBytes
                relay.send(frame.bytes, .query(QueryRun(commands)))
                relay.noteSent(commands)
            case .failure(let refusal): relay.refuse(refusal, isQuery: true)
            }
        }
    }

    /// What the statements that were sent mean for what follows.
    func noteSent(_ commands: [RunningCommand]) {
        for command in commands {
            guard let statement = command.statement else {
                areSettingsStale = true
                isLexingStale = true
                continue
            }
            if statement.kind.mayChangeSettings || statement.isOpaque {
                areSettingsStale = true
                isLexingStale = true
            }
            if statement.mayChangeDefinitions { areSettingsStale = true }
            switch statement.kind {
            case .copyIn: hold = .copyBegins
            default: break
            }
        }
    }

    // MARK: COPY from the caller

    func receiveCopyData(_ piece: ByteBuffer) throws(ProtocolViolation) {
        runningCommand?.requestBytes += piece.readableBytes
        send(piece)
    }

    func receiveWhileCopying(_ frame: Frame) throws(ProtocolViolation) {
        switch frame.type {
        case MessageCode.copyDone, MessageCode.copyFail:
            isCopyingIn = false
            send(frame.bytes)
            // The next statement of the query string may take rows too, and with them whatever is sent.
            if case .query(let run)? = replies.first, run.copiesInLater { hold = .copyBegins }
        // As the protocol says, these mean nothing here.
        case MessageCode.sync, MessageCode.flush: break
        case MessageCode.terminate: close(reason: "the caller disconnected during COPY")
        default: throw ProtocolViolation("unexpected message type \(frame.type) during COPY from stdin")
        }
    }

    /// The command whose answer is under way.
    var runningCommand: RunningCommand? {
        switch replies.first {
        case .query(let run): run.current
        case .execute(let portal): portal.command
        case .functionCall(let command): command
        default: nil
        }
    }

    // MARK: Function calls

    func receiveFunctionCall(_ frame: Frame) throws(ProtocolViolation) {
        let call = try FunctionCall(frame.payload)
        guard sendHeld() else { return }
        decide([functionCall(call)]) { relay, decided in
            switch decided {
            case .success(let commands):
                guard let command = commands.first else { return }
                guard command.masking.isEmpty || LargeObjectFunction(call.functionOID)?.returnsData == false else {
                    command.end(.interrupted, status: "not run", reason: "its result cannot be masked")
                    return relay.refuse(.cannotMask("the result of a function call"), isQuery: true)
                }
                command.requestBytes = frame.bytes.readableBytes
                relay.send(frame.bytes, .functionCall(command))
                relay.noteSent(commands)
            case .failure(let refusal): relay.refuse(refusal, isQuery: true)
            }
        }
    }

    // MARK: Refusing

    /// A piece of a message that is too long to be held.
    func receiveLong(_ piece: CallerInput.LongPiece) throws(ProtocolViolation) {
        if isCopyingIn { throw ProtocolViolation("unexpected message type \(piece.type) during COPY from stdin") }
        guard !isSkippingToSync, !isServerSkipping else {
            arrivingBind = .absent
            return
        }
        switch piece.type {
        case MessageCode.bind:
            try receiveLongBind(piece.bytes, total: piece.total, isLast: piece.isLast)
        case MessageCode.query, MessageCode.parse:
            guard piece.isLast, sendHeld() else { return }
            refuse(.statementTooLong(place.options.statementLimit), isQuery: piece.type == MessageCode.query)
        case MessageCode.functionCall:
            guard piece.isLast, sendHeld() else { return }
            refuse(.valuesTooLong(place.options.messageLimit, setting: "max_message_bytes"), isQuery: true)
        // What is left of a COPY that failed.
        default: break
        }
    }

    /// The name of a prepared statement that no server has.
    private var missingName: String { "sallyport refused \(session.id)" }

    func refuse(_ refusal: Refusal, isQuery: Bool) {
        guard refusal.kind == .signInExpired, replies.isEmpty else {
            return refuse(ErrorFields(refusal), isQuery: isQuery)
        }
        // Nothing will run on this connection any more, and what is open on the server should not wait for anything.
        fail(ErrorFields(refusal).asFatal, reason: "the caller's sign-in ended")
    }

    /// Makes the server fail at this place of the conversation, with `fields` as what the caller sees of it.
    func refuse(_ fields: ErrorFields, isQuery: Bool) {
        // The caller has been told of an earlier failure, and the server ignores what comes before Sync.
        guard !isServerSkipping else { return }
        if replies.isEmpty, !isPipelineOpen, transaction == .idle {
            // Nothing is under way that could be rolled back: the server need not hear of it.
            caller.write(fields.errorResponse())
            if isQuery {
                caller.write(ReadyForQuery.message(transaction))
            } else {
                isSkippingToSync = true
                answersSyncAlone = true
            }
            caller.flush()
            return
        }
        let failing =
            isQuery
            ? Query.message("EXECUTE \"\(missingName)\"") : Bind.message(portal: "", statement: missingName)
        send(failing, .refusal(fields, isQuery: isQuery))
        if !isQuery { isSkippingToSync = true }
    }
}
