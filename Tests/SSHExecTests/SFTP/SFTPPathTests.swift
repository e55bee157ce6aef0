import Testing

@testable import SSHExec

@Suite("A path of SFTP")
struct SFTPPathTests {
    @Test(
        "has one normalised form for each disguise",
        arguments: [
            ("/etc/shadow", "/etc/shadow"), ("/etc/../etc/shadow", "/etc/shadow"), ("//etc///shadow/", "/etc/shadow"),
            ("/./etc/./shadow/.", "/etc/shadow"), ("/../../etc/shadow", "/etc/shadow"), ("/", "/"), ("/..", "/"),
            ("/a/b/../..", "/"), ("/...", "/..."), ("/a/..b/c..", "/a/..b/c.."),
        ])
    func normalised(_ path: String, _ form: String) {
        #expect(SFTPPath(Array(path.utf8), in: nil).normalised == form)
        #expect(SFTPPath(Array(path.utf8), in: Array("/home".utf8)).normalised == form)
    }

    @Test("that is relative starts at the login folder, or stays as it is")
    func relative() {
        #expect(SFTPPath(Array("a/../../x".utf8), in: nil).normalised == "../x")
        #expect(SFTPPath(Array("a/../../x".utf8), in: Array("/home/u".utf8)).normalised == "/home/x")
        #expect(SFTPPath([], in: Array("/home/u".utf8)).normalised == "/home/u")
    }

    @Test("that is no UTF-8 is escaped, and no two paths share a text")
    func escaped() {
        #expect(SFTPPath([0x2f, 0xff, 0x61, 0xc3], in: nil).text == "/\\xffa\\xc3")
        #expect(SFTPPath(Array("/\\xff".utf8), in: nil).text == "/\\\\xff")
        #expect(SFTPPath([0x2f, 0x01, 0xf0, 0x9f, 0x98], in: nil).text == "/\u{1}\\xf0\\x9f\\x98")
        #expect(SFTPPath(Array("/größe".utf8), in: nil).text.utf8.elementsEqual("/größe".utf8))
    }

    @Test("to which a symbolic link points starts at the link's folder")
    func linkTarget() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.symlink, 1, "../../etc/shadow", "/home/u/l"))
        #expect(conversation.requests.first?.paths.map(\.normalised) == ["/etc/shadow", "/home/u/l"])
        #expect(conversation.toHost == [SFTPPacket.strings(.symlink, 1, "../../etc/shadow", "/home/u/l")])
    }

    @Test("to which a symbolic link points may be any other where it climbs, for the host may have links on the way")
    func climbingTarget() {
        func names(_ target: String) -> [String] {
            SFTPPath(linkTarget: Array(target.utf8), in: Array("/srv/app".utf8)).names
        }
        #expect(names("config") == ["/srv/app/config"])
        #expect(names("/etc//shadow") == ["/etc/shadow"])
        #expect(names("../config") == ["/srv/config", "?"])
        #expect(names("/srv/app/../config") == ["/srv/config", "?"])
        #expect(names("/proc/self/root/etc") == ["/proc/self/root/etc", "?"])
    }

    @Test("goes to the host as it was decided, in each place of each packet", arguments: SFTPRewriting.all)
    func rewritten(_ sample: SFTPRewriting) {
        var conversation = SFTPConversation(asksLoginFolder: true)
        conversation.caller(SFTPPacket.initialize())
        conversation.host(SFTPPacket.version())
        conversation.host(SFTPPacket.names(.max, "/home/u"))
        _ = conversation.takeActions()
        conversation.caller(sample.sent)
        #expect(conversation.toHost == [sample.forwarded])
        #expect(conversation.requests.first?.paths.map(\.normalised) == sample.decided)
    }

    @Test("that is too long, or makes its packet too long, once it is absolute is answered here")
    func tooLong() {
        var conversation = SFTPConversation(asksLoginFolder: true)
        conversation.caller(SFTPPacket.initialize())
        conversation.host(SFTPPacket.version())
        conversation.host(SFTPPacket.names(.max, "/home/u"))
        _ = conversation.takeActions()
        conversation.caller(SFTPPacket.strings(.remove, 1, String(repeating: "x", count: 4090)))
        let attributes = SFTPAttributes(
            extended: [.init(type: [1], data: [UInt8](repeating: 7, count: 256 * 1024 - 32))])
        let large = SFTPPacket.attributed(.setstat, 2, "x", attributes)
        #expect(large.readableBytes <= 256 * 1024 + 4)
        conversation.caller(large)
        #expect(conversation.requests.isEmpty)
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [5, 5])
    }

    @Test("with a zero byte is refused, for the host would see another one")
    func zeroByte() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/etc/shadow\0.txt"))
        #expect(conversation.requests.isEmpty)
        #expect(conversation.violation?.party == .caller)
    }
}
