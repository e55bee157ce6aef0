import Foundation
import NIOCore
import NIOFoundationCompat
import NIOPosix

/// What a Bind is sent from.
enum BindBytes {
    case held(ByteBuffer)
    case spooled(MessageSpool)

    var areHeld: Bool { if case .held = self { true } else { false } }

    var count: Int {
        switch self {
        case .held(let bytes): bytes.readableBytes
        case .spooled(let spool): spool.bytes
        }
    }
}

/// A Bind that is too long to be held, while it arrives.
struct ArrivingBind {
    let spool: MessageSpool
    var scanner = BindScanner()
    /// What was not written yet.
    var gathered = ByteBuffer()
}

// Values that are too long to be held wait on the disk: nothing of a command is sent before all of it has been judged
// and recorded.
extension Relay {
    /// Writes and reads of the disk.
    static let spooledPiece = 262_144

    /// - Parameter total: Bytes of the whole message.
    func receiveLongBind(_ piece: ByteBuffer, total: Int, isLast: Bool) throws(ProtocolViolation) {
        if case .absent = arrivingBind {
            guard let spool = services.spools.spool(bytes: total) else {
                arrivingBind = .refused(noSpoolSpace)
                return finishRefused(isLast)
            }
            arrivingBind = .spooling(ArrivingBind(spool: spool))
            // Only the payload is read.
            return try receiveLongBind(piece, skipping: Frame.headerLength, isLast: isLast)
        }
        try receiveLongBind(piece, skipping: 0, isLast: isLast)
    }

    private func receiveLongBind(
        _ piece: ByteBuffer, skipping header: Int, isLast: Bool
    ) throws(ProtocolViolation) {
        guard case .spooling(var arriving) = arrivingBind else { return finishRefused(isLast) }
        arrivingBind = .absent
        arriving.gathered.writeImmutableBuffer(piece)
        try arriving.scanner.read(
            piece.getSlice(at: piece.readerIndex + header, length: piece.readableBytes - header) ?? piece)
        if isLast || arriving.gathered.readableBytes >= Self.spooledPiece {
            spool(arriving, isLast: isLast)
        } else {
            arrivingBind = .spooling(arriving)
        }
    }

    private func spool(_ arriving: ArrivingBind, isLast: Bool) {
        hold = .spooling
        let (spool, data) = (arriving.spool, Data(buffer: arriving.gathered))
        NIOThreadPool.singleton.runIfActive(eventLoop: services.eventLoop) { try spool.append(data) }
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self, !self.isClosed else { return }
                self.hold = nil
                var next = arriving
                next.gathered = ByteBuffer()
                switch result {
                case .success: self.arrivingBind = .spooling(next)
                case .failure(is SpoolSpace.Full): self.arrivingBind = .refused(self.noSpoolSpace)
                case .failure(let error): self.arrivingBind = .refused(.valuesNotKept(error))
                }
                if isLast { self.finishLongBind() }
                self.flushUpstream()
                self.pump()
                self.endIfDrained()
            }
    }

    private func finishLongBind() {
        guard case .spooling(let arriving) = arrivingBind else { return finishRefused(true) }
        arrivingBind = .absent
        // An earlier message of the pipeline may have failed meanwhile.
        guard !isServerSkipping else { return }
        do throws(ProtocolViolation) {
            receive(try arriving.scanner.finish(), .spooled(arriving.spool))
        } catch {
            fail(.violation(error), reason: "the caller broke the protocol: \(error.message)")
        }
    }

    private var noSpoolSpace: ErrorFields {
        .valuesTooLong(services.spools.limit, setting: "max_spooled_bytes")
    }

    private func finishRefused(_ isLast: Bool) {
        guard isLast, case .refused(let fields) = arrivingBind else { return }
        arrivingBind = .absent
        guard sendHeld() else { return }
        refuse(fields, isQuery: false)
    }

    // MARK: Sending

    /// What is sent after it waits until it has left.
    func sendNextPiece() {
        guard let spool = leavingSpool else { return }
        NIOThreadPool.singleton.runIfActive(eventLoop: services.eventLoop) { try spool.next() }
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self, !self.isClosed else { return }
                switch result {
                case .success(let data?):
                    self.upstream.write(ByteBuffer(data: data))
                    self.upstream.flush()
                    if self.upstream.isWritable { self.sendNextPiece() } else { self.waitsToSend = true }
                case .success(nil):
                    self.leavingSpool = nil
                    self.hold = nil
                    self.flushUpstream()
                    self.pump()
                    self.endIfDrained()
                // The server has a part of a message, after which it can be told nothing else.
                case .failure(let error):
                    let reason = "a long message cannot be read back from the disk: \(error)"
                    self.fail(.connectionFailure(reason), reason: reason)
                }
            }
    }
}
