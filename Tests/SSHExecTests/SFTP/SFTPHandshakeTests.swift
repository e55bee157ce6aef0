import NIOCore
import Testing

@testable import SSHExec

@Suite("The opening of an SFTP session")
struct SFTPHandshakeTests {
    @Test("speaks version 3 with any client that knows it", arguments: [3, 4, 6, UInt32.max])
    func versions(_ offered: UInt32) {
        var conversation = SFTPConversation()
        conversation.caller(SFTPPacket.initialize(offered))
        #expect(conversation.takeActions() == [.sendToHost(SFTPPacket.initialize(3))])
    }

    @Test("refuses older clients and other hosts", arguments: [0, 2] as [UInt32])
    func oldVersions(_ version: UInt32) {
        var conversation = SFTPConversation()
        conversation.caller(SFTPPacket.initialize(version))
        #expect(conversation.violation?.party == .caller)
        var other = SFTPConversation()
        other.caller(SFTPPacket.initialize())
        other.host(SFTPPacket.version(version))
        #expect(other.violation?.party == .host)
    }

    @Test("takes nothing before INIT, no second INIT, and no word of the host first")
    func order() {
        var early = SFTPConversation()
        early.caller(SFTPPacket.strings(.stat, 1, "/"))
        #expect(early.violation?.party == .caller)
        var twice = SFTPConversation.opened()
        twice.caller(SFTPPacket.initialize())
        #expect(twice.violation?.party == .caller)
        var hasty = SFTPConversation()
        hasty.host(SFTPPacket.version())
        #expect(hasty.violation?.party == .host)
        var wrong = SFTPConversation()
        wrong.caller(SFTPPacket.initialize())
        wrong.host(SFTPPacket.status(3))
        #expect(wrong.violation?.party == .host)
    }

    @Test("tells the caller only of the extensions that are understood, in the version that is")
    func extensions() {
        var conversation = SFTPConversation()
        conversation.caller(SFTPPacket.initialize())
        var packet = SFTPPacket.version(more: [("vendor-id", "x"), ("exec@example.com", "1")])
        conversation.host(packet)
        #expect(conversation.toCaller == [SFTPPacket.version()])
        var other = SFTPConversation()
        other.caller(SFTPPacket.initialize())
        packet = SFTPPacket.make(.version, 3) { packet in
            for string in ["statvfs@openssh.com", "1", "fsync@openssh.com", "1"] { packet.writeSFTPString(string.utf8) }
        }
        other.host(packet)
        let filtered = SFTPPacket.make(.version, 3) { packet in
            for string in ["fsync@openssh.com", "1"] { packet.writeSFTPString(string.utf8) }
        }
        #expect(other.toCaller == [filtered])
    }

    @Test("holds requests that come before the host's VERSION")
    func eager() {
        var conversation = SFTPConversation()
        conversation.caller(SFTPPacket.initialize())
        conversation.caller(SFTPPacket.strings(.stat, 1, "/"))
        #expect(conversation.requests.isEmpty)
        conversation.host(SFTPPacket.version())
        #expect(conversation.requests.count == 1)
    }

    @Test("learns the login folder first, so that relative paths are known as absolute ones")
    func loginFolder() throws {
        var conversation = SFTPConversation(asksLoginFolder: true)
        conversation.caller(SFTPPacket.initialize())
        conversation.caller(SFTPPacket.strings(.remove, .max, "../../etc//shadow"))
        conversation.host(SFTPPacket.version())
        #expect(conversation.toCaller.isEmpty)
        #expect(conversation.toHost.last == SFTPPacket.strings(.realpath, .max, "."))
        conversation.host(SFTPPacket.names(.max, "/home/u"))
        #expect(conversation.toCaller == [SFTPPacket.version()])
        let path = try #require(conversation.requests.first?.paths.first)
        #expect(path.text == "../../etc//shadow")
        #expect(path.normalised == "/etc/shadow")
        #expect(conversation.toHost.last == SFTPPacket.strings(.remove, .max, "/etc/shadow"))
    }

    @Test("goes on with relative paths where the host does not tell the login folder")
    func noLoginFolder() {
        var conversation = SFTPConversation(asksLoginFolder: true)
        conversation.caller(SFTPPacket.initialize())
        conversation.host(SFTPPacket.version())
        conversation.host(SFTPPacket.status(.max, .failure))
        conversation.caller(SFTPPacket.strings(.remove, 1, "../x"))
        #expect(conversation.requests.first?.paths.first?.normalised == "../x")
    }
}
