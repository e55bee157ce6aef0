import NIOCore
import NIOHPACK
import Testing

@testable import HTTPFunctions

@Suite("HTTP/2 request heads")
struct HTTP2HeadTests {
    struct Malformed: Sendable, CustomTestStringConvertible {
        let name: String
        let fields: [(String, String)]
        let error: MessageError
        var endsStream = true
        var testDescription: String { name }
    }

    static let start = [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/x")]

    static let malformed = [
        Malformed(name: "no method", fields: Array(start.dropFirst()), error: .pseudoHeader("one is missing")),
        Malformed(
            name: "no scheme", fields: start.filter { $0.0 != ":scheme" }, error: .pseudoHeader("one is missing")),
        Malformed(name: "no path", fields: start.filter { $0.0 != ":path" }, error: .pseudoHeader("one is missing")),
        Malformed(name: "no authority and no host", fields: start.filter { $0.0 != ":authority" }, error: .missingHost),
        Malformed(name: "a path twice", fields: start + [(":path", "/y")], error: .pseudoHeader("one stands twice")),
        Malformed(
            name: "a pseudo-header after a field", fields: [start[0], ("x", "y")] + start[1...],
            error: .pseudoHeader("one stands after another field")),
        Malformed(
            name: "an unknown pseudo-header", fields: start + [(":protocol", "websocket")],
            error: .pseudoHeader("an unknown one")),
        Malformed(
            name: "a response's pseudo-header", fields: start + [(":status", "200")],
            error: .pseudoHeader("an unknown one")),
        Malformed(
            name: "another scheme", fields: [start[0], (":scheme", "ftp"), start[2], start[3]],
            error: .pseudoHeader("the scheme is not http or https")),
        Malformed(
            name: "an empty path", fields: start.dropLast() + [(":path", "")], error: .invalidTarget(.form)),
        Malformed(name: "CONNECT", fields: [(":method", "CONNECT")] + start[1...], error: .unknownMethod),
        Malformed(
            name: "a method with a line break",
            fields: [(":method", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET")] + start[1...],
            error: .invalidFieldValue),
        Malformed(
            name: "a path with a space", fields: start.dropLast() + [(":path", "/x HTTP/1.1")],
            error: .invalidTarget(.invalidCharacter)),
        Malformed(name: "a name in capitals", fields: start + [("X-A", "b")], error: .invalidFieldName),
        Malformed(name: "a name with a colon", fields: start + [("x:a", "b")], error: .invalidFieldName),
        Malformed(name: "a name with a space", fields: start + [("x a", "b")], error: .invalidFieldName),
        Malformed(name: "an empty name", fields: start + [("", "b")], error: .invalidFieldName),
        Malformed(name: "CR LF in a value", fields: start + [("x", "a\r\nEvil: 1")], error: .invalidFieldValue),
        Malformed(name: "LF in a value", fields: start + [("x", "a\nb")], error: .invalidFieldValue),
        Malformed(name: "NUL in a value", fields: start + [("x", "a\u{0}b")], error: .invalidFieldValue),
        Malformed(name: "space before a value", fields: start + [("x", " a")], error: .invalidFieldValue),
        Malformed(name: "tab after a value", fields: start + [("x", "a\t")], error: .invalidFieldValue),
        Malformed(name: "connection", fields: start + [("connection", "x")], error: .connectionField),
        Malformed(name: "keep-alive", fields: start + [("keep-alive", "5")], error: .connectionField),
        Malformed(name: "upgrade", fields: start + [("upgrade", "h2c")], error: .connectionField),
        Malformed(
            name: "transfer-encoding", fields: start + [("transfer-encoding", "chunked")], error: .connectionField),
        Malformed(name: "te: gzip", fields: start + [("te", "gzip")], error: .connectionField),
        Malformed(name: "another host", fields: start + [("host", "b")], error: .hostMismatch),
        Malformed(name: "two hosts", fields: start + [("host", "a"), ("host", "a")], error: .repeatedHost),
        Malformed(
            name: "a host with a user", fields: start.filter { $0.0 != ":authority" } + [(":authority", "u@a")],
            error: .invalidHost),
        Malformed(
            name: "a length without a body", fields: start + [("content-length", "5")], error: .lengthMismatch),
        Malformed(
            name: "two lengths", fields: start + [("content-length", "5"), ("content-length", "5")],
            error: .repeatedLength, endsStream: false),
        Malformed(
            name: "a length that is none", fields: start + [("content-length", "5x")], error: .invalidLength,
            endsStream: false),
        Malformed(
            name: "more than the limit", fields: start + [("x", String(repeating: "x", count: 40_000))],
            error: .headTooLarge(limit: 32_768)),
    ]

    @Test("fields that would be another request in HTTP/1.1, or that HTTP/2 forbids, are refused", arguments: malformed)
    func refused(_ example: Malformed) {
        #expect(throws: example.error) {
            try HTTP2Head.read(
                HPACKHeaders(example.fields), endsStream: example.endsStream, options: ListenerOptions())
        }
    }

    @Test("a request has the head that HTTP/1.1 would give it")
    func taken() throws {
        let head = try HTTP2Head.read(
            HPACKHeaders(Self.start + [("accept", "*/*"), ("te", "trailers"), ("cookie", "a=b")]), endsStream: true,
            options: ListenerOptions())
        #expect(head.method == "GET" && head.target.path == "/x" && head.framing == .none && head.version == .http2)
        #expect(head.fields.first(.host) == "a" && head.fields["accept"] == "*/*")
        let posted = try HTTP2Head.read(
            HPACKHeaders([(":method", "POST")] + Self.start[1...] + [("content-length", "5")]), endsStream: false,
            options: ListenerOptions())
        #expect(posted.framing == .length(5))
        let open = try HTTP2Head.read(
            HPACKHeaders([(":method", "POST")] + Self.start[1...]), endsStream: false, options: ListenerOptions())
        #expect(open.framing == .untilClose)
    }

    @Test("a cookie header that was split is one field again, before anyone reads it")
    func cookies() throws {
        let head = try HTTP2Head.read(
            HPACKHeaders(
                Self.start + [("cookie", "a=b"), ("accept", "*/*"), ("cookie", "c=d; e=f"), ("cookie", "g=h")]),
            endsStream: true, options: ListenerOptions())
        #expect(head.fields.values("cookie") == ["a=b; c=d; e=f; g=h"])
        #expect(head.fields.values("accept") == ["*/*"] && head.fields.count == 3)
    }
}
