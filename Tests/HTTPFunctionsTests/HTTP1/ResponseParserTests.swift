import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Response heads")
struct ResponseParserTests {
    private static func parse(
        _ text: String, to method: String = "GET", piecesOf size: Int = .max, limit: Int = 1000
    ) -> Result<(head: ResponseHead?, rest: String), MessageError> {
        var parser = ResponseParser(headLimit: limit)
        var source = ByteBuffer(string: text)
        var buffer = ByteBuffer()
        do throws(MessageError) {
            repeat {
                if let piece = source.readSlice(length: min(size, source.readableBytes)) {
                    buffer.writeImmutableBuffer(piece)
                }
                if let head = try parser.next(&buffer, toMethod: method) {
                    return .success((head, String(buffer: buffer) + String(buffer: source)))
                }
            } while source.readableBytes > 0
            return .success((nil, String(buffer: buffer)))
        } catch {
            return .failure(error)
        }
    }

    struct Framed: Sendable, CustomTestStringConvertible {
        let text: String
        var method = "GET"
        let framing: BodyFraming
        let keepsAlive: Bool
        var testDescription: String { "\(method): \(text.debugDescription)" }
    }

    static let framed = [
        Framed(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", framing: .length(5), keepsAlive: true),
        Framed(text: "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", framing: .length(5), keepsAlive: true),
        Framed(text: "HTTP/1.1 200 \r\ncontent-length:5\r\n\r\n", framing: .length(5), keepsAlive: true),
        Framed(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", framing: .chunked, keepsAlive: true),
        Framed(text: "HTTP/1.1 200 OK\r\n\r\n", framing: .untilClose, keepsAlive: false),
        Framed(
            text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", framing: .length(5),
            keepsAlive: false),
        Framed(text: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", framing: .length(5), keepsAlive: false),
        Framed(
            text: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", framing: .length(5),
            keepsAlive: true),
        Framed(text: "HTTP/1.1 204 No Content\r\n\r\n", framing: .none, keepsAlive: true),
        Framed(text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", framing: .none, keepsAlive: true),
        Framed(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD", framing: .none, keepsAlive: true),
        Framed(
            text:
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            framing: .length(5), keepsAlive: true),
    ]

    @Test("where a response's body ends is read as its sender means it, wherever the head is cut", arguments: framed)
    func framing(_ example: Framed) throws {
        for size in [1, 2, 3, 7, .max] {
            let (head, rest) = try Self.parse(example.text + "rest", to: example.method, piecesOf: size).get()
            #expect(head?.framing == example.framing && head?.keepsAlive == example.keepsAlive, "in pieces of \(size)")
            #expect(rest == "rest")
        }
    }

    @Test(
        "a response that two receivers could cut differently is refused",
        arguments: [
            ("SSH-2.0-OpenSSH_9.6\r\n", MessageError.malformedStatusLine),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 2000 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 600 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1  200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 200 O\u{0}K\r\n\r\n", .malformedStatusLine),
            ("HTTP/2.0 200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.2 200 OK\r\n\r\n", .malformedStatusLine),
            ("http/1.1 200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 200 OK\n\n", .bareLineFeed),
            ("HTTP/1.1 200 OK\r\nX: a\n\r\n", .bareLineFeed),
            ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .obsoleteFolding),
            ("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .spaceBeforeColon),
            ("HTTP/1.1 200 OK\r\nX\r\n\r\n", .missingColon),
            ("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", .invalidFieldValue),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndTransferEncoding),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .repeatedLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", .invalidLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", .invalidLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", .invalidLength),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unknownTransferEncoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n", .unknownTransferEncoding),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                .unknownTransferEncoding
            ),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
            ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 1000))\r\n\r\n", .headTooLarge(limit: 1000)),
            ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 2000))", .headTooLarge(limit: 1000)),
            (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 9), .tooManyInterimResponses),
        ])
    func malformed(text: String, error: MessageError) {
        for size in [1, 2, 5, .max] {
            guard case .failure(let found) = Self.parse(text, piecesOf: size) else {
                Issue.record("taken in pieces of \(size)")
                continue
            }
            #expect(found == error, "in pieces of \(size)")
        }
    }
}
