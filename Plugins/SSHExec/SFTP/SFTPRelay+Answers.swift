import NIOCore

// What the host answers.
extension SFTPRelay {
    mutating func answer(_ packet: ByteBuffer, _ reader: SFTPPacketReader) throws(SFTPViolation) {
        var reader = reader
        let id = try reader.integer(UInt32.self)
        guard let exchange = exchanges.removeValue(forKey: id) else {
            throw reader.violation("request id \(id), which awaits no answer")
        }
        let body = reader
        var answer: SFTPHostAnswer
        var masked: MaskedAnswer?
        do throws(SFTPViolation) {
            answer = try reader.hostAnswer(to: exchange.answer)
            if let masker = exchange.masker, let callerID = exchange.callerID {
                masked = try self.masked(answer, body, to: exchange.answer, callerID, by: masker)
            }
        } catch {
            // It has no answer, and so an outcome to come: the session's end interrupts it.
            exchanges[id] = exchange
            throw error
        }
        guard let callerID = exchange.callerID else { return ownAnswered(exchange.purpose, answer) }
        callerIDs.remove(callerID)
        answer = masked?.answer ?? answer
        let forCaller = masked?.packet ?? (id == callerID ? packet : packet.withSFTPRequestID(callerID))
        switch exchange.purpose {
        case .decided(let decision): settle(decision, answer, refusal: masked?.refusal)
        case .open(let decision, let path, let flags):
            guard case .handle(let name) = answer else {
                settle(decision, answer)
                break
            }
            let handle = SFTPOpenHandle(
                file: path, name: name, flags: flags, decision: decision, masker: exchange.masker)
            let number = try open(handle, reader)
            if flags.reads, let masker = exchange.masker { return load(number, masker, callerID, forCaller) }
        case .openDirectory(let decision, let path):
            // What masking does to its listing counts as the decision's, whose outcome then comes with CLOSE.
            let isOverNow = exchange.masker == nil
            guard case .handle(let name) = answer else {
                settle(decision, answer)
                break
            }
            if isOverNow { settle(decision, answer) }
            _ = try open(
                SFTPOpenHandle(
                    directory: path, name: name, decision: isOverNow ? nil : decision, masker: exchange.masker), reader)
        case .read(let number, let offset): readAnswered(number, offset, answer)
        case .write(let number, let count): writeAnswered(number, count, answer)
        case .close(let number): closeAnswered(number, answer)
        case .fstat(let number):
            guard case .attributes(var attributes) = answer, let masked = handles[number]?.masked else { break }
            attributes.size = UInt64(masked.readableBytes)
            return toCaller(
                .sftpPacket(.attributes) { packet in
                    packet.writeInteger(callerID)
                    packet.writeSFTPAttributes(attributes)
                })
        case .plain:
            if case .limits(let hostLimits) = answer { return toCaller(limitsPacket(callerID, hostLimits)) }
        case .load, .discard, .loginFolder: break
        }
        toCaller(forCaller)
    }

    private mutating func ownAnswered(_ purpose: SFTPExchange.Purpose, _ answer: SFTPHostAnswer) {
        switch purpose {
        case .load(let number): loaded(number, answer)
        case .discard(let name): handleNumbers[name] = nil
        case .loginFolder:
            if case .name(let folder) = answer { loginFolderAnswered(folder) } else { loginFolderAnswered(nil) }
        default: break
        }
    }

    /// The outcome of a request that its answer completes.
    private mutating func settle(_ decision: SFTPDecisionID, _ answer: SFTPHostAnswer, refusal: String? = nil) {
        var ending = SFTPOutcome.Ending.succeeded
        if case .status(let status) = answer, status.code != .ok { ending = .failed(status) }
        if let refusal { ending = .refused(refusal) }
        actions.append(.finished(decision, SFTPOutcome(ending)))
    }

    /// - Throws: where the host has given the same handle before and not closed it: which file is meant is then unknown.
    private mutating func open(
        _ handle: SFTPOpenHandle, _ reader: SFTPPacketReader
    ) throws(SFTPViolation) -> SFTPHandleNumber {
        guard handleNumbers[handle.name] == nil else {
            if let decision = handle.decision {
                actions.append(.finished(decision, SFTPOutcome(.interrupted("the host gave a handle that is in use"))))
            }
            throw reader.violation("a handle that is in use already")
        }
        lastHandle += 1
        let number = SFTPHandleNumber(number: lastHandle)
        handles[number] = handle
        handleNumbers[handle.name] = number
        return number
    }

    private mutating func readAnswered(_ number: SFTPHandleNumber, _ offset: UInt64, _ answer: SFTPHostAnswer) {
        handles[number]?.unanswered -= 1
        switch answer {
        case .data(let content): handles[number]?.reading?.received(content, at: offset, room: &earlyRoom)
        case .status(let status) where status.code == .endOfFile: handles[number]?.reading?.ended(at: offset)
        case .status(let status): handles[number]?.fail(status)
        default: break
        }
        finishIfClosed(number)
    }

    private mutating func writeAnswered(_ number: SFTPHandleNumber, _ count: Int, _ answer: SFTPHostAnswer) {
        handles[number]?.unanswered -= 1
        if case .status(let status) = answer, status.code != .ok {
            handles[number]?.writing?.failed()
            handles[number]?.fail(status)
        } else {
            handles[number]?.writing?.acknowledged(count)
        }
        finishIfClosed(number)
    }

    private mutating func closeAnswered(_ number: SFTPHandleNumber, _ answer: SFTPHostAnswer) {
        if case .status(let status) = answer, status.code != .ok { handles[number]?.fail(status) }
        handles[number]?.phase = .closed
        if let name = handles[number]?.name { handleNumbers[name] = nil }
        finishIfClosed(number)
    }

    /// A caller that believes a host with larger packets would send what the relay has to refuse.
    private func limitsPacket(_ id: UInt32, _ host: SFTPHostLimits) -> ByteBuffer {
        // Zero tells a client nothing, and it stays with what it knows.
        let content = UInt64(limits.maximumContent)
        return .sftpPacket(.extendedReply) { packet in
            packet.writeInteger(id)
            packet.writeInteger(min(host.packet, UInt64(limits.maximumPacket)))
            packet.writeInteger(min(host.read, content))
            packet.writeInteger(min(host.write, content))
            packet.writeInteger(min(host.handles, UInt64(limits.maximumHandles)))
        }
    }
}
