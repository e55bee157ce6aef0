import NIOCore
import Testing

@testable import SSHExec

@Suite("Names and messages of SFTP under a masking rule")
struct SFTPMaskedNamesTests {
    private static func masked() -> SFTPConversation {
        var conversation = SFTPConversation.opened()
        conversation.verdict = { _ in .mask(CapitalsMasker()) }
        return conversation
    }

    private static func listing() -> SFTPConversation {
        var conversation = masked()
        conversation.caller(SFTPPacket.strings(.opendir, 1, "/d"))
        conversation.host(SFTPPacket.handle(1, "d"))
        conversation.caller(SFTPPacket.strings(.readdir, 2, "d"))
        return conversation
    }

    private static func names(_ id: UInt32, _ names: [(name: String, line: String)]) -> ByteBuffer {
        SFTPPacket.make(.name, id) { packet in
            packet.writeInteger(UInt32(names.count))
            for (name, line) in names {
                packet.writeSFTPString(name.utf8)
                packet.writeSFTPString(line.utf8)
                packet.writeSFTPAttributes(SFTPAttributes(size: 3, permissions: 0o644))
            }
        }
    }

    @Test("are masked in listings, in both forms, and the outcome comes when the folder is closed")
    func listing() {
        var conversation = Self.listing()
        #expect(conversation.outcomes.isEmpty)
        _ = conversation.takeActions()
        conversation.host(SFTPPacket.names(2, "aBc", "d"))
        let expected = Self.names(2, [("a**c", "-rw-r--r-- 1 a**c"), ("d", "-rw-r--r-- 1 d")])
        #expect(conversation.toCaller == [expected])
        conversation.caller(SFTPPacket.strings(.close, 3, "d"))
        conversation.host(SFTPPacket.status(3, .ok, "OK"))
        #expect(conversation.toCaller.last == SFTPPacket.status(3, .ok, "****"))
        #expect(conversation.outcomes == [SFTPOutcome(.succeeded)])
    }

    @Test("are masked where a link or a path is told, also under another request id")
    func paths() {
        for type in [SFTPPacketType.readlink, .realpath] {
            var conversation = Self.masked()
            conversation.caller(SFTPPacket.strings(type, 1, "/l"))
            conversation.host(SFTPPacket.names(1, "/X"))
            #expect(conversation.toCaller == [Self.names(1, [("/**", "-rw-r--r-- 1 /**")])])
            #expect(conversation.outcomes == [SFTPOutcome(.succeeded)])
        }
        var conversation = Self.masked()
        for name in ["home-directory", "expand-path@openssh.com"] {
            conversation.caller(SFTPPacket.extended(1, name, strings: "u"))
            conversation.host(SFTPPacket.names(1, "/X"))
        }
        #expect(conversation.toCaller.count == 2)
        #expect(conversation.toCaller.allSatisfy { $0 == Self.names(1, [("/**", "-rw-r--r-- 1 /**")]) })
    }

    @Test("are masked in lists of users")
    func users() {
        func answer(_ name: String) -> ByteBuffer {
            SFTPPacket.make(.extendedReply, 1) { packet in
                var list = ByteBuffer()
                list.writeSFTPString(name.utf8)
                packet.writeSFTPString(list.readableBytesView)
                packet.writeSFTPString(list.readableBytesView)
            }
        }
        var conversation = Self.masked()
        conversation.caller(SFTPPacket.extended(1, "users-groups-by-id@openssh.com", strings: "\0\0\0\0", ""))
        conversation.host(answer("R"))
        #expect(conversation.toCaller == [answer("**")])
        conversation.caller(SFTPPacket.extended(2, "users-groups-by-id@openssh.com", strings: "\0\0\0\0", ""))
        conversation.host(SFTPPacket.strings(.extendedReply, 2, "\0\0\0\u{9}R", ""))
        #expect(conversation.violation?.party == .host)
    }

    @Test("are masked in the host's messages, for the caller and the record")
    func messages() {
        var conversation = Self.masked()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/f"))
        conversation.host(SFTPPacket.status(1, .failure, "No X"))
        #expect(conversation.toCaller == [SFTPPacket.status(1, .failure, "**o **")])
        #expect(conversation.outcomes == [SFTPOutcome(.failed(SFTPStatus(code: .failure, message: "**o **")))])
        conversation.caller(SFTPPacket.strings(.remove, 2, "/f"))
        conversation.host(SFTPPacket.status(2, .failure, "#X"))
        #expect(
            conversation.toCaller.last == SFTPPacket.status(2, .failure, "the host's message cannot be masked"))
    }

    @Test("are masked in the messages about an open file")
    func handleMessages() {
        var conversation = Self.masked()
        conversation.caller(SFTPPacket.open(1, "/f", [.write, .create]))
        conversation.host(SFTPPacket.handle(1, "h"))
        conversation.caller(SFTPPacket.write(2, "h", 0, [1]))
        conversation.host(SFTPPacket.status(2, .failure, "X"))
        conversation.caller(SFTPPacket.strings(.fstat, 3, "h"))
        conversation.host(SFTPPacket.status(3, .failure, "X"))
        conversation.caller(SFTPPacket.extended(4, "fsync@openssh.com", strings: "h"))
        conversation.host(SFTPPacket.status(4, .failure, "X"))
        #expect(
            conversation.toCaller.suffix(3) == [
                SFTPPacket.status(2, .failure, "**"), SFTPPacket.status(3, .failure, "**"),
                SFTPPacket.status(4, .failure, "**"),
            ])
    }

    @Test("that are cut for the record are masked first")
    func longMessages() {
        var conversation = Self.masked()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/f"))
        conversation.host(SFTPPacket.status(1, .failure, String(repeating: "X", count: 600)))
        #expect(conversation.toCaller == [SFTPPacket.status(1, .failure, String(repeating: "*", count: 1200))])
        guard case .failed(let status) = conversation.outcomes.first?.ending else {
            Issue.record("no failure")
            return
        }
        #expect(status.message == String(repeating: "*", count: 512))
    }

    @Test("that cannot be masked are not told")
    func unmaskable() {
        var conversation = Self.listing()
        conversation.host(SFTPPacket.names(2, "a", "#b"))
        #expect(conversation.toCaller.last == SFTPPacket.status(2, .permissionDenied, "it is no text"))
        conversation.caller(SFTPPacket.strings(.readlink, 3, "/l"))
        conversation.host(SFTPPacket.names(3, "#b"))
        #expect(conversation.toCaller.last == SFTPPacket.status(3, .permissionDenied, "it is no text"))
        #expect(conversation.outcomes == [SFTPOutcome(.refused("it is no text"))])
    }

    @Test("have no attributes beside them that may hold anything")
    func extendedAttributes() {
        var conversation = Self.masked()
        conversation.caller(SFTPPacket.strings(.stat, 1, "/f"))
        let extended = SFTPAttributes(size: 1, extended: [.init(type: [1], data: [2])])
        conversation.host(SFTPPacket.attributes(1, extended))
        #expect(conversation.toCaller == [SFTPPacket.attributes(1, SFTPAttributes(size: 1))])
    }

    @Test("of a listing that ends too early leave one outcome")
    func interrupted() {
        var conversation = Self.listing()
        conversation.hostEnds()
        #expect(conversation.outcomes == [SFTPOutcome(.interrupted("the host ended the session"))])
        var twice = Self.listing()
        twice.caller(SFTPPacket.strings(.opendir, 4, "/e"))
        twice.host(SFTPPacket.handle(4, "d"))
        #expect(twice.violation?.party == .host)
        #expect(twice.outcomes.count == 2)
    }
}
