import GatewayCore
import Identifiers
import NIOCore

/// A statement that was to be parsed, and is not sent before it is known what for.
struct HeldParse {
    let frame: Frame
    let prepared: PreparedStatement
    let change: NameChange<PreparedStatement>
}

// The extended query protocol (PostgreSQL documentation, section 55.2.3). A command is a statement with its
// parameters, so it is judged at Bind, whoever prepared it and when.
extension Relay {
    // MARK: Parse

    func receiveParse(_ frame: Frame) throws(ProtocolViolation) {
        let parse = try Parse(frame.payload)
        whenSettingsAreKnown { relay in
            relay.read(parse.query, isQuery: false) { relay, query in relay.hold(parse, query, frame) }
        }
    }

    private func hold(_ parse: Parse, _ query: ReadQuery, _ frame: Frame) {
        guard !names.isFull else { return refuse(.tooManyNames, isQuery: false) }
        let prepared: PreparedStatement
        switch query {
        case .empty:
            prepared = PreparedStatement(name: parse.statement, statement: nil, text: "", isEmpty: true)
        case .statements(let statements, let text) where statements.count == 1:
            prepared = PreparedStatement(
                name: parse.statement, statement: statements[0], text: text, parameterTypes: parse.parameterTypes)
        case .statements: return refuse(.multipleStatements, isQuery: false)
        case .opaque(let text, _):
            prepared = PreparedStatement(
                name: parse.statement, statement: nil, text: text, parameterTypes: parse.parameterTypes)
        }
        // Nobody sends so many without a Bind; they are not kept for one.
        if held.count >= 64, !sendHeld() { return }
        held.append(
            HeldParse(
                frame: frame, prepared: prepared,
                change: names.statements.change(parse.statement, to: prepared, in: readySent)))
    }

    /// Sends the statements that wait, to be parsed and not to run.
    ///
    /// - Returns: Whether all of them were allowed.
    func sendHeld() -> Bool {
        var waiting = held[...]
        held = []
        while let parse = waiting.popFirst() {
            if parse.prepared.isEmpty {
                sendParse(parse, command: nil)
                continue
            }
            let judged = command(of: parse.prepared)
            switch session.decidePreparation(judged.command) {
            case .permitted(let permit):
                sendParse(
                    parse,
                    command: RunningCommand(
                        permit, statement: judged.statement, text: judged.command.text,
                        recording: CommandRecording(session: session)))
            case .refused(let refusal):
                forget(parse)
                for rest in waiting.reversed() { forget(rest) }
                refuse(refusal, isQuery: false)
                return false
            case .needsApproval:
                // Preparing asks nobody: what the statement needs is asked for when it runs.
                forget(parse)
                refuse(.cannotPrepare, isQuery: false)
                return false
            }
        }
        return true
    }

    private func sendParse(_ parse: HeldParse, command: RunningCommand?) {
        send(parse.frame.bytes, .parse(parse.change, command: command))
    }

    private func forget(_ parse: HeldParse) { names.statements.undo(parse.change) }

    /// What waits belongs to a pipeline that has failed.
    func forgetHeld() {
        for parse in held.reversed() { forget(parse) }
        held = []
    }

    // MARK: Bind

    func receiveBind(_ frame: Frame) throws(ProtocolViolation) {
        receive(try Bind(frame.payload), .held(frame.bytes))
    }

    func receive(_ bind: Bind, _ bytes: BindBytes) {
        whenSettingsAreKnown { relay in
            let usesNames = relay.names.statements[bind.statement]?.statement?.kind.usesNames ?? false
            // What waits to be parsed with this Bind is not sent, and takes no answer.
            relay.whenNamesAreCertain(statement: bind.statement, all: usesNames) { relay in relay.judge(bind, bytes) }
        }
    }

    private func judge(_ bind: Bind, _ bytes: BindBytes) {
        guard !names.isFull else { return refuse(.tooManyNames, isQuery: false) }
        // A statement that is parsed for this Bind goes with it; others go on their own.
        let own = held.last?.prepared.name.isExactly(bind.statement) == true ? held.popLast() : nil
        guard sendHeld() else {
            if let own { forget(own) }
            return
        }
        let prepared = own?.prepared ?? names.statements[bind.statement]
        if let prepared, prepared.isEmpty {
            if let own { sendParse(own, command: nil) }
            return sendBind(bind, bytes, prepared, statement: nil, command: nil)
        }
        let judged: JudgedStatement
        do throws(ParameterError) {
            judged = try command(of: prepared, bind)
        } catch {
            if let own { forget(own) }
            return refuse(.badParameters(error), isQuery: false)
        }
        decide([judged], leavesAtOnce: bytes.areHeld) { relay, decided in
            switch decided {
            case .success(let commands):
                if let own { relay.sendParse(own, command: nil) }
                relay.sendBind(bind, bytes, prepared, statement: judged.statement, command: commands.first)
            case .failure(let refusal):
                if let own { relay.forget(own) }
                relay.refuse(refusal, isQuery: false)
            }
        }
    }

    private func sendBind(
        _ bind: Bind, _ bytes: BindBytes, _ prepared: PreparedStatement?, statement: SQLStatement?,
        command: RunningCommand?
    ) {
        command?.requestBytes = bytes.count
        let portal = Portal(
            name: bind.portal, statement: statement, command: command, resultFormats: bind.resultFormats,
            epoch: readySent)
        portal.isPlanned = prepared?.statement?.kind.isPlanned ?? false
        defer { portal.changes = changes }
        if command?.inspectsRows != true { portal.rows = .relayed }
        let change = names.portals.change(bind.portal, to: portal, in: readySent)
        // Binding the unnamed portal again ends the one that was there.
        if bind.portal.isEmpty { change.replaced?.close() }
        switch bytes {
        case .held(let bytes): send(bytes, .bind(change))
        case .spooled(let spool): send(spool, .bind(change))
        }
        if case .unknown = portal.rows { sendOwnDescribe(portal) }
    }

    // MARK: Describe, Execute, Close

    func receiveDescribe(_ frame: Frame) throws(ProtocolViolation) {
        let describe = try Describe(frame.payload)
        guard sendHeld() else { return }
        switch describe.kind {
        case .statement: send(frame.bytes, .describeStatement(names.statements[describe.name]))
        case .portal: send(frame.bytes, .describePortal(names.portals[describe.name], isOwn: false))
        }
    }

    func receiveExecute(_ frame: Frame) throws(ProtocolViolation) {
        let execute = try Execute(frame.payload)
        guard sendHeld() else { return }
        whenNamesAreCertain(portal: execute.portal) { relay in relay.judge(execute, frame) }
    }

    private func judge(_ execute: Execute, _ frame: Frame) {
        if let portal = names.portals[execute.portal] {
            // A statement that is not planned is read again as it begins to run, under what holds by then.
            guard portal.hasBegun || portal.isPlanned || portal.changes == changes else {
                return refuse(.boundTooEarly, isQuery: false)
            }
            portal.hasBegun = true
            return sendExecute(portal, frame)
        }
        // A cursor that SQL declared is a portal of the same name.
        let judged =
            names.cursor(execute.portal).map { command(fetchingFrom: execute.portal, $0) }
            ?? opaque("EXECUTE PORTAL \(execute.portal)", reason: "the gateway has not seen this portal being bound")
        decide([judged]) { relay, decided in
            switch decided {
            case .success(let commands):
                let portal = Portal(
                    name: execute.portal, statement: judged.statement, command: commands.first, resultFormats: [],
                    epoch: relay.readySent)
                if commands.first?.inspectsRows != true {
                    portal.rows = .relayed
                } else {
                    relay.sendOwnDescribe(portal)
                }
                relay.sendExecute(portal, frame)
            case .failure(let refusal): relay.refuse(refusal, isQuery: false)
            }
        }
    }

    /// Not every client asks what the columns of a result are, and masking has to know.
    private func sendOwnDescribe(_ portal: Portal) {
        send(Describe.message(portal: portal.name), .describePortal(portal, isOwn: true))
    }

    private func sendExecute(_ portal: Portal, _ frame: Frame) {
        send(frame.bytes, .execute(portal))
        if let command = portal.command { noteSent([command]) }
    }

    func receiveClose(_ frame: Frame) throws(ProtocolViolation) {
        let close = try Close(frame.payload)
        guard sendHeld() else { return }
        switch close.kind {
        case .statement:
            send(frame.bytes, .closeStatement(names.statements.change(close.name, to: nil, in: readySent)))
        case .portal: send(frame.bytes, .closePortal(names.portals.change(close.name, to: nil, in: readySent)))
        }
    }

    // MARK: The pipeline's end

    func receiveFlush(_ frame: Frame) {
        guard sendHeld() else { return }
        send(frame.bytes)
    }

    func receiveSync(_ frame: Frame) {
        // A refusal among what waits leaves an error that this Sync ends.
        if !isSkippingToSync, !isServerSkipping { _ = sendHeld() }
        isSkippingToSync = false
        isServerSkipping = false
        if answersSyncAlone {
            answersSyncAlone = false
            caller.write(ReadyForQuery.message(transaction))
            caller.flush()
            return
        }
        send(frame.bytes, .sync)
    }
}
