import NIOCore
import Testing

@testable import SSHExec

/// One request that needs a decision, as a caller sends it, as a policy sees it, and as a host answers it.
struct SFTPRequestSample: CustomTestStringConvertible {
    let packet: ByteBuffer
    let operations: [SFTPOperation]
    let paths: [String]
    let answer: ByteBuffer

    var testDescription: String { "\(operations) \(paths)" }

    init(
        _ operations: [SFTPOperation], _ paths: [String], _ packet: ByteBuffer,
        answer: ByteBuffer = SFTPPacket.status(7)
    ) {
        self.packet = packet
        self.operations = operations
        self.paths = paths
        self.answer = answer
    }

    private static let attributes = SFTPAttributes(
        size: 5, userID: 1, groupID: 2, permissions: 0o600, accessTime: 3, modificationTime: 4,
        extended: [.init(type: Array("x@example.com".utf8), data: [0, 1])])

    /// All with the request id 7.
    static let all: [SFTPRequestSample] = [
        .init([.read], ["/f"], SFTPPacket.open(7, "/f", .read), answer: SFTPPacket.handle(7, "n")),
        .init([.read], ["/f"], SFTPPacket.open(7, "/f", []), answer: SFTPPacket.handle(7, "n")),
        .init(
            [.write], ["/f"], SFTPPacket.open(7, "/f", [.write, .create, .truncate]),
            answer: SFTPPacket.handle(7, "n")),
        .init([.read, .write], ["/f"], SFTPPacket.open(7, "/f", [.read, .write]), answer: SFTPPacket.handle(7, "n")),
        .init([.read, .write], ["/f"], SFTPPacket.open(7, "/f", [.read, .create]), answer: SFTPPacket.handle(7, "n")),
        .init([.read, .write], ["/f"], SFTPPacket.open(7, "/f", .truncate), answer: SFTPPacket.handle(7, "n")),
        .init([.list], ["/d"], SFTPPacket.strings(.opendir, 7, "/d"), answer: SFTPPacket.handle(7, "n")),
        .init([.stat], ["/f"], SFTPPacket.strings(.stat, 7, "/f"), answer: SFTPPacket.attributes(7, attributes)),
        .init([.stat], ["/f"], SFTPPacket.strings(.lstat, 7, "/f"), answer: SFTPPacket.attributes(7, attributes)),
        .init([.stat], ["/l"], SFTPPacket.strings(.readlink, 7, "/l"), answer: SFTPPacket.names(7, "target")),
        .init([.stat], ["."], SFTPPacket.strings(.realpath, 7, "."), answer: SFTPPacket.names(7, "/home/u")),
        .init([.setstat], ["/f"], SFTPPacket.attributed(.setstat, 7, "/f", attributes)),
        .init([.mkdir], ["/d"], SFTPPacket.attributed(.mkdir, 7, "/d", attributes)),
        .init([.remove], ["/f"], SFTPPacket.strings(.remove, 7, "/f")),
        .init([.rmdir], ["/d"], SFTPPacket.strings(.rmdir, 7, "/d")),
        .init([.rename], ["/a", "/b"], SFTPPacket.strings(.rename, 7, "/a", "/b")),
        .init([.symlink], ["/target", "/l"], SFTPPacket.strings(.symlink, 7, "/target", "/l")),
        .init([.rename], ["/a", "/b"], SFTPPacket.extended(7, "posix-rename@openssh.com", strings: "/a", "/b")),
        .init([.hardlink], ["/a", "/b"], SFTPPacket.extended(7, "hardlink@openssh.com", strings: "/a", "/b")),
        .init(
            [.stat], ["/"], SFTPPacket.extended(7, "statvfs@openssh.com", strings: "/"),
            answer: SFTPPacket.numbers(7, Array(1...11))),
        .init(
            [.stat], ["~u/x"], SFTPPacket.extended(7, "expand-path@openssh.com", strings: "~u/x"),
            answer: SFTPPacket.names(7, "/home/u/x")),
        .init(
            [.stat], ["~u"], SFTPPacket.extended(7, "home-directory", strings: "u"),
            answer: SFTPPacket.names(7, "/home/u")),
        .init(
            [.stat], [], SFTPPacket.extended(7, "users-groups-by-id@openssh.com", strings: "\0\0\0\0", ""),
            answer: SFTPPacket.userNames(7)),
        .init(
            [.setstat], ["/l"],
            SFTPPacket.extended(7, "lsetstat@openssh.com") { packet in
                packet.writeSFTPString("/l".utf8)
                packet.writeSFTPAttributes(attributes)
            }),
        .init([.setstat], ["/open"], SFTPPacket.attributed(.fsetstat, 7, "h", attributes)),
        .init([.copyData], ["/open", "/open"], SFTPPacket.copyData(7, from: "h", to: "h")),
    ]

    /// Requests of the open handle `h`, or of none, that need no decision; and how a host answers.
    static let undecided: [(packet: ByteBuffer, answer: ByteBuffer)] = [
        (SFTPPacket.read(7, "h", 0, 10), SFTPPacket.data(7, "content".utf8)),
        (SFTPPacket.write(7, "h", 0, "content".utf8), SFTPPacket.status(7)),
        (SFTPPacket.strings(.fstat, 7, "h"), SFTPPacket.attributes(7, attributes)),
        (SFTPPacket.extended(7, "fsync@openssh.com", strings: "h"), SFTPPacket.status(7)),
        (SFTPPacket.extended(7, "fstatvfs@openssh.com", strings: "h"), SFTPPacket.numbers(7, Array(1...11))),
        (SFTPPacket.extended(7, "limits@openssh.com"), SFTPPacket.numbers(7, [262144, 261120, 261120, 100])),
        (SFTPPacket.strings(.close, 7, "h"), SFTPPacket.status(7)),
    ]

    /// A conversation with the file `/open` open as `h`, for reading and writing.
    static func conversation() -> SFTPConversation { .withFile("/open", flags: [.read, .write]) }
}
