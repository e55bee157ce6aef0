import GatewayCore
import NIOCore

// What the server sends. Messages that pass as they are leave as slices of what arrived, and rows that no rule concerns
// are not looked into.
extension Relay {
    /// What becomes of one message.
    enum Handling {
        case keep
        case drop
        case replace(ByteBuffer)
        /// It is looked at again once something else is known.
        case wait
    }

    /// The longest message that is held whole; rows and copied data without a rule are not.
    private static let heldLimit = 64 << 20

    func receiveFromUpstream(_ bytes: ByteBuffer) {
        arrived.join(bytes)
        handleArrived()
    }

    func handleArrived() {
        guard !isUpstreamPaused, !isClosed else { return }
        let end = arrived.writerIndex
        var kept = arrived.readerIndex
        var index = kept
        scan: while index < end {
            if passing > 0 {
                let piece = min(passing, end - index)
                passing -= piece
                index += piece
                continue
            }
            guard let type = arrived.getInteger(at: index, as: UInt8.self),
                let length = arrived.getInteger(at: index + 1, as: Int32.self)
            else { break }
            guard length >= 4 else { return breakOff("a message of length \(length)") }
            let total = Int(length) + 1
            if type == MessageCode.dataRow || type == MessageCode.copyData, let command = runningCommand {
                switch rowHandling(type) {
                case .relayed:
                    if type == MessageCode.dataRow, !countRow(of: command) { return }
                    command.responseBytes += total
                    passing = total
                    continue
                case .inspected(let masking):
                    emit(from: kept, to: index)
                    guard let done = inspectRows(from: index, masking, command) else { return }
                    index += done
                    kept = index
                    if done > 0 { continue }
                case .unknown: break
                }
            }
            guard total <= Self.heldLimit else { return breakOff("a message of \(total) bytes that must be inspected") }
            guard end - index >= total,
                let payload = arrived.getSlice(at: index + Frame.headerLength, length: total - Frame.headerLength)
            else { break }
            let handling: Handling
            do throws(ProtocolViolation) {
                handling = try handle(type, payload)
            } catch {
                return breakOff(error.message)
            }
            guard !isClosed else { return }
            switch handling {
            case .keep: break
            case .wait: break scan
            case .drop:
                emit(from: kept, to: index)
                kept = index + total
            case .replace(let bytes):
                emit(from: kept, to: index)
                caller.write(bytes)
                kept = index + total
            }
            index += total
        }
        emit(from: kept, to: index)
        arrived.moveReaderIndex(to: index)
        if arrived.readableBytes == 0 { arrived = ByteBuffer() }
        caller.flush()
        goOnIfAnswered()
        pump()
        endIfDrained()
    }

    private func emit(from start: Int, to end: Int) {
        guard end > start, let slice = arrived.getSlice(at: start, length: end - start) else { return }
        caller.write(slice)
    }

    func breakOff(_ what: String) {
        fail(
            .connectionFailure("the database sent \(what)"),
            reason: "the database broke the protocol: \(what)")
    }

    /// Goes on with what was left, once it is known how rows are masked.
    func resumeUpstream() {
        isUpstreamPaused = false
        handleArrived()
        regulate()
    }

    // MARK: Messages

    private func handle(_ type: UInt8, _ payload: ByteBuffer) throws(ProtocolViolation) -> Handling {
        switch type {
        case MessageCode.parameterStatus:
            let status = try ParameterStatus(payload)
            parameterChanged(status.name, status.value)
            return .keep
        case MessageCode.notificationResponse: return .keep
        case MessageCode.noticeResponse:
            if case .own = replies.first { return .drop }
            guard let command = runningCommand, !command.masking.isEmpty else { return .keep }
            switch masked(try ErrorFields(payload), command) {
            case nil: return .wait
            case .untouched: return .replace(ErrorFields.hidden.noticeResponse())
            case .masked(let fields): return .replace(fields.noticeResponse())
            }
        case MessageCode.errorResponse: return try handleError(payload)
        case MessageCode.readyForQuery: return try handleReady(payload)
        default: break
        }
        guard let reply = replies.first else {
            throw ProtocolViolation("a message of type \(type) that nothing asked for")
        }
        switch reply {
        case .own(let query):
            if type == MessageCode.dataRow { query.append(try DataRow.texts(payload)) }
            return .drop
        case .query(let run): return try handle(type, payload, of: run)
        case .execute(let portal): return try handle(type, payload, of: portal)
        case .functionCall(let command):
            guard type == MessageCode.functionCallResponse else { break }
            command.responseBytes += payload.readableBytes
            command.end(.succeeded, status: "FUNCTION CALL")
            return .keep
        case .parse(let change, let command):
            guard type == MessageCode.parseComplete else { break }
            command?.end(.succeeded, status: "PARSE")
            names.statements.confirm(change)
            replies.removeFirst()
            return .keep
        case .bind(let change):
            guard type == MessageCode.bindComplete else { break }
            names.bound(change)
            replies.removeFirst()
            return .keep
        case .closeStatement(let change):
            guard type == MessageCode.closeComplete else { break }
            replies.removeFirst()
            names.statements.confirm(change)
            return .keep
        case .closePortal(let change):
            guard type == MessageCode.closeComplete else { break }
            replies.removeFirst()
            names.closed(change)
            return .keep
        case .describeStatement(let prepared):
            switch type {
            case MessageCode.parameterDescription:
                prepared?.parameterTypes = try ParameterDescription(payload).types
                return .keep
            case MessageCode.rowDescription, MessageCode.noData:
                replies.removeFirst()
                return .keep
            default: break
            }
        case .describePortal(let portal, let isOwn):
            guard type == MessageCode.rowDescription || type == MessageCode.noData else { break }
            if let portal, try !describe(portal, type, payload) { return .wait }
            replies.removeFirst()
            return isOwn ? .drop : .keep
        case .refusal, .sync: break
        }
        throw ProtocolViolation("a message of type \(type) out of its order")
    }

    private func handle(_ type: UInt8, _ payload: ByteBuffer, of run: QueryRun) throws(ProtocolViolation) -> Handling {
        switch type {
        case MessageCode.emptyQueryResponse: return .keep
        case MessageCode.rowDescription:
            guard let command = run.current, command.inspectsRows else {
                run.rows = .relayed
                return .keep
            }
            guard let treatment = try treatment(of: RowDescription(payload).fields, command) else { return .wait }
            run.rows = treatment
            return .keep
        case MessageCode.copyOutResponse:
            guard let command = run.current, command.inspectsRows else { return .keep }
            run.copies = true
            run.copy = try copyMasking(of: CopyResponse(payload), command)
            return isUpstreamPaused ? .wait : .keep
        case MessageCode.copyData:
            guard run.copies else { break }
            return try inspect(copied: payload, run.copy, run.current)
        case MessageCode.copyDone: return try finish(run.copy, run.current)
        case MessageCode.commandComplete:
            try complete(run.current, payload)
            run.advance()
            return .keep
        case MessageCode.copyInResponse:
            beginCopyIn()
            return .keep
        case MessageCode.copyBothResponse where place.isReplication:
            run.rows = .relayed
            beginCopyIn()
            return .keep
        default: break
        }
        throw ProtocolViolation("a message of type \(type) in answer to a query")
    }

    private func handle(_ type: UInt8, _ payload: ByteBuffer, of portal: Portal) throws(ProtocolViolation) -> Handling {
        switch type {
        case MessageCode.copyOutResponse:
            guard let command = portal.command, command.inspectsRows else { return .keep }
            portal.copies = true
            portal.copy = try copyMasking(of: CopyResponse(payload), command)
            return isUpstreamPaused ? .wait : .keep
        case MessageCode.copyData:
            guard portal.copies else { break }
            return try inspect(copied: payload, portal.copy, portal.command)
        case MessageCode.copyDone: return try finish(portal.copy, portal.command)
        case MessageCode.commandComplete:
            replies.removeFirst()
            try complete(portal.command, payload)
            return .keep
        case MessageCode.emptyQueryResponse, MessageCode.portalSuspended:
            replies.removeFirst()
            return .keep
        case MessageCode.copyInResponse:
            beginCopyIn()
            return .keep
        default: break
        }
        throw ProtocolViolation("a message of type \(type) in answer to Execute")
    }

    /// - Returns: Whether it is known how the portal's rows are treated.
    private func describe(
        _ portal: Portal, _ type: UInt8, _ payload: ByteBuffer
    ) throws(ProtocolViolation) -> Bool {
        guard case .unknown = portal.rows else { return true }
        guard type == MessageCode.rowDescription, let command = portal.command, command.inspectsRows else {
            portal.rows = .relayed
            return true
        }
        guard let treatment = try treatment(of: RowDescription(payload).fields, command) else { return false }
        portal.rows = treatment
        return true
    }

    // MARK: How commands end

    private func complete(_ command: RunningCommand?, _ payload: ByteBuffer) throws(ProtocolViolation) {
        let tag = try CommandComplete(payload)
        guard let command, sealOriginals(of: command) else { return }
        command.end(.succeeded, status: tag.tag, rows: tag.rows)
        guard let statement = command.statement else { return }
        switch statement.kind {
        case .prepare(let name, let body):
            names.statements.set(
                name, to: PreparedStatement(name: name, statement: body, text: "EXECUTE \"\(name)\"", hasOwnText: false)
            )
        case .declareCursor(let name, let body, _):
            names.declareCursor(
                name, Cursor(statement: body, lookup: NameLookup(path: command.lookup.path, isPast: true)))
        case .closeCursor(let name): names.closeCursor(name)
        case .rollbackToSavepoint: names.forgetCursors()
        case .set(let setting): note(setting)
        default: break
        }
    }

    private func beginCopyIn() {
        isCopyingIn = true
        if case .copyBegins = hold { hold = nil }
    }

    private func handleError(_ payload: ByteBuffer) throws(ProtocolViolation) -> Handling {
        let fields = try ErrorFields(payload)
        if fields.isFatal { hasSaidGoodbye = true }
        let shown: Handling
        switch masked(fields, runningCommand) {
        case nil: return .wait
        case .untouched: shown = .keep
        case .masked(let masked): shown = .replace(masked.errorResponse())
        }
        isCopyingIn = false
        if case .copyBegins = hold { hold = nil }
        switch replies.first {
        case nil: return .keep
        case .own(let query):
            query.fail(fields)
            return fields.isFatal ? .keep : .drop
        case .query(let run):
            run.current?.end(.failed, status: fields.code, reason: fields.message)
            run.advance()
            run.endRest(reason: "an earlier statement of the query string failed")
            return shown
        case .functionCall(let command):
            command.end(.failed, status: fields.code, reason: fields.message)
            return shown
        case .refusal(let own, true):
            replies.removeFirst()
            replies.prepend(.query(QueryRun([])))
            return fields.isFatal ? .keep : .replace(own.errorResponse())
        case .refusal(let own, false):
            skipToSync()
            return fields.isFatal ? .keep : .replace(own.errorResponse())
        case .parse(_, let command?): command.end(.failed, status: fields.code, reason: fields.message)
        case .bind(let change): change.value?.command?.end(.failed, status: fields.code, reason: fields.message)
        case .execute(let portal), .describePortal(let portal?, _):
            portal.command?.end(.failed, status: fields.code, reason: fields.message)
        default: break
        }
        skipToSync()
        return shown
    }

    /// The server runs nothing more of this pipeline, query strings and function calls included, until Sync: what was
    /// sent of it is undone in the gateway's tables.
    private func skipToSync() {
        var skipped: [Reply] = []
        while let reply = replies.first {
            if case .sync = reply { break }
            skipped.append(replies.removeFirst())
        }
        if replies.isEmpty {
            isServerSkipping = true
            isPipelineOpen = true
            forgetHeld()
        }
        var unanswered: [OwnQuery] = []
        for reply in skipped.reversed() {
            switch reply {
            case .parse(let change, _): names.statements.undo(change)
            case .closeStatement(let change): names.statements.undo(change)
            case .bind(let change): names.portals.undo(change)
            case .closePortal(let change): names.portals.undo(change)
            case .own(let query): unanswered.append(query)
            default: break
            }
            // No ReadyForQuery comes for it.
            if reply.endsReady { readyReceived += 1 }
            reply.abandon(reason: "an earlier message of the pipeline failed")
        }
        for query in unanswered.reversed() {
            query.fail(.skippedQuery)
            query.complete()
        }
        // Nobody need decide about what will not run.
        if isServerSkipping, case .approval(let cancel) = hold { cancel() }
    }

    /// Goes on with a message that waited for the server's answers.
    private func goOnIfAnswered() {
        guard !isClosed, replies.isEmpty, case .names(let goOn) = hold else { return }
        hold = nil
        if !isServerSkipping { goOn(self) }
        flushUpstream()
    }

    private func handleReady(_ payload: ByteBuffer) throws(ProtocolViolation) -> Handling {
        let status = try ReadyForQuery(payload).status
        guard let reply = replies.popFirst(), reply.endsReady else {
            throw ProtocolViolation("ReadyForQuery that nothing asked for")
        }
        transaction = status
        if replies.isEmpty { isLexingStale = false }
        isCopyingIn = false
        if case .copyBegins = hold { hold = nil }
        readyReceived += 1
        if status == .idle {
            names.endTransaction(upTo: readyReceived)
            if readyReceived == readySent, replies.isEmpty, !isPipelineOpen { definitionsEnd() }
        }
        switch reply {
        case .query(let run): run.endRest(reason: "the server did not run it")
        case .own(let query):
            query.complete()
            return .drop
        default: break
        }
        return .keep
    }
}
