import NIOCore

// What the host answers to a request under a masking rule, beside a file's content: names, links, messages.
//
// A name that holds a regulated value reaches the caller masked, and cannot be opened by what stands for it. That is the
// price: a listing would tell the value otherwise.
extension SFTPRelay {
    struct MaskedAnswer {
        let packet: ByteBuffer
        let answer: SFTPHostAnswer
        /// Why the caller does not get the answer.
        var refusal: String?
    }

    /// - Parameters:
    ///   - reader: of the same packet, at what follows the request id.
    ///   - answer: what the packet says.
    func masked(
        _ answer: SFTPHostAnswer, _ reader: SFTPPacketReader, to kind: SFTPAnswerKind, _ callerID: UInt32,
        by masker: any SFTPContentMasker
    ) throws(SFTPViolation) -> MaskedAnswer? {
        var reader = reader
        if case .status(let status) = answer {
            let whole = try reader.statusText()
            let message = Self.masked(message: whole, by: masker)
            return MaskedAnswer(
                packet: .sftpStatus(callerID, status.code, message),
                answer: .status(SFTPStatus(code: status.code, message: SFTPStatus.shortened(message.utf8))))
        }
        if case .attributes(var attributes) = answer {
            // They may hold anything, and nobody needs them.
            attributes.extended = []
            let packet = ByteBuffer.sftpPacket(.attributes) { packet in
                packet.writeInteger(callerID)
                packet.writeSFTPAttributes(attributes)
            }
            return MaskedAnswer(packet: packet, answer: .attributes(attributes))
        }
        let packet: ByteBuffer
        do {
            switch kind {
            case .oneName, .names: packet = try names(&reader, callerID, by: masker)
            case .userNames: packet = try userNames(&reader, callerID, by: masker)
            default: return nil
            }
        } catch let violation as SFTPViolation {
            throw violation
        } catch {
            return refused(callerID, (error as? SFTPUnmaskable)?.reason ?? "the names cannot be masked")
        }
        guard packet.readableBytes <= limits.maximumPacket + 4 else {
            return refused(callerID, "the masked names are too long")
        }
        return MaskedAnswer(packet: packet, answer: answer)
    }

    private func refused(_ callerID: UInt32, _ reason: String) -> MaskedAnswer {
        MaskedAnswer(
            packet: .sftpStatus(callerID, .permissionDenied, reason),
            answer: .status(SFTPStatus(code: .permissionDenied, message: reason)), refusal: reason)
    }

    /// A message is for people: where it cannot be masked, its code has to do.
    static func masked(message: [UInt8], by masker: any SFTPContentMasker) -> String {
        do {
            return String(decoding: try masker.masked(text: message), as: UTF8.self)
        } catch {
            return "the host's message cannot be masked"
        }
    }

    private func names(
        _ reader: inout SFTPPacketReader, _ callerID: UInt32, by masker: any SFTPContentMasker
    ) throws -> ByteBuffer {
        let count = try reader.count(ofAtLeast: 12)
        var packet = ByteBuffer.sftpPacket(.name) { packet in
            packet.writeInteger(callerID)
            packet.writeInteger(UInt32(count))
        }
        for _ in 0..<count {
            // The name, and the line that `ls -l` would show.
            for _ in 0..<2 {
                packet.writeSFTPString(try masker.masked(text: Array(try reader.string().readableBytesView)))
            }
            var attributes = try reader.attributes()
            attributes.extended = []
            packet.writeSFTPAttributes(attributes)
        }
        packet.setInteger(UInt32(packet.readableBytes - 4), at: packet.readerIndex)
        return packet
    }

    /// Two lists of names, each in a string of its own.
    private func userNames(
        _ reader: inout SFTPPacketReader, _ callerID: UInt32, by masker: any SFTPContentMasker
    ) throws -> ByteBuffer {
        var lists: [ByteBuffer] = []
        for _ in 0..<2 {
            var list = try reader.string()
            var masked = ByteBuffer()
            while list.readableBytes > 0 {
                guard let length = list.readInteger(as: UInt32.self),
                    let name = list.readBytes(length: Int(length))
                else { throw reader.violation("a list of names that ends within one") }
                masked.writeSFTPString(try masker.masked(text: name))
            }
            lists.append(masked)
        }
        return .sftpPacket(.extendedReply) { packet in
            packet.writeInteger(callerID)
            for list in lists { packet.writeSFTPString(list.readableBytesView) }
        }
    }
}
