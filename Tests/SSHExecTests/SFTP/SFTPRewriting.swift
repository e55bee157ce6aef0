import NIOCore
import Testing

@testable import SSHExec

/// A request whose paths are not in their normal form, with `/home/u` as the login folder.
struct SFTPRewriting: CustomTestStringConvertible {
    let sent: ByteBuffer
    let forwarded: ByteBuffer
    let decided: [String]

    var testDescription: String { "\(decided)" }

    private static let attributes = SFTPAttributes(size: 5, permissions: 0o600)

    private static func one(_ make: (String) -> ByteBuffer) -> SFTPRewriting {
        SFTPRewriting(
            sent: make("/var/run/../etc//shadow/."), forwarded: make("/var/etc/shadow"), decided: ["/var/etc/shadow"])
    }

    private static func two(_ make: (String, String) -> ByteBuffer) -> [SFTPRewriting] {
        [
            SFTPRewriting(
                sent: make("/a/../b", "./c"), forwarded: make("/b", "/home/u/c"), decided: ["/b", "/home/u/c"]),
            SFTPRewriting(sent: make("/b", "../c/"), forwarded: make("/b", "/home/c"), decided: ["/b", "/home/c"]),
            SFTPRewriting(sent: make("b/..", "/c"), forwarded: make("/home/u", "/c"), decided: ["/home/u", "/c"]),
        ]
    }

    static let all: [SFTPRewriting] =
        [
            one { SFTPPacket.open(1, $0, .read) }, one { SFTPPacket.strings(.opendir, 1, $0) },
            one { SFTPPacket.strings(.stat, 1, $0) }, one { SFTPPacket.strings(.lstat, 1, $0) },
            one { SFTPPacket.strings(.realpath, 1, $0) }, one { SFTPPacket.strings(.readlink, 1, $0) },
            one { SFTPPacket.strings(.remove, 1, $0) }, one { SFTPPacket.strings(.rmdir, 1, $0) },
            one { SFTPPacket.attributed(.setstat, 1, $0, attributes) },
            one { SFTPPacket.attributed(.mkdir, 1, $0, attributes) },
            one { SFTPPacket.extended(1, "statvfs@openssh.com", strings: $0) },
            one { SFTPPacket.extended(1, "expand-path@openssh.com", strings: $0) },
            one { path in
                SFTPPacket.extended(1, "lsetstat@openssh.com") { packet in
                    packet.writeSFTPString(path.utf8)
                    packet.writeSFTPAttributes(attributes)
                }
            },
            // A link's text stays as it is written; its own path does not.
            .init(
                sent: SFTPPacket.strings(.symlink, 1, "../x/../y", "/a//l"),
                forwarded: SFTPPacket.strings(.symlink, 1, "../x/../y", "/a/l"), decided: ["/y", "/a/l"]),
            .init(
                sent: SFTPPacket.extended(1, "expand-path@openssh.com", strings: "~u/x/../y"),
                forwarded: SFTPPacket.extended(1, "expand-path@openssh.com", strings: "~u/x/../y"),
                decided: ["~u/y"]),
            .init(
                sent: SFTPPacket.extended(1, "home-directory", strings: "u"),
                forwarded: SFTPPacket.extended(1, "home-directory", strings: "u"), decided: ["~u"]),
            .init(
                sent: SFTPPacket.strings(.realpath, 1, ""), forwarded: SFTPPacket.strings(.realpath, 1, "/home/u"),
                decided: ["/home/u"]),
        ] + two { SFTPPacket.strings(.rename, 1, $0, $1) }
        + two { SFTPPacket.extended(1, "posix-rename@openssh.com", strings: $0, $1) }
        + two { SFTPPacket.extended(1, "hardlink@openssh.com", strings: $0, $1) }
}
