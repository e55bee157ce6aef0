import CLibPQ
import NIOCore

/// The TLS session that libpq has made with a database, cut off from its socket: bytes go in and out by memory.
///
/// libpq has verified the server as the connection's parameters say, and bound SCRAM to this very session; another one
/// would need all of that again. libpq's connection owns the session, so that both live together.
final class UpstreamTLS: @unchecked Sendable {
    // Made on the thread that dials and used on the event loop from then on, never on both.
    private let connection: LibPQConnection
    private let session: OpaquePointer
    private let received: OpaquePointer
    private let sent: OpaquePointer

    /// `nil` where OpenSSL has no memory.
    init?(_ session: OpaquePointer, of connection: LibPQConnection) {
        guard let received = BIO_new(BIO_s_mem()) else { return nil }
        guard let sent = BIO_new(BIO_s_mem()) else {
            BIO_free(received)
            return nil
        }
        // What has not arrived yet is no end.
        sallyport_bio_wait_at_end(received)
        // The session owns both from here.
        SSL_set_bio(session, received, sent)
        (self.connection, self.session, self.received, self.sent) = (connection, session, received, sent)
    }

    /// OpenSSL's record of a failure, for the log.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init() {
            var text = [CChar](repeating: 0, count: 256)
            ERR_error_string_n(ERR_get_error(), &text, text.count)
            description = "TLS: " + text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        }
    }

    /// Takes bytes from the wire.
    func feed(_ bytes: ByteBuffer) throws {
        try bytes.withUnsafeReadableBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
            while !rest.isEmpty {
                let taken = BIO_write(received, rest.baseAddress, Int32(min(rest.count, 1 << 20)))
                guard taken > 0 else { throw Failure() }
                rest = UnsafeRawBufferPointer(rebasing: rest[Int(taken)...])
            }
        }
    }

    /// Deciphers what there is, a record at a time, into `buffer`.
    ///
    /// - Returns: Whether the server has said goodbye.
    func read(into buffer: inout ByteBuffer) throws -> Bool {
        while true {
            var count: Int32 = 0
            ERR_clear_error()
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 16_384) { space in
                count = SSL_read(session, space.baseAddress, Int32(space.count))
                return max(0, Int(count))
            }
            if count > 0 { continue }
            switch SSL_get_error(session, count) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
            case SSL_ERROR_ZERO_RETURN: return true
            default: throw Failure()
            }
        }
    }

    /// Enciphers bytes.
    func write(_ bytes: ByteBuffer) throws {
        try bytes.withUnsafeReadableBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
            while !rest.isEmpty {
                ERR_clear_error()
                let taken = SSL_write(session, rest.baseAddress, Int32(min(rest.count, 1 << 20)))
                guard taken > 0 else { throw Failure() }
                rest = UnsafeRawBufferPointer(rebasing: rest[Int(taken)...])
            }
        }
    }

    /// Says goodbye.
    func end() { _ = SSL_shutdown(session) }

    /// What has to go to the wire; `nil` for nothing.
    func takeSent() -> ByteBuffer? {
        let count = Int(sallyport_bio_pending(sent))
        guard count > 0 else { return nil }
        var buffer = ByteBuffer()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            max(0, Int(BIO_read(sent, space.baseAddress, Int32(count))))
        }
        return buffer
    }
}

/// Deciphers what comes from the database, and enciphers what goes to it.
final class UpstreamTLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tls: UpstreamTLS

    init(_ tls: UpstreamTLS) { self.tls = tls }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var plain = ByteBuffer()
        do {
            try tls.feed(unwrapInboundIn(data))
            let isOver = try tls.read(into: &plain)
            if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
            if let answer = tls.takeSent() { context.writeAndFlush(wrapOutboundOut(answer), promise: nil) }
            if isOver { context.close(promise: nil) }
        } catch {
            if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
            context.fireErrorCaught(error)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        do {
            try tls.write(unwrapOutboundIn(data))
            context.write(wrapOutboundOut(tls.takeSent() ?? ByteBuffer()), promise: promise)
        } catch {
            promise?.fail(error)
            context.fireErrorCaught(error)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        tls.end()
        if let goodbye = tls.takeSent() { context.writeAndFlush(wrapOutboundOut(goodbye), promise: nil) }
        context.close(mode: mode, promise: promise)
    }
}
