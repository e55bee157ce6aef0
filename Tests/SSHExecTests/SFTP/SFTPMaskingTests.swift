import Crypto
import NIOCore
import Testing

@testable import SSHExec

/// Writes each capital as two stars, so that the copy's size differs; `#` at the start stands for what is no text.
struct CapitalsMasker: SFTPContentMasker {
    func masked(_ content: [UInt8], path: String) throws(SFTPUnmaskable) -> [UInt8] {
        Array("\(path):".utf8) + (try masked(text: content))
    }

    func masked(text: [UInt8]) throws(SFTPUnmaskable) -> [UInt8] {
        guard text.first != UInt8(ascii: "#") else { throw SFTPUnmaskable(reason: "it is no text") }
        return text.flatMap { (65...90).contains($0) ? Array("**".utf8) : [$0] }
    }
}

@Suite("A file under a masking rule")
struct SFTPMaskingTests {
    /// The caller's OPEN has id 1, and the host gave the handle `h`.
    private static func opening(
        _ flags: SFTPOpenFlags = .read, limits: SFTPLimits = SFTPLimits()
    ) -> SFTPConversation {
        var conversation = SFTPConversation.opened(limits: limits)
        conversation.verdict = { _ in .mask(CapitalsMasker()) }
        conversation.caller(SFTPPacket.open(1, "/a/../f", flags))
        conversation.host(SFTPPacket.handle(1, "h"))
        return conversation
    }

    /// Answers the relay's own READs with these parts and the file's end.
    private static func load(_ conversation: inout SFTPConversation, _ parts: [String]) {
        for part in parts { conversation.host(SFTPPacket.data(ownID(conversation), part.utf8)) }
        conversation.host(SFTPPacket.status(ownID(conversation), .endOfFile))
    }

    private static func ownID(_ conversation: SFTPConversation) -> UInt32 {
        conversation.toHost.last?.getInteger(at: 5) ?? 0
    }

    @Test("is read by the relay, and the caller gets the masked copy and its size")
    func served() {
        var conversation = Self.opening()
        #expect(conversation.toCaller.isEmpty)
        #expect(conversation.toHost.last == SFTPPacket.read(.max, "h", 0, 261120))
        Self.load(&conversation, ["abC", "dE"])
        #expect(conversation.toHost.suffix(2).map { $0.getInteger(at: 14, as: UInt64.self) } == [3, 5])
        #expect(conversation.toCaller == [SFTPPacket.handle(1, "h")])
        _ = conversation.takeActions()

        conversation.caller(SFTPPacket.read(2, "h", 0, 5))
        conversation.caller(SFTPPacket.read(3, "h", 5, 100))
        conversation.caller(SFTPPacket.read(4, "h", 10, 100))
        conversation.caller(SFTPPacket.read(5, "h", .max, .max))
        #expect(
            conversation.toCaller == [
                SFTPPacket.data(2, "/f:ab".utf8), SFTPPacket.data(3, "**d**".utf8),
                SFTPPacket.status(4, .endOfFile, "the file ends before that"),
                SFTPPacket.status(5, .endOfFile, "the file ends before that"),
            ])
        #expect(conversation.toHost.isEmpty)

        conversation.caller(SFTPPacket.strings(.fstat, 6, "h"))
        conversation.host(SFTPPacket.attributes(6, SFTPAttributes(size: 5, permissions: 0o644)))
        #expect(conversation.toCaller.last == SFTPPacket.attributes(6, SFTPAttributes(size: 10, permissions: 0o644)))

        conversation.caller(SFTPPacket.strings(.close, 7, "h"))
        conversation.host(SFTPPacket.status(7))
        let digest = Array(SHA256.hash(data: Array("/f:ab**d**".utf8)))
        let transfer = SFTPTransfer(bytesRead: 10, read: .sha256(digest), readToEnd: true, masked: true)
        #expect(conversation.outcomes == [SFTPOutcome(.succeeded, transfer: transfer)])
        #expect(conversation.relay.maskingRoom == SFTPLimits().maximumMaskedTotal)
    }

    @Test("cannot be written, nor copied on the host")
    func writes() {
        var conversation = Self.opening()
        Self.load(&conversation, ["ab"])
        conversation.verdict = { _ in .permit }
        conversation.caller(SFTPPacket.open(2, "/g", [.write, .create]))
        conversation.host(SFTPPacket.handle(2, "g"))
        _ = conversation.takeActions()
        conversation.caller(SFTPPacket.write(3, "h", 0, [1]))
        conversation.caller(SFTPPacket.copyData(4, from: "h", to: "g"))
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.requests.isEmpty)
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [3, 3])
    }

    @Test(
        "cannot be opened to read and write",
        arguments: [[.read, .write], [.read, .create], .truncate] as [SFTPOpenFlags])
    func readWrite(_ flags: SFTPOpenFlags) {
        var conversation = SFTPConversation.opened()
        conversation.verdict = { _ in .mask(CapitalsMasker()) }
        conversation.caller(SFTPPacket.open(1, "/f", flags))
        #expect(conversation.toHost.isEmpty)
        let message = "a file whose content is masked can be opened for reading only"
        #expect(conversation.toCaller == [SFTPPacket.status(1, .permissionDenied, message)])
        #expect(conversation.outcomes == [SFTPOutcome(.refused(message))])
    }

    @Test("may be written without being read")
    func writeOnly() {
        let conversation = Self.opening([.write, .create])
        #expect(conversation.toCaller == [SFTPPacket.handle(1, "h")])
    }

    @Test(
        "that cannot be masked is refused, and closed on the host", arguments: [["#!"], ["x", "more than ten bytes"]])
    func unmaskable(_ parts: [String]) throws {
        var limits = SFTPLimits()
        limits.maximumMaskedFile = 10
        var conversation = Self.opening(limits: limits)
        _ = conversation.takeActions()
        for part in parts {
            conversation.host(SFTPPacket.data(parts[0] == part ? .max : .max - 1, part.utf8))
        }
        if parts.count == 1 { conversation.host(SFTPPacket.status(.max - 1, .endOfFile)) }
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [3])
        let close = try #require(conversation.toHost.last)
        #expect(close == SFTPPacket.strings(.close, .max - 2, "h"))
        guard case .refused = conversation.outcomes.first?.ending else {
            Issue.record("no refusal: \(conversation.outcomes)")
            return
        }
        #expect(conversation.relay.maskingRoom == limits.maximumMaskedTotal)
        conversation.caller(SFTPPacket.read(9, "h", 0, 10))
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [3, 4])
        conversation.host(SFTPPacket.status(.max - 2))
        conversation.verdict = { _ in .permit }
        conversation.caller(SFTPPacket.open(2, "/g", .read))
        conversation.host(SFTPPacket.handle(2, "h"))
        #expect(conversation.violation == nil)
    }

    @Test("is refused when too much is kept already, also by a copy that grows")
    func total() {
        var limits = SFTPLimits()
        limits.maximumMaskedTotal = 8
        var conversation = Self.opening(limits: limits)
        Self.load(&conversation, ["ABCD"])
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [3])
        #expect(conversation.relay.maskingRoom == 8)
    }

    @Test("that the host fails to read ends with the host's status")
    func hostFails() {
        var conversation = Self.opening()
        conversation.host(SFTPPacket.status(.max, .failure, "I/O error"))
        #expect(conversation.toCaller == [SFTPPacket.status(1, .failure, "**/** error")])
        #expect(conversation.outcomes == [SFTPOutcome(.failed(SFTPStatus(code: .failure, message: "**/** error")))])
    }

    @Test("is unknown to the caller while it is read, and other requests go on")
    func guessedHandle() {
        var conversation = Self.opening()
        _ = conversation.takeActions()
        conversation.verdict = { _ in .permit }
        conversation.caller(SFTPPacket.read(2, "h", 0, 10))
        conversation.caller(SFTPPacket.strings(.close, 3, "h"))
        #expect(conversation.toHost.isEmpty)
        #expect(conversation.toCaller.map(SFTPRequestTests.code) == [4, 4])
        conversation.caller(SFTPPacket.strings(.stat, 4, "/g"))
        #expect(conversation.toHost == [SFTPPacket.strings(.stat, 4, "/g")])
    }

    @Test("is read under request ids that never meet the caller's")
    func requestIDs() {
        var conversation = Self.opening()
        conversation.verdict = { _ in .permit }
        conversation.caller(SFTPPacket.strings(.stat, .max, "/g"))
        #expect(conversation.toHost.last == SFTPPacket.strings(.stat, .max - 1, "/g"))
        conversation.host(SFTPPacket.status(.max - 1, .noSuchFile, "no"))
        #expect(conversation.toCaller == [SFTPPacket.status(.max, .noSuchFile, "no")])
        conversation.caller(SFTPPacket.strings(.stat, 1, "/g"))
        #expect(conversation.violation?.party == .caller)
    }

    @Test("has one outcome when the session ends while it is read")
    func interrupted() {
        var conversation = Self.opening()
        conversation.hostEnds()
        #expect(conversation.outcomes == [SFTPOutcome(.interrupted("the host ended the session"))])
    }
}
