import NIOCore

@testable import SSHExec

/// A file transfer between two sides that say anything, and somebody who decides anything.
enum SFTPReading {
    private struct Masker: SFTPContentMasker {
        func masked(_ content: [UInt8], path: String) throws(SFTPUnmaskable) -> [UInt8] { content.reversed() }

        func masked(text: [UInt8]) throws(SFTPUnmaskable) -> [UInt8] {
            guard text.first != 0x21 else { throw SFTPUnmaskable(reason: "no") }
            return text
        }
    }

    static func read(_ bytes: [UInt8]) {
        var input = InputBytes(bytes)
        guard let first = input.next() else { return }
        var relay = SFTPRelay(asksLoginFolder: first & 1 == 1)
        var open: Set<SFTPDecisionID> = []
        func run() -> Bool {
            do throws(SFTPViolation) {
                while let action = try relay.nextAction() {
                    switch action {
                    case .decide(let id, _):
                        switch (input.next() ?? 0) % 4 {
                        case 0: relay.refuse(id, message: "no")
                        case 1:
                            relay.permit(id, content: Masker())
                            open.insert(id)
                        default:
                            relay.permit(id)
                            open.insert(id)
                        }
                    case .finished(let id, _):
                        precondition(open.remove(id) != nil, "an end of what was not permitted, or a second one")
                    case .sendToHost, .sendToCaller, .withdrawn: break
                    }
                }
                return true
            } catch {
                return false
            }
        }
        while let decision = input.next() {
            guard let piece = input.piece() else { break }
            // Whole packets are rare among bytes of any kind: mostly the length is put before them.
            var packet = ByteBuffer()
            if decision & 2 == 2 { packet.writeInteger(UInt32(piece.count)) }
            packet.writeBytes(piece)
            if decision & 1 == 1 { relay.receive(fromCaller: packet) } else { relay.receive(fromHost: packet) }
            guard run() else { break }
        }
        relay.callerEnded()
        _ = run()
        relay.hostEnded()
        _ = run()
        precondition(open.isEmpty, "what was permitted has no end")
    }
}
