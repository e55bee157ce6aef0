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
        #expect(SFTPPath(Array("a/../../x".utf8), in: nil).normalised == "a/../../x")
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
    }

    @Test("with a zero byte is refused, for the host would see another one")
    func zeroByte() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.remove, 1, "/etc/shadow\0.txt"))
        #expect(conversation.requests.isEmpty)
        #expect(conversation.violation?.party == .caller)
    }
}
