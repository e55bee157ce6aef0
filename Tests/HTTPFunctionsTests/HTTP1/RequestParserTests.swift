import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Request heads")
struct RequestParserTests {
    struct Malformed: CustomTestStringConvertible, Sendable {
        let text: String
        let error: MessageError
        var testDescription: String { "\(error): \(text.debugDescription)" }

        init(_ text: String, _ error: MessageError) {
            self.text = text
            self.error = error
        }
    }

    static let host = "Host: a\r\n"

    static let malformed: [Malformed] = [
        // The request line.
        Malformed("GET  / HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET /\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET / HTTP/1.1 \r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET\t/ HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed(" GET / HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("\rGET / HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("\u{16}\u{3}\u{1}", .malformedRequestLine),
        Malformed("GE(T / HTTP/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET / HTTP/11\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET / http/1.1\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET / HTTP/1.1x\r\n\(host)\r\n", .malformedRequestLine),
        Malformed("GET / HTTP/2.0\r\n\(host)\r\n", .unsupportedVersion),
        Malformed("GET / HTTP/0.9\r\n\(host)\r\n", .unsupportedVersion),
        Malformed("GET / HTTP/1.2\r\n\(host)\r\n", .unsupportedVersion),
        Malformed("get / HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
        Malformed("TRACE / HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
        Malformed("CONNECT a:1 HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
        Malformed("\(String(repeating: "M", count: 33)) / HTTP/1.1\r\n\(host)\r\n", .methodTooLong),
        // Line ends.
        Malformed("GET / HTTP/1.1\n\(host)\r\n", .bareLineFeed),
        Malformed("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineFeed),
        Malformed("GET / HTTP/1.1\r\n\(host)\n", .bareLineFeed),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\rb\r\n\r\n", .invalidFieldValue),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\r\rb\r\n\r\n", .invalidFieldValue),
        Malformed("GET /\r HTTP/1.1\r\n\(host)\r\n", .invalidTarget(.invalidCharacter)),
        // Fields.
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", .obsoleteFolding),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\r\n\tb\r\n\r\n", .obsoleteFolding),
        Malformed("GET / HTTP/1.1\r\n X: a\r\n\(host)\r\n", .obsoleteFolding),
        Malformed("GET / HTTP/1.1\r\n\(host)X : a\r\n\r\n", .spaceBeforeColon),
        Malformed("GET / HTTP/1.1\r\n\(host)Content-Length\t: 5\r\n\r\n", .spaceBeforeColon),
        Malformed("GET / HTTP/1.1\r\n\(host)X\r\n\r\n", .missingColon),
        Malformed("GET / HTTP/1.1\r\n\(host): a\r\n\r\n", .invalidFieldName),
        Malformed("GET / HTTP/1.1\r\n\(host)X(: a\r\n\r\n", .invalidFieldName),
        Malformed("GET / HTTP/1.1\r\n\(host)X\u{0}: a\r\n\r\n", .invalidFieldName),
        Malformed("GET / HTTP/1.1\r\n\(host)Ä: a\r\n\r\n", .invalidFieldName),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\u{0}b\r\n\r\n", .invalidFieldValue),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\u{7f}\r\n\r\n", .invalidFieldValue),
        Malformed("GET / HTTP/1.1\r\n\(host)X: a\u{b}\r\n\r\n", .invalidFieldValue),
        // Host.
        Malformed("GET / HTTP/1.1\r\n\r\n", .missingHost),
        Malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost),
        Malformed("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", .repeatedHost),
        Malformed("GET / HTTP/1.1\r\nHost:\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n", .invalidHost),
        Malformed("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .invalidHost),
        Malformed("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostMismatch),
        Malformed("GET http://a:8080/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostMismatch),
        Malformed("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget(.form)),
        Malformed("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget(.form)),
        Malformed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget(.form)),
        Malformed("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget(.form)),
        // The body's framing: what request smuggling is made of.
        Malformed(
            "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            .lengthAndTransferEncoding),
        Malformed(
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            .lengthAndTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 6\r\n\r\n", .repeatedLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\ncontent-length: 5\r\n\r\n", .repeatedLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 5, 5\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: +5\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 0x5\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 5 5\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Content-Length: 9999999999999999999\r\n\r\n", .invalidLength),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n", .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n", .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked;q=1\r\n\r\n", .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n\r\n", .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \"chunked\"\r\n\r\n", .unknownTransferEncoding),
        Malformed(
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
            .unknownTransferEncoding),
        Malformed(
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            .unknownTransferEncoding),
        Malformed("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \u{b}chunked\r\n\r\n", .invalidFieldValue),
        Malformed("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        Malformed("POST / HTTP/1.1\r\n\(host)Expect: 200-ok\r\n\r\n", .unknownExpectation),
    ]

    @Test("a malformed head is refused for its own fault, wherever the bytes are cut", arguments: malformed)
    func refused(_ row: Malformed) {
        let bytes = Array(row.text.utf8)
        for split in 0...bytes.count {
            #expect(Self.error(parsing: [bytes[..<split], bytes[split...]]) == row.error, "cut at \(split)")
        }
        #expect(Self.error(parsing: bytes.map { [$0][...] }) == row.error, "byte by byte")
    }

    private static func error(
        parsing pieces: [ArraySlice<UInt8>], by parser: RequestParser = RequestParser()
    ) -> MessageError? {
        var parser = parser
        var buffer = ByteBuffer()
        do throws(MessageError) {
            for piece in pieces {
                buffer.writeBytes(piece)
                _ = try parser.next(&buffer)
            }
            return nil
        } catch {
            return error
        }
    }

    static let valid =
        "\r\nPOST /pay/x%20y?a=1&b=%2e HTTP/1.1\r\nHost: Api.Example:8443\r\nX-Two:  1 \r\nx-two:2\r\nX-One: 1\r\n"
        + "Content-Length: 5\r\nAuthorization: Bearer t\r\nConnection: close, X-One\r\n\r\nhello"

    @Test("a head is read the same wherever the bytes are cut, and the body's bytes stay")
    func valid() throws {
        let bytes = Array(Self.valid.utf8)
        for split in 0...bytes.count {
            var parser = RequestParser()
            var buffer = ByteBuffer(bytes: bytes[..<split])
            var head = try parser.next(&buffer)
            buffer.writeBytes(bytes[split...])
            if head == nil { head = try parser.next(&buffer) }
            let found = try #require(head)
            #expect(found.method == "POST")
            #expect(found.target.path == "/pay/x%20y")
            #expect(found.target.decodedPath == "/pay/x y")
            #expect(found.target.query == "a=1&b=%2e")
            #expect(found.fields.first(.host) == "Api.Example:8443")
            #expect(found.fields["X-ONE"] == nil)
            #expect(found.fields["X-TWO"] == "1, 2")
            #expect(found.fields.first(.authorization) == "Bearer t")
            #expect(found.framing == .length(5))
            #expect(!found.keepsAlive)
            #expect(String(buffer: buffer) == "hello")
        }
    }

    @Test(
        "a field that Connection nominates is gone before anyone reads it, however it is spelt and wherever it stands")
    func nominated() throws {
        var parser = RequestParser()
        var buffer = ByteBuffer(
            string: "GET / HTTP/1.1\r\n\(Self.host)x-tenant: a\r\nX-Kept: b\r\nConnection: keep-alive, X-TENANT ,te\r\n"
                + "Mcp-Method: tools/list\r\nX-Tenant: c\r\nTE: trailers\r\nconnection: mcp-method, upgrade\r\n\r\n")
        let head = try #require(try parser.next(&buffer))
        #expect(head.fields.texts.map(\.name) == ["Host", "X-Kept", "Connection", "connection"])
        #expect(!head.fields.contains(.te) && head.fields.contains(.connection) && head.keepsAlive)
    }

    @Test(
        "a request that nominates what is meant for the function or for the gateway is refused",
        arguments: [
            "Host", "Content-Type", "content-encoding", "Content-Length", "Transfer-Encoding", "Authorization",
            "Sallyport-Authorization", "Sallyport-Justification", "Cookie", "Range", "If-Range", "Accept-Encoding",
            "tracestate", "traceparent", "Cache-Control", "Expect", "Prefer", "X-Request-Id",
        ])
    func misnominated(name: String) throws {
        for connection in [name, "close, \(name)", "x-a ,\t\(name.uppercased())"] {
            var parser = RequestParser()
            var buffer = ByteBuffer(
                string: "POST / HTTP/1.1\r\n\(Self.host)Content-Length: 0\r\nConnection: \(connection)\r\n\r\n")
            #expect(throws: MessageError.nominatedField, "\(connection)") { try parser.next(&buffer) }
        }
        #expect(MessageError.nominatedField.status == 400)
    }

    @Test("pipelined requests are read one after the other")
    func pipelined() throws {
        var parser = RequestParser()
        var buffer = ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\n\r\nGET /c")
        #expect(try parser.next(&buffer)?.target.path == "/a")
        let second = try #require(try parser.next(&buffer))
        #expect(second.target.path == "/b")
        #expect(!second.keepsAlive)
        #expect(try parser.next(&buffer) == nil)
        #expect(parser.isInsideHead)
    }

    @Test("an absolute target with the host that Host names is read as its path")
    func absoluteForm() throws {
        var parser = RequestParser()
        var buffer = ByteBuffer(string: "GET HTTP://A:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n")
        #expect(try parser.next(&buffer)?.target.path == "/x")
    }

    @Test("a head beyond the limit is 431 before it is whole, a target beyond its limit 414")
    func limits() {
        var parser = RequestParser(targetLimit: 100, headLimit: 400)
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 400))")
        #expect(throws: MessageError.headTooLarge(limit: 400)) { try parser.next(&buffer) }
        #expect(MessageError.headTooLarge(limit: 400).status == 431)
        parser = RequestParser(targetLimit: 100, headLimit: 400)
        buffer = ByteBuffer(string: "GET /\(String(repeating: "x", count: 200))")
        #expect(throws: MessageError.targetTooLong(limit: 100)) { try parser.next(&buffer) }
        parser = RequestParser(targetLimit: 100, headLimit: 400)
        buffer = ByteBuffer(string: "GET /\(String(repeating: "x", count: 100)) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: MessageError.targetTooLong(limit: 100)) { try parser.next(&buffer) }
        #expect(MessageError.targetTooLong(limit: 100).status == 414)
    }

    @Test("a head that is too long and malformed beyond its limit has one fault, wherever it is cut")
    func beyondTheLimit() {
        let long = String(repeating: "x", count: 500)
        for (text, error) in [
            ("GET /\(long)\n", MessageError.targetTooLong(limit: 100)), ("GET /\(long)", .targetTooLong(limit: 100)),
            ("GET / HTTP/1.1\r\nX: \(long)\n\r\n", .headTooLarge(limit: 400)),
            ("GET / HTTP/1.1\r\nX: \(long)\r\n\r\n", .headTooLarge(limit: 400)),
            ("GET / HTTP/1.1\r\nX: x\n\(long)\r\n\r\n", .bareLineFeed),
        ] {
            for size in [1, 2, 7, 150, 401, text.utf8.count] {
                let bytes = Array(text.utf8)
                let pieces = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
                let found = Self.error(parsing: pieces, by: RequestParser(targetLimit: 100, headLimit: 400))
                #expect(found == error, "in pieces of \(size)")
            }
        }
    }

    @Test("random bytes never crash the parser")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("GET / HTTP/1.1\r\n:Hosta\u{0}\t %.;\u{ff}0123456789".utf8)
        for _ in 0..<20_000 {
            var parser = RequestParser()
            var buffer = ByteBuffer(
                bytes: (0..<Int.random(in: 0..<80)).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
            _ = try? parser.next(&buffer)
        }
    }
}
