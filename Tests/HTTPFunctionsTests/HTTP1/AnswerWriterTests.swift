import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Answers on the wire")
struct AnswerWriterTests {
    /// The bytes of an answer whose body is given in `pieces`.
    private static func write(
        _ length: AnswerHead.Length, pieces: [String], version: RequestHead.Version = .http11, keepsAlive: Bool = true
    ) -> (text: String, keepsAlive: Bool) {
        var writer = AnswerWriter()
        var keepsAlive = keepsAlive
        var text = ""
        func add(_ written: (first: ByteBuffer, second: ByteBuffer?)) {
            text += String(buffer: written.first) + (written.second.map { String(buffer: $0) } ?? "")
        }
        let head = AnswerHead(status: 200, lines: ByteBuffer(string: "X: y\r\n"), length: length)
        let first = ByteBuffer(string: pieces.first ?? "")
        add(writer.head(head, body: first, isLast: pieces.count <= 1, version: version, keepsAlive: &keepsAlive))
        for (index, piece) in pieces.enumerated().dropFirst() {
            add(writer.body(ByteBuffer(string: piece), isLast: index == pieces.count - 1))
        }
        return (text, keepsAlive)
    }

    @Test("each length has its framing")
    func framing() {
        let start = "HTTP/1.1 200 OK\r\nX: y\r\n"
        #expect(Self.write(.known(5), pieces: ["hello"]).text == start + "Content-Length: 5\r\n\r\nhello")
        #expect(Self.write(.known(5), pieces: ["he", "llo"]).text == start + "Content-Length: 5\r\n\r\nhello")
        #expect(Self.write(.known(0), pieces: []).text == start + "Content-Length: 0\r\n\r\n")
        #expect(Self.write(.none, pieces: []).text == start + "\r\n")
        #expect(Self.write(.withoutBody(7), pieces: []).text == start + "Content-Length: 7\r\n\r\n")
        #expect(
            Self.write(.open, pieces: ["hello", "", "0123456789abcdef", ""]).text
                == start + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n")
        #expect(Self.write(.open, pieces: []).text == start + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    }

    @Test("an answer without a length ends an HTTP/1.0 connection, one with a length need not")
    func http10() {
        let open = Self.write(.open, pieces: ["hello", " world"], version: .http10)
        #expect(open.text == "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nhello world" && !open.keepsAlive)
        let known = Self.write(.known(5), pieces: ["hello"], version: .http10)
        #expect(known.text.hasSuffix("Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello") && known.keepsAlive)
        #expect(Self.write(.known(0), pieces: [], keepsAlive: false).text.contains("Connection: close\r\n"))
    }

    @Test("what is written as chunks is read as the same body, also beyond the limit for copying")
    func roundTrip() {
        let pieces = ["a", String(repeating: "b", count: AnswerWriter.copyLimit + 1), "", "c"]
        let text = Self.write(.open, pieces: pieces).text
        let body = text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
        let decoded = BodyDecoderTests.decode(body, .chunked)
        #expect(decoded.body == pieces.joined() && decoded.isWhole && decoded.rest.isEmpty)
    }
}
