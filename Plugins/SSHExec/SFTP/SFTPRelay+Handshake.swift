import NIOCore

// INIT and VERSION (section 4), and what is learned before the first request.
extension SFTPRelay {
    private static let version: UInt32 = 3

    mutating func initialize(_ reader: SFTPPacketReader) throws(SFTPViolation) {
        var reader = reader
        guard reader.type == .initialize else { throw reader.violation("the session has to be opened by INIT") }
        let offered = try reader.integer(UInt32.self)
        guard offered >= Self.version else { throw reader.violation("version \(offered); version 3 is spoken here") }
        // A client's extensions have no meaning in version 3; they are checked, and not passed on.
        _ = try reader.extensionPairs()
        phase = .awaitingVersion
        // Who offers more gets 3: both sides then speak the lower of the two.
        actions.append(.sendToHost(.sftpPacket(.initialize) { $0.writeInteger(Self.version) }))
    }

    mutating func version(_ reader: SFTPPacketReader) throws(SFTPViolation) {
        var reader = reader
        guard reader.type == .version else { throw reader.violation("the session has to be opened by VERSION") }
        let chosen = try reader.integer(UInt32.self)
        guard chosen == Self.version else { throw reader.violation("version \(chosen) where 3 was offered") }
        for pair in try reader.extensionPairs() {
            guard let known = SFTPExtension(name: pair.name), known.version.utf8.elementsEqual(pair.data) else {
                continue
            }
            extensions.insert(known)
        }
        let announced = extensions
        let packet = ByteBuffer.sftpPacket(.version) { packet in
            packet.writeInteger(Self.version)
            for known in SFTPExtension.allCases where announced.contains(known) {
                packet.writeSFTPString(known.rawValue.utf8)
                packet.writeSFTPString(known.version.utf8)
            }
        }
        if asksLoginFolder {
            phase = .awaitingLoginFolder(version: packet)
            askHost(.oneName, .loginFolder, .realpath) { $0.writeSFTPString(".".utf8) }
        } else {
            phase = .open
            toCaller(packet)
        }
    }

    /// - Parameter folder: `nil` where the host does not tell.
    mutating func loginFolderAnswered(_ folder: [UInt8]?) {
        guard case .awaitingLoginFolder(let version) = phase else { return }
        if let folder, folder.first == UInt8(ascii: "/") { loginFolder = folder }
        phase = .open
        toCaller(version)
    }
}

extension SFTPPacketReader {
    /// The pairs of extension name and data, up to the packet's end.
    fileprivate mutating func extensionPairs() throws(SFTPViolation) -> [(name: [UInt8], data: [UInt8])] {
        var pairs: [(name: [UInt8], data: [UInt8])] = []
        while remaining > 0 {
            let name = Array(try string().readableBytesView)
            pairs.append((name, Array(try string().readableBytesView)))
        }
        return pairs
    }
}
