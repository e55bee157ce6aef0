import NIOCore
import Testing

@testable import SSHExec

@Suite("Each request of SFTP")
struct SFTPRequestTests {
    @Test("waits for a decision, and goes on unchanged when permitted", arguments: SFTPRequestSample.all)
    func permitted(_ sample: SFTPRequestSample) throws {
        var conversation = SFTPRequestSample.conversation()
        conversation.verdict = { _ in .wait }
        conversation.caller(sample.packet)
        let request = try #require(conversation.requests.first)
        #expect(conversation.takeActions().count == 1)
        #expect(request.operations == sample.operations)
        #expect(request.paths.map(\.text) == sample.paths)
        conversation.relay.permit(SFTPDecisionID(number: 2))
        conversation.run()
        #expect(conversation.takeActions() == [.sendToHost(sample.packet)])
        conversation.host(sample.answer)
        #expect(conversation.toCaller == [sample.answer])
        let isFile = request.openFlags != nil
        #expect(conversation.outcomes == (isFile ? [] : [SFTPOutcome(.succeeded)]))
        #expect(conversation.violation == nil)
    }

    @Test(
        "gets permission denied and the reason when refused, and the session goes on", arguments: SFTPRequestSample.all)
    func refused(_ sample: SFTPRequestSample) {
        var conversation = SFTPRequestSample.conversation()
        conversation.verdict = { _ in .refuse("rule 7: ask Ö") }
        conversation.caller(sample.packet)
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.toCaller == [SFTPPacket.status(7, .permissionDenied, "rule 7: ask Ö")])
        #expect(conversation.outcomes.isEmpty)
        conversation.verdict = { _ in .permit }
        conversation.caller(sample.packet)
        #expect(conversation.toHost == [sample.packet])
    }

    @Test("that fails on the host ends with the host's status", arguments: SFTPRequestSample.all)
    func failed(_ sample: SFTPRequestSample) {
        var conversation = SFTPRequestSample.conversation()
        conversation.caller(sample.packet)
        let answer = SFTPPacket.status(7, .noSuchFile, "No such file")
        conversation.host(answer)
        #expect(conversation.toCaller == [answer])
        let status = SFTPStatus(code: .noSuchFile, message: "No such file")
        #expect(conversation.outcomes == [SFTPOutcome(.failed(status))])
    }

    @Test("of an open handle passes without a decision", arguments: SFTPRequestSample.undecided.indices)
    func undecided(_ index: Int) {
        let sample = SFTPRequestSample.undecided[index]
        var conversation = SFTPRequestSample.conversation()
        conversation.caller(sample.packet)
        #expect(conversation.takeActions() == [.sendToHost(sample.packet)])
        conversation.host(sample.answer)
        #expect(conversation.toCaller == [sample.answer])
    }

    @Test("of a handle that nobody opened goes nowhere", arguments: SFTPRequestSample.undecided.indices)
    func unknownHandle(_ index: Int) {
        var conversation = SFTPConversation.opened()
        let packet = SFTPRequestSample.undecided[index].packet
        conversation.caller(packet)
        let isLimits = packet == SFTPPacket.extended(7, "limits@openssh.com")
        #expect(conversation.toHost.isEmpty == !isLimits)
        #expect(
            conversation.toCaller == (isLimits ? [] : [SFTPPacket.status(7, .failure, "no such handle is open")]))
    }

    @Test("tells which attributes it sets")
    func attributeNames() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.attributed(.setstat, 1, "/f", SFTPAttributes(permissions: 0o4755)))
        #expect(conversation.requests.first?.attributes?.names == ["permissions"])
        #expect(conversation.requests.first?.attributes?.permissions == 0o4755)
    }

    @Test("may do only what its handle was opened for")
    func wrongDirection() {
        var reading = SFTPConversation.withFile(flags: .read)
        reading.caller(SFTPPacket.write(2, "h", 0, [1]))
        reading.caller(SFTPPacket.strings(.readdir, 3, "h"))
        reading.caller(SFTPPacket.copyData(4, from: "h", to: "h"))
        #expect(reading.toHost.isEmpty)
        #expect(reading.requests.isEmpty)
        #expect(reading.toCaller.map(Self.code) == [3, 4, 3])
        var writing = SFTPConversation.withFile(flags: [.write, .create])
        writing.caller(SFTPPacket.read(2, "h", 0, 1))
        #expect(writing.toHost.isEmpty)
        #expect(writing.toCaller.map(Self.code) == [3])
    }

    @Test("of a folder's handle lists, and neither reads nor writes")
    func folder() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.strings(.opendir, 1, "/d"))
        conversation.host(SFTPPacket.handle(1, "d"))
        _ = conversation.takeActions()
        conversation.caller(SFTPPacket.strings(.readdir, 2, "d"))
        conversation.host(SFTPPacket.names(2, ".", "..", "a"))
        #expect(conversation.toCaller == [SFTPPacket.names(2, ".", "..", "a")])
        conversation.caller(SFTPPacket.read(3, "d", 0, 1))
        conversation.caller(SFTPPacket.write(4, "d", 0, [1]))
        #expect(conversation.toHost.count == 1)
        conversation.caller(SFTPPacket.strings(.close, 5, "d"))
        conversation.host(SFTPPacket.status(5))
        #expect(conversation.toCaller.map(Self.code).suffix(3) == [3, 3, 0])
        #expect(conversation.outcomes.isEmpty)
    }

    @Test("that is not understood is answered here", arguments: [21, 99, 202, 255] as [UInt8])
    func unknownType(_ type: UInt8) {
        var conversation = SFTPConversation.opened()
        var packet = SFTPPacket.strings(.remove, 9, "/f")
        packet.setInteger(type, at: 4)
        conversation.caller(packet)
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.toCaller.map(Self.code) == [8])
        #expect(conversation.violation == nil)
    }

    @Test("by an unknown extension, or one that the host lacks, is answered here")
    func unknownExtension() {
        var conversation = SFTPConversation(asksLoginFolder: false)
        conversation.caller(SFTPPacket.initialize())
        conversation.host(SFTPPacket.make(.version, 3))
        _ = conversation.takeActions()
        conversation.caller(SFTPPacket.extended(1, "md5-hash@example.com", strings: "/f"))
        conversation.caller(SFTPPacket.extended(2, "posix-rename@openssh.com", strings: "/a", "/b"))
        conversation.caller(SFTPPacket.extended(3, "limits@openssh.com"))
        conversation.caller(SFTPPacket.extended(4, "fsync@openssh.com", strings: "h"))
        conversation.caller(SFTPPacket.copyData(5, from: "h", to: "h"))
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.requests.isEmpty)
        #expect(conversation.toCaller.map(Self.code) == [8, 8, 8, 8, 8])
    }

    @Test("with unknown open flags, or a path too long, is answered here")
    func outOfBounds() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.open(1, "/f", SFTPOpenFlags(rawValue: 0x41)))
        conversation.caller(SFTPPacket.strings(.remove, 2, "/" + String(repeating: "x", count: 4096)))
        #expect(conversation.requests.isEmpty)
        #expect(conversation.toCaller.map(Self.code) == [8, 5])
    }

    @Test("to open more than the limit fails, also while the host has not answered")
    func handleLimit() {
        var limits = SFTPLimits()
        limits.maximumHandles = 2
        var conversation = SFTPConversation.withFile(limits: limits)
        conversation.caller(SFTPPacket.open(2, "/g", .read))
        conversation.caller(SFTPPacket.open(3, "/i", .read))
        #expect(conversation.toHost.count == 1)
        #expect(conversation.toCaller.map(Self.code) == [4])
    }

    @Test("for the host's limits gets no larger ones than the relay's own")
    func hostLimits() {
        var conversation = SFTPConversation.opened()
        conversation.caller(SFTPPacket.extended(1, "limits@openssh.com"))
        conversation.host(SFTPPacket.numbers(1, [1 << 30, 1 << 29, 0, 20]))
        #expect(conversation.toCaller == [SFTPPacket.numbers(1, [262144, 261120, 0, 20])])
    }

    static func code(_ status: ByteBuffer) -> UInt32? { status.getInteger(at: status.readerIndex + 9) }
}
