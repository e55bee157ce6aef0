import AdapterTestKit
import GatewayCore
import NIOCore
import StrictJSON
import Testing

@testable import SSHExec

@Suite("A request of SFTP, as a command")
struct SFTPCommandTests {
    /// Of the first request in a packet.
    private static func command(_ packet: ByteBuffer) throws -> Command {
        var conversation = SFTPRequestSample.conversation()
        conversation.verdict = { _ in .wait }
        conversation.caller(packet)
        return try #require(conversation.requests.first).command(login: "u")
    }

    private static func copy(_ numbers: (UInt64, UInt64, UInt64)) -> ByteBuffer {
        SFTPPacket.extended(1, "copy-data") { packet in
            packet.writeSFTPString("h".utf8)
            packet.writeInteger(numbers.0)
            packet.writeInteger(numbers.1)
            packet.writeSFTPString("h".utf8)
            packet.writeInteger(numbers.2)
        }
    }

    private static func users(_ uids: [UInt32], _ gids: [UInt32]) -> ByteBuffer {
        SFTPPacket.extended(1, "users-groups-by-id@openssh.com") { packet in
            for ids in [uids, gids] {
                var list = ByteBuffer()
                for id in ids { list.writeInteger(id) }
                packet.writeSFTPString(list.readableBytesView)
            }
        }
    }

    private static func setstat(_ attributes: SFTPAttributes) -> ByteBuffer {
        SFTPPacket.attributed(.setstat, 1, "/f", attributes)
    }

    /// Each differs from all others in what the host does.
    private static let different: [ByteBuffer] =
        [
            [.write], [.write, .append], [.write, .create], [.write, .create, .truncate],
            [.write, .create, .exclusive],
            [.read, .write], [], [.read], .append,
        ].map { SFTPPacket.open(1, "/f", $0) } + [
            SFTPPacket.strings(.stat, 1, "/f"), SFTPPacket.strings(.lstat, 1, "/f"),
            SFTPPacket.strings(.readlink, 1, "/f"), SFTPPacket.strings(.realpath, 1, "/f"),
            SFTPPacket.extended(1, "statvfs@openssh.com", strings: "/f"),
            SFTPPacket.strings(.rename, 1, "/f", "/g"),
            SFTPPacket.extended(1, "posix-rename@openssh.com", strings: "/f", "/g"),
            SFTPPacket.strings(.symlink, 1, "/f", "/g"),
            SFTPPacket.extended(1, "hardlink@openssh.com", strings: "/f", "/g"),
            SFTPPacket.strings(.symlink, 1, "f", "/g"), SFTPPacket.strings(.rename, 1, "/caf\u{E9}", "/g"),
            SFTPPacket.strings(.rename, 1, "/cafe\u{301}", "/g"),
            setstat(SFTPAttributes(size: 0)), setstat(SFTPAttributes(size: 1)), setstat(SFTPAttributes()),
            setstat(SFTPAttributes(permissions: 0o644)), setstat(SFTPAttributes(permissions: 0o4755)),
            setstat(SFTPAttributes(userID: 0, groupID: 1)), setstat(SFTPAttributes(userID: 1, groupID: 0)),
            setstat(SFTPAttributes(accessTime: 1, modificationTime: 2)),
            setstat(SFTPAttributes(extended: [.init(type: [0x61], data: [0xff])])),
            setstat(SFTPAttributes(extended: [.init(type: [0x61], data: [0xfe])])),
            SFTPPacket.attributed(.fsetstat, 1, "h", SFTPAttributes(size: 0)),
            SFTPPacket.extended(1, "lsetstat@openssh.com") { packet in
                packet.writeSFTPString("/f".utf8)
                packet.writeSFTPAttributes(SFTPAttributes(size: 0))
            },
            copy((0, 0, 0)), copy((1, 0, 0)), copy((0, 1, 0)), copy((0, 0, 1)),
            users([0], [1]), users([1], [0]), users([0, 1], []), users([], [0, 1]), users([], []),
        ]

    @Test("has a digest of its own where the host would do another thing")
    func digests() throws {
        let digests = try Self.different.map { try Self.command($0).digest(target: "t").description }
        for (index, digest) in digests.enumerated() {
            #expect(digests.firstIndex(of: digest) == index, "\(index)")
        }
    }

    @Test("says in words what it does")
    func parameters() throws {
        func parameters(_ packet: ByteBuffer) throws -> [String] {
            try Self.command(packet).parameters.map { "\($0.name) \($0.value)" }
        }
        func text(_ name: String, _ value: JSONValue) -> String { "\(name) \(value)" }
        #expect(
            try parameters(SFTPPacket.open(1, "/a/../f", [.write, .append, .create])) == [
                text("request", .string("OPEN")), text("path[0]", .string("/a/../f")),
                text("flags", .array([.string("WRITE"), .string("APPEND"), .string("CREAT")])),
                text("permissions", .string("0644")),
            ])
        #expect(
            try parameters(Self.copy((1, 2, .max))) == [
                text("request", .string("copy-data")), text("read_offset", .number("1")), text("length", .number("2")),
                text("write_offset", .number("18446744073709551615")),
            ])
        #expect(
            try parameters(Self.users([7, 8], [9])).dropFirst() == [
                text("uids", .array([.number("7"), .number("8")])), text("gids", .array([.number("9")])),
            ])
    }

    @Test("takes two files for two, whatever String says of their names")
    func exactNames() throws {
        let effects = try Self.command(SFTPPacket.strings(.rename, 1, "/caf\u{E9}", "/cafe\u{301}")).effects
        #expect(effects.map { Array($0.resource.name.utf8) } == ["/caf\u{E9}", "/cafe\u{301}"].map { Array($0.utf8) })
    }

    @Test("asks about any other file too where a link's text climbs, or a path leads elsewhere on every host")
    func uncertain() throws {
        func names(_ packet: ByteBuffer) throws -> [String] { try Self.command(packet).effects.map(\.resource.name) }
        #expect(try names(SFTPPacket.strings(.symlink, 1, "../x", "/a/l")) == ["/x", "?", "/a/l"])
        #expect(
            try names(SFTPPacket.open(1, "/proc/self/root/etc/shadow", .read)) == ["/proc/self/root/etc/shadow", "?"])
        #expect(try names(SFTPPacket.open(1, "/var/run/../etc/shadow", .read)) == ["/var/etc/shadow"])
        #expect(try names(SFTPPacket.extended(1, "expand-path@openssh.com", strings: "~u/../x")) == ["x", "?"])
    }
}
