import NIOCore

/// Writes answers in HTTP/1.1 form: status line, fields, and the body's framing (RFC 9112 section 4, 6 and 7).
struct AnswerWriter {
    enum Framing {
        case none
        case length
        case chunked
        case untilClose
    }

    /// Larger pieces are written by themselves rather than copied behind the head.
    static let copyLimit = 16_384

    private(set) var framing = Framing.none

    /// - Returns: The buffers to write, in order.
    mutating func head(
        _ head: AnswerHead, body: ByteBuffer, isLast: Bool, version: RequestHead.Version, keepsAlive: inout Bool
    ) -> (first: ByteBuffer, second: ByteBuffer?) {
        let size = body.readableBytes
        var out = ByteBufferAllocator().buffer(
            capacity: 128 + head.lines.readableBytes + (size <= Self.copyLimit ? size : 0))
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(head.status)
        out.writeStaticString(" ")
        out.writeString(HTTPStatus.reason(head.status))
        out.writeStaticString("\r\n")
        out.writeImmutableBuffer(head.lines)
        switch head.length {
        case .none: framing = .none
        case .withoutBody(let length):
            framing = .none
            writeLength(length, into: &out)
        case .known(let length):
            framing = .length
            writeLength(length, into: &out)
        case .open where version == .http10:
            framing = .untilClose
            keepsAlive = false
        case .open:
            framing = .chunked
            out.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        if !keepsAlive {
            out.writeStaticString("Connection: close\r\n")
        } else if version == .http10 {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
        return add(body, to: &out, isLast: isLast)
    }

    /// - Returns: The buffers to write, in order.
    func body(_ body: ByteBuffer, isLast: Bool) -> (first: ByteBuffer, second: ByteBuffer?) {
        var out = ByteBuffer()
        return add(body, to: &out, isLast: isLast)
    }

    private func add(
        _ body: ByteBuffer, to out: inout ByteBuffer, isLast: Bool
    ) -> (first: ByteBuffer, second: ByteBuffer?) {
        let size = body.readableBytes
        switch framing {
        case .none: return (out, nil)
        case .length, .untilClose:
            guard size > 0 else { return (out, nil) }
            if size > Self.copyLimit { return out.readableBytes == 0 ? (body, nil) : (out, body) }
            out.writeImmutableBuffer(body)
            return (out, nil)
        case .chunked:
            if size > 0 {
                out.writeString(String(size, radix: 16))
                out.writeStaticString("\r\n")
                out.writeImmutableBuffer(body)
                out.writeStaticString("\r\n")
            }
            if isLast { out.writeStaticString("0\r\n\r\n") }
            return (out, nil)
        }
    }

    private func writeLength(_ length: Int, into out: inout ByteBuffer) {
        out.writeStaticString("Content-Length: ")
        out.writeDecimal(length)
        out.writeStaticString("\r\n")
    }
}
