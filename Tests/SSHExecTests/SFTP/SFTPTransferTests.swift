import Crypto
import NIOCore
import Testing

@testable import SSHExec

@Suite("What went through an SFTP handle")
struct SFTPTransferTests {
    private static let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private static let digest = SFTPContentDigest.sha256(Array(SHA256.hash(data: content)))

    private static func close(_ conversation: inout SFTPConversation) -> SFTPTransfer? {
        conversation.caller(SFTPPacket.strings(.close, 900, "h"))
        conversation.host(SFTPPacket.status(900))
        return conversation.outcomes.last?.transfer
    }

    @Test(
        "is hashed in the file's order, in whatever order the answers come",
        arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]])
    func pipelinedReads(_ order: [Int]) throws {
        var conversation = SFTPConversation.withFile()
        for part in 0..<4 { conversation.caller(SFTPPacket.read(UInt32(10 + part), "h", UInt64(part * 250), 250)) }
        for part in order {
            conversation.host(SFTPPacket.data(UInt32(10 + part), Self.content[(part * 250)..<(part * 250 + 250)]))
        }
        conversation.caller(SFTPPacket.read(20, "h", 1000, 250))
        conversation.host(SFTPPacket.status(20, .endOfFile))
        let transfer = try #require(Self.close(&conversation))
        #expect(transfer == SFTPTransfer(bytesRead: 1000, read: Self.digest, readToEnd: true))
        #expect(conversation.relay.earlyRoom == SFTPLimits().maximumEarlyBytes)
    }

    @Test("is hashed over short answers whose rest is asked for later")
    func shortAnswers() throws {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(1, "h", 0, 500))
        conversation.caller(SFTPPacket.read(2, "h", 500, 500))
        conversation.host(SFTPPacket.data(1, Self.content[..<100]))
        conversation.caller(SFTPPacket.read(3, "h", 100, 400))
        conversation.host(SFTPPacket.data(2, Self.content[500...]))
        conversation.host(SFTPPacket.data(3, Self.content[100..<500]))
        let transfer = try #require(Self.close(&conversation))
        #expect(transfer == SFTPTransfer(bytesRead: 1000, read: Self.digest))
    }

    @Test(
        "has no digest when it was not read in order", arguments: [[(0, 10), (5, 10)], [(10, 10)], [(0, 5), (0, 5)]])
    func disorder(_ reads: [(Int, Int)]) throws {
        var conversation = SFTPConversation.withFile()
        for (id, (offset, length)) in reads.enumerated() {
            conversation.caller(SFTPPacket.read(UInt32(id), "h", UInt64(offset), UInt32(length)))
            conversation.host(SFTPPacket.data(UInt32(id), Self.content[offset..<(offset + length)]))
        }
        let transfer = try #require(Self.close(&conversation))
        #expect(transfer.read == .unknown("not in order"))
        #expect(transfer.bytesRead == UInt64(reads.map(\.1).reduce(0, +)))
        #expect(conversation.relay.earlyRoom == SFTPLimits().maximumEarlyBytes)
    }

    @Test("has no digest when more came early than may be kept")
    func tooEarly() throws {
        var limits = SFTPLimits()
        limits.maximumEarlyBytes = 300
        var conversation = SFTPConversation.withFile(limits: limits)
        for part in 0..<4 { conversation.caller(SFTPPacket.read(UInt32(10 + part), "h", UInt64(part * 250), 250)) }
        for part in [3, 2, 1, 0] { conversation.host(SFTPPacket.data(UInt32(10 + part), Self.content[..<250])) }
        #expect(try #require(Self.close(&conversation)).read == .unknown("too far out of order"))
        #expect(conversation.relay.earlyRoom == 300)
    }

    @Test("at the largest offset does not overflow")
    func largestOffset() {
        var conversation = SFTPConversation.withFile(flags: [.read, .write])
        conversation.caller(SFTPPacket.read(1, "h", .max, .max))
        conversation.host(SFTPPacket.data(1, [1, 2, 3]))
        conversation.caller(SFTPPacket.write(2, "h", .max, [1, 2, 3]))
        conversation.host(SFTPPacket.status(2))
        #expect(Self.close(&conversation)?.written == .unknown("not in order"))
    }

    @Test("is hashed as it is written, and counted as it is acknowledged")
    func writes() throws {
        var conversation = SFTPConversation.withFile(flags: [.write, .create, .truncate])
        conversation.caller(SFTPPacket.write(1, "h", 0, Self.content[..<400]))
        conversation.caller(SFTPPacket.write(2, "h", 400, Self.content[400...]))
        conversation.host(SFTPPacket.status(2))
        conversation.host(SFTPPacket.status(1))
        let transfer = try #require(Self.close(&conversation))
        #expect(transfer == SFTPTransfer(bytesWritten: 1000, written: Self.digest))
    }

    @Test("and failed is the file's outcome")
    func failedWrite() {
        var conversation = SFTPConversation.withFile(flags: .write)
        conversation.caller(SFTPPacket.write(1, "h", 0, [1]))
        conversation.host(SFTPPacket.status(1, .failure, "No space left on device"))
        #expect(Self.close(&conversation) == SFTPTransfer(written: .unknown("a write failed")))
        let status = SFTPStatus(code: .failure, message: "No space left on device")
        #expect(conversation.outcomes.last?.ending == .failed(status))
    }

    @Test("has no digest when it was appended, or copied on the host")
    func otherWrites() {
        var appended = SFTPConversation.withFile(flags: [.write, .append])
        appended.caller(SFTPPacket.write(1, "h", 0, [1]))
        appended.host(SFTPPacket.status(1))
        #expect(Self.close(&appended)?.written == .unknown("appended"))
        var copied = SFTPConversation.withFile(flags: [.read, .write])
        copied.caller(SFTPPacket.copyData(1, from: "h", to: "h"))
        copied.host(SFTPPacket.status(1))
        #expect(Self.close(&copied)?.written == .unknown("copied on the host"))
    }

    @Test("of an empty file is the digest of nothing")
    func empty() {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(1, "h", 0, 100))
        conversation.host(SFTPPacket.status(1, .endOfFile))
        let nothing = SFTPContentDigest.sha256(Array(SHA256.hash(data: [UInt8]())))
        #expect(Self.close(&conversation) == SFTPTransfer(read: nothing, readToEnd: true))
    }

    @Test("is complete only when the last answer has come, also after that of CLOSE; its handle may be given anew")
    func lateAnswer() {
        var conversation = SFTPConversation.withFile()
        conversation.caller(SFTPPacket.read(1, "h", 0, 1000))
        conversation.caller(SFTPPacket.strings(.close, 2, "h"))
        conversation.caller(SFTPPacket.read(3, "h", 0, 10))
        #expect(conversation.toCaller == [SFTPPacket.status(3, .failure, "no such handle is open")])
        conversation.host(SFTPPacket.status(2))
        #expect(conversation.outcomes.isEmpty)
        conversation.caller(SFTPPacket.open(4, "/g", .read))
        conversation.host(SFTPPacket.handle(4, "h"))
        conversation.host(SFTPPacket.data(1, Self.content))
        #expect(conversation.outcomes.map(\.transfer?.read) == [Self.digest])
        #expect(Self.close(&conversation)?.read == .unknown("nothing was read"))
        #expect(conversation.violation == nil)
    }

    @Test("in a packet of one arrival is passed on without a copy")
    func slices() throws {
        var conversation = SFTPConversation.withFile(flags: .write)
        let packet = SFTPPacket.write(1, "h", 0, Self.content)
        conversation.caller(packet)
        let sent = try #require(conversation.toHost.first)
        let address = packet.withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(sent.withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) } == address)
    }
}
