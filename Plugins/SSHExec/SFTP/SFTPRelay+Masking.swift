import NIOCore

// Files that the caller may read only masked.
extension SFTPRelay {
    /// The host has opened the file: its content is read before the caller learns of it.
    mutating func load(
        _ number: SFTPHandleNumber, _ masker: any SFTPContentMasker, _ callerID: UInt32, _ handlePacket: ByteBuffer
    ) {
        // The caller's request is not answered yet, though the host has answered it.
        callerIDs.insert(callerID)
        handles[number]?.phase = .loading
        loads[number] = SFTPLoad(masker: masker, callerID: callerID, handlePacket: handlePacket)
        loadMore(number)
    }

    /// One READ at a time: an answer may be shorter than asked, and the next goes on where it ended.
    private mutating func loadMore(_ number: SFTPHandleNumber) {
        guard let load = loads[number], let handle = handles[number], !callerIsGone else { return }
        let length = UInt32(clamping: limits.maximumContent)
        askHost(.data(atMost: length), .load(number), .read) { packet in
            packet.writeSFTPString(handle.name)
            packet.writeInteger(UInt64(load.content.count))
            packet.writeInteger(length)
        }
    }

    mutating func loaded(_ number: SFTPHandleNumber, _ answer: SFTPHostAnswer) {
        switch answer {
        case .data(let part):
            let size = (loads[number]?.content.count ?? 0) + part.readableBytes
            guard size <= limits.maximumMaskedFile else {
                return refuseLoad(
                    number, "the file is larger than the \(limits.maximumMaskedFile) bytes that can be masked")
            }
            guard part.readableBytes <= maskingRoom else { return refuseLoad(number, Self.noMaskingRoom) }
            maskingRoom -= part.readableBytes
            loads[number]?.content.append(contentsOf: part.readableBytesView)
            loadMore(number)
        case .status(let status) where status.code == .endOfFile: mask(number)
        case .status(var status):
            if let masker = loads[number]?.masker {
                status = SFTPStatus(
                    code: status.code, message: Self.masked(message: Array(status.message.utf8), by: masker))
            }
            dropLoad(number, status, .failed(status))
        default: break
        }
    }

    private mutating func mask(_ number: SFTPHandleNumber) {
        guard let load = loads[number], let path = handles[number]?.path else { return }
        let masked: [UInt8]
        do throws(SFTPUnmaskable) {
            masked = try load.masker.masked(load.content, path: path.normalised)
        } catch {
            return refuseLoad(number, "the file's content cannot be masked: \(error.reason)")
        }
        guard masked.count <= maskingRoom + load.content.count else { return refuseLoad(number, Self.noMaskingRoom) }
        maskingRoom += load.content.count - masked.count
        handles[number]?.masked = ByteBuffer(bytes: masked)
        handles[number]?.phase = .open
        loads[number] = nil
        callerIDs.remove(load.callerID)
        toCaller(load.handlePacket)
    }

    private static let noMaskingRoom = "too many files that have to be masked are open"

    private mutating func refuseLoad(_ number: SFTPHandleNumber, _ message: String) {
        dropLoad(number, SFTPStatus(code: .permissionDenied, message: message), .refused(message))
    }

    private mutating func dropLoad(
        _ number: SFTPHandleNumber, _ status: SFTPStatus, _ ending: SFTPOutcome.Ending
    ) {
        guard let load = loads.removeValue(forKey: number), let handle = handles[number] else { return }
        maskingRoom += load.content.count
        finish(number, ending, wasGivenOut: false)
        answerCaller(load.callerID, status.code, status.message)
        guard !callerIsGone else { return }
        // The name stays taken until the host has closed it.
        handleNumbers[handle.name] = number
        askHost(.status, .discard(handle.name), .close) { $0.writeSFTPString(handle.name) }
    }

    mutating func readMasked(
        _ masked: ByteBuffer, _ number: SFTPHandleNumber, _ offset: UInt64, _ length: UInt32, _ id: UInt32
    ) {
        guard let start = Int(exactly: offset), start < masked.readableBytes else {
            handles[number]?.reading?.ended(at: offset)
            return answerCaller(id, .endOfFile, "the file ends before that")
        }
        let count = min(Int(length), limits.maximumContent, masked.readableBytes - start)
        guard let part = masked.getSlice(at: masked.readerIndex + start, length: count) else {
            return answerCaller(id, .failure, "the masked copy has no such part")
        }
        handles[number]?.reading?.received(part, at: offset, room: &earlyRoom)
        toCaller(
            .sftpPacket(.data) { packet in
                packet.writeInteger(id)
                packet.writeSFTPString(part.readableBytesView)
            })
    }
}
