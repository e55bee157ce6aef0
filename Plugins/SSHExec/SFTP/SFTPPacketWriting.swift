import NIOCore

extension ByteBuffer {
    /// A whole packet, its length field included.
    static func sftpPacket(_ type: SFTPPacketType, _ writeBody: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var packet = ByteBuffer()
        packet.writeInteger(UInt32(0))
        packet.writeInteger(type.rawValue)
        writeBody(&packet)
        packet.setInteger(UInt32(packet.readableBytes - 4), at: packet.readerIndex)
        return packet
    }

    static func sftpStatus(_ id: UInt32, _ code: SFTPStatusCode, _ message: String) -> ByteBuffer {
        sftpPacket(.status) { packet in
            packet.writeInteger(id)
            packet.writeInteger(code.rawValue)
            packet.writeSFTPString(message.utf8)
            packet.writeSFTPString("en".utf8)
        }
    }

    mutating func writeSFTPString(_ bytes: some Collection<UInt8>) {
        writeInteger(UInt32(bytes.count))
        writeBytes(bytes)
    }

    /// The same packet with other strings in the places of some, which come in the packet's order.
    func replacingSFTPStrings(_ replacements: [(place: Range<Int>, with: [UInt8])]) -> ByteBuffer {
        let old = readableBytesView
        var packet = ByteBuffer()
        var end = old.startIndex
        for (place, bytes) in replacements {
            packet.writeBytes(old[end..<(old.startIndex + place.lowerBound)])
            packet.writeSFTPString(bytes)
            end = old.startIndex + place.upperBound
        }
        packet.writeBytes(old[end...])
        packet.setInteger(UInt32(packet.readableBytes - 4), at: packet.readerIndex)
        return packet
    }

    /// The same packet with another request id. Only this copies the packet.
    func withSFTPRequestID(_ id: UInt32) -> ByteBuffer {
        var packet = self
        packet.setInteger(id, at: packet.readerIndex + 5)
        return packet
    }
}
