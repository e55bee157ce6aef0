import NIOCore

// What the caller asks of something that is open.
extension SFTPRelay {
    mutating func onHandle(_ request: SFTPHandleRequest, _ id: UInt32, _ packet: ByteBuffer) {
        switch request {
        case .read(let name, let offset, let length): read(name, offset, length, id, packet)
        case .write(let name, let offset, let content): write(name, offset, content, id, packet)
        case .close(let name):
            guard let number = openHandle(name, id) else { return }
            handles[number]?.phase = .closing
            forward(packet, id, .status, .close(number), masker: handles[number]?.masker)
        case .fstat(let name):
            guard let number = openHandle(name, id) else { return }
            forward(packet, id, .attributes, .fstat(number), masker: handles[number]?.masker)
        case .readdir(let name):
            guard let number = openHandle(name, id) else { return }
            guard handles[number]?.isDirectory == true else {
                return answerCaller(id, .failure, "the handle is no folder's")
            }
            forward(packet, id, .names, .plain, masker: handles[number]?.masker)
        case .fsetstat(let name, let attributes):
            guard let number = openHandle(name, id), let path = handles[number]?.path else { return }
            decide(SFTPRequest([.setstat], "FSETSTAT", [path], attributes: attributes), id, packet, .status)
        case .fstatvfs(let name): extended(.fstatvfs, name, .fileSystem, id, packet)
        case .fsync(let name): extended(.fsync, name, .status, id, packet)
        case .copyData(let source, let destination, let numbers):
            copy(from: source, to: destination, numbers, id, packet)
        }
    }

    /// A handle that was given to the caller, and that it has not closed. Anything else is answered here.
    private mutating func openHandle(_ name: [UInt8], _ id: UInt32) -> SFTPHandleNumber? {
        guard let number = handleNumbers[name], handles[number]?.phase == .open else {
            answerCaller(id, .failure, "no such handle is open")
            return nil
        }
        return number
    }

    private mutating func read(
        _ name: [UInt8], _ offset: UInt64, _ length: UInt32, _ id: UInt32, _ packet: ByteBuffer
    ) {
        guard let number = openHandle(name, id) else { return }
        guard handles[number]?.reading != nil else {
            return answerCaller(id, .permissionDenied, "the handle was not opened for reading")
        }
        if let masked = handles[number]?.masked {
            return readMasked(masked, number, offset, length, id)
        }
        handles[number]?.unanswered += 1
        forward(packet, id, .data(atMost: length), .read(number, offset: offset), masker: handles[number]?.masker)
    }

    private mutating func write(
        _ name: [UInt8], _ offset: UInt64, _ content: ByteBuffer, _ id: UInt32, _ packet: ByteBuffer
    ) {
        guard let number = openHandle(name, id) else { return }
        guard handles[number]?.writing != nil else {
            return answerCaller(id, .permissionDenied, "the handle was not opened for writing")
        }
        handles[number]?.writing?.sent(content, at: offset)
        handles[number]?.unanswered += 1
        forward(
            packet, id, .status, .write(number, count: content.readableBytes), masker: handles[number]?.masker)
    }

    private mutating func extended(
        _ known: SFTPExtension, _ name: [UInt8], _ answer: SFTPAnswerKind, _ id: UInt32, _ packet: ByteBuffer
    ) {
        guard isAnnounced(known.rawValue) else { return refuseUnannounced(id, known.rawValue) }
        guard let number = openHandle(name, id) else { return }
        forward(packet, id, answer, .plain, masker: handles[number]?.masker)
    }

    private mutating func copy(
        from source: [UInt8], to destination: [UInt8], _ numbers: [SFTPNumbers], _ id: UInt32, _ packet: ByteBuffer
    ) {
        let word = SFTPExtension.copyData.rawValue
        guard isAnnounced(word) else { return refuseUnannounced(id, word) }
        guard let from = openHandle(source, id), let to = openHandle(destination, id) else { return }
        guard let read = handles[from], let written = handles[to], read.reading != nil, written.writing != nil else {
            return answerCaller(id, .permissionDenied, "the handles were not opened for reading and for writing")
        }
        guard read.masked == nil else {
            // The host would copy what the caller may see only masked.
            return answerCaller(id, .permissionDenied, "a file under a masking rule cannot be copied on the host")
        }
        decide(
            SFTPRequest([.copyData], word, [read.path, written.path], numbers: numbers), id, packet, .status,
            copiesInto: to)
    }
}
