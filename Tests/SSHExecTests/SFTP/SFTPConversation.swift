import NIOCore

@testable import SSHExec

/// A relay with someone who answers its decisions, and a log of what it did.
struct SFTPConversation {
    enum Verdict {
        case permit
        case mask(any SFTPContentMasker)
        case refuse(String)
        /// The test answers later.
        case wait
    }

    var relay: SFTPRelay
    var verdict: (SFTPRequest) -> Verdict = { _ in .permit }
    private(set) var actions: [SFTPAction] = []
    private(set) var violation: SFTPViolation?

    init(limits: SFTPLimits = SFTPLimits(), asksLoginFolder: Bool = false) {
        relay = SFTPRelay(limits: limits, asksLoginFolder: asksLoginFolder)
    }

    /// A conversation after the handshake, with all extensions.
    static func opened(limits: SFTPLimits = SFTPLimits()) -> SFTPConversation {
        var conversation = SFTPConversation(limits: limits)
        conversation.caller(SFTPPacket.initialize())
        conversation.host(SFTPPacket.version())
        conversation.actions = []
        return conversation
    }

    /// A conversation in which the file of the handle is open.
    static func withFile(
        _ path: String = "/f", flags: SFTPOpenFlags = .read, handle: String = "h", limits: SFTPLimits = SFTPLimits()
    ) -> SFTPConversation {
        var conversation = opened(limits: limits)
        conversation.caller(SFTPPacket.open(1, path, flags))
        conversation.host(SFTPPacket.handle(1, handle))
        conversation.actions = []
        return conversation
    }

    mutating func caller(_ packet: ByteBuffer) {
        relay.receive(fromCaller: packet)
        run()
    }

    mutating func host(_ packet: ByteBuffer) {
        relay.receive(fromHost: packet)
        run()
    }

    mutating func callerEnds() {
        relay.callerEnded()
        run()
    }

    mutating func hostEnds() {
        relay.hostEnded()
        run()
    }

    mutating func run() {
        do throws(SFTPViolation) {
            while let action = try relay.nextAction() {
                actions.append(action)
                guard case .decide(let decision, let request) = action else { continue }
                switch verdict(request) {
                case .permit: relay.permit(decision)
                case .mask(let masker): relay.permit(decision, content: masker)
                case .refuse(let message): relay.refuse(decision, message: message)
                case .wait: break
                }
            }
        } catch {
            violation = error
        }
    }

    /// What was done since the last call.
    mutating func takeActions() -> [SFTPAction] {
        defer { actions = [] }
        return actions
    }

    var toHost: [ByteBuffer] {
        actions.compactMap { if case .sendToHost(let packet) = $0 { packet } else { nil } }
    }

    var toCaller: [ByteBuffer] {
        actions.compactMap { if case .sendToCaller(let packet) = $0 { packet } else { nil } }
    }

    var requests: [SFTPRequest] {
        actions.compactMap { if case .decide(_, let request) = $0 { request } else { nil } }
    }

    var outcomes: [SFTPOutcome] {
        actions.compactMap { if case .finished(_, let outcome) = $0 { outcome } else { nil } }
    }
}

/// Packets as the two sides write them.
enum SFTPPacket {
    static func make(_ type: SFTPPacketType, _ id: UInt32, _ body: (inout ByteBuffer) -> Void = { _ in }) -> ByteBuffer
    {
        .sftpPacket(type) { packet in
            packet.writeInteger(id)
            body(&packet)
        }
    }

    static func initialize(_ version: UInt32 = 3) -> ByteBuffer { make(.initialize, version) }

    static func version(_ number: UInt32 = 3, more: [(String, String)] = []) -> ByteBuffer {
        make(.version, number) { packet in
            for (name, data) in SFTPExtension.allCases.map({ ($0.rawValue, $0.version) }) + more {
                packet.writeSFTPString(name.utf8)
                packet.writeSFTPString(data.utf8)
            }
        }
    }

    static func open(_ id: UInt32, _ path: String, _ flags: SFTPOpenFlags) -> ByteBuffer {
        make(.open, id) { packet in
            packet.writeSFTPString(path.utf8)
            packet.writeInteger(flags.rawValue)
            packet.writeSFTPAttributes(SFTPAttributes(permissions: 0o644))
        }
    }

    /// A request that is only strings: paths or a handle.
    static func strings(_ type: SFTPPacketType, _ id: UInt32, _ strings: String...) -> ByteBuffer {
        make(type, id) { packet in
            for string in strings { packet.writeSFTPString(string.utf8) }
        }
    }

    static func attributed(
        _ type: SFTPPacketType, _ id: UInt32, _ string: String, _ attributes: SFTPAttributes
    ) -> ByteBuffer {
        make(type, id) { packet in
            packet.writeSFTPString(string.utf8)
            packet.writeSFTPAttributes(attributes)
        }
    }

    static func extended(_ id: UInt32, _ name: String, _ body: (inout ByteBuffer) -> Void = { _ in }) -> ByteBuffer {
        make(.extended, id) { packet in
            packet.writeSFTPString(name.utf8)
            body(&packet)
        }
    }

    static func extended(_ id: UInt32, _ name: String, strings: String...) -> ByteBuffer {
        extended(id, name) { packet in
            for string in strings { packet.writeSFTPString(string.utf8) }
        }
    }

    static func copyData(_ id: UInt32, from: String, to: String) -> ByteBuffer {
        extended(id, "copy-data") { packet in
            packet.writeSFTPString(from.utf8)
            packet.writeInteger(UInt64(0))
            packet.writeInteger(UInt64(0))
            packet.writeSFTPString(to.utf8)
            packet.writeInteger(UInt64(0))
        }
    }

    static func read(_ id: UInt32, _ handle: String, _ offset: UInt64, _ length: UInt32) -> ByteBuffer {
        make(.read, id) { packet in
            packet.writeSFTPString(handle.utf8)
            packet.writeInteger(offset)
            packet.writeInteger(length)
        }
    }

    static func write(_ id: UInt32, _ handle: String, _ offset: UInt64, _ content: some Collection<UInt8>) -> ByteBuffer
    {
        make(.write, id) { packet in
            packet.writeSFTPString(handle.utf8)
            packet.writeInteger(offset)
            packet.writeSFTPString(content)
        }
    }

    static func status(_ id: UInt32, _ code: SFTPStatusCode = .ok, _ message: String = "Success") -> ByteBuffer {
        .sftpStatus(id, code, message)
    }

    static func handle(_ id: UInt32, _ handle: String) -> ByteBuffer { strings(.handle, id, handle) }

    static func data(_ id: UInt32, _ content: some Collection<UInt8>) -> ByteBuffer {
        make(.data, id) { $0.writeSFTPString(content) }
    }

    static func attributes(_ id: UInt32, _ attributes: SFTPAttributes) -> ByteBuffer {
        make(.attributes, id) { $0.writeSFTPAttributes(attributes) }
    }

    static func names(_ id: UInt32, _ names: String...) -> ByteBuffer {
        make(.name, id) { packet in
            packet.writeInteger(UInt32(names.count))
            for name in names {
                packet.writeSFTPString(name.utf8)
                packet.writeSFTPString("-rw-r--r-- 1 \(name)".utf8)
                packet.writeSFTPAttributes(SFTPAttributes(size: 3, permissions: 0o644))
            }
        }
    }

    static func numbers(_ id: UInt32, _ numbers: [UInt64]) -> ByteBuffer {
        make(.extendedReply, id) { packet in
            for number in numbers { packet.writeInteger(number) }
        }
    }

    static func userNames(_ id: UInt32) -> ByteBuffer { strings(.extendedReply, id, "\0\0\0\u{4}root", "") }
}
