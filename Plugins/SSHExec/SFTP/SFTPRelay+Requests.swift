import NIOCore

// What the caller asks.
extension SFTPRelay {
    mutating func request(_ packet: ByteBuffer, _ reader: SFTPPacketReader) throws(SFTPViolation) {
        var reader = reader
        if reader.type == .initialize { throw reader.violation("the session was opened already") }
        let id = try reader.integer(UInt32.self)
        guard !callerIDs.contains(id) else {
            throw reader.violation("request id \(id) is used again before its answer has come")
        }
        switch try reader.callerRequest() {
        case .onPaths(let request): ask(request, id, packet)
        case .onHandle(let request): onHandle(request, id, packet)
        case .limits:
            guard isAnnounced(SFTPExtension.limits.rawValue) else { return refuseUnannounced(id, "limits@openssh.com") }
            forward(packet, id, .limits, .plain)
        case .unknown(let what): answerCaller(id, .operationUnsupported, "\(what) is not supported")
        }
    }

    private mutating func ask(_ asked: SFTPPathRequest, _ id: UInt32, _ packet: ByteBuffer) {
        guard isAnnounced(asked.message) else { return refuseUnannounced(id, asked.message) }
        let paths = paths(of: asked)
        guard paths.allSatisfy({ max($0.bytes.count, $0.bytesToSend.count) <= limits.maximumPath }) else {
            return answerCaller(id, .badMessage, "a path may have \(limits.maximumPath) bytes")
        }
        if let flags = asked.openFlags, !SFTPOpenFlags.known.isSuperset(of: flags) {
            // Another server may give them a meaning that no decision was made on.
            return answerCaller(id, .operationUnsupported, "OPEN with unknown flags \(flags.rawValue)")
        }
        if case .handle = asked.answer, !hasRoomForHandle() {
            return answerCaller(id, .failure, "\(limits.maximumHandles) files are open, which is the most")
        }
        let request = SFTPRequest(
            asked.operations, asked.message, paths, attributes: asked.attributes, openFlags: asked.openFlags,
            numbers: asked.numbers)
        let decided = Self.packet(packet, withPaths: paths, of: asked)
        guard decided.readableBytes <= limits.maximumPacket + 4 else {
            return answerCaller(id, .badMessage, "a packet may have \(limits.maximumPacket) bytes")
        }
        decide(request, id, decided, asked.answer)
    }

    /// The packet as it is decided: with the paths that policies see, so that the host acts on no others.
    private static func packet(
        _ packet: ByteBuffer, withPaths paths: [SFTPPath], of asked: SFTPPathRequest
    ) -> ByteBuffer {
        let changed = zip(asked.paths, paths).filter { $1.bytesToSend != $1.bytes }
        return changed.isEmpty ? packet : packet.replacingSFTPStrings(changed.map { ($0.place, $1.bytesToSend) })
    }

    private func paths(of asked: SFTPPathRequest) -> [SFTPPath] {
        if asked.message == SFTPExtension.homeDirectory.rawValue {
            return asked.paths.map { SFTPPath(verbatim: [UInt8(ascii: "~")] + $0.bytes) }
        }
        if asked.message == SFTPExtension.expandPath.rawValue {
            // `~` and `~name` are the host's to read; any other path is a path.
            return asked.paths.map {
                $0.bytes.first == UInt8(ascii: "~")
                    ? SFTPPath(verbatim: $0.bytes) : SFTPPath($0.bytes, in: loginFolder)
            }
        }
        if asked.operations == [.symlink], asked.paths.count == 2 {
            let link = SFTPPath(asked.paths[1].bytes, in: loginFolder)
            return [SFTPPath(linkTarget: asked.paths[0].bytes, in: link.folder), link]
        }
        return asked.paths.map { SFTPPath($0.bytes, in: loginFolder) }
    }

    mutating func decide(
        _ request: SFTPRequest, _ id: UInt32, _ packet: ByteBuffer, _ answer: SFTPAnswerKind,
        copiesInto destination: SFTPHandleNumber? = nil
    ) {
        lastDecision += 1
        let decision = SFTPDecisionID(number: lastDecision)
        callerIDs.insert(id)
        pending = SFTPPendingDecision(
            decision: decision, request: request, callerID: id, packet: packet, answer: answer, copiesInto: destination)
        actions.append(.decide(decision, request))
    }

    /// An OPEN that the host has not answered counts as open.
    private func hasRoomForHandle() -> Bool {
        let opening = exchanges.values.count { exchange in
            switch exchange.purpose {
            case .open, .openDirectory: true
            default: false
            }
        }
        return handles.count + opening < limits.maximumHandles
    }

    /// A host that did not announce an extension may mean something else by its name.
    func isAnnounced(_ message: String) -> Bool {
        guard let known = SFTPExtension(rawValue: message) else { return true }
        return extensions.contains(known)
    }

    mutating func refuseUnannounced(_ id: UInt32, _ name: String) {
        answerCaller(id, .operationUnsupported, "the host does not announce \(name)")
    }
}
