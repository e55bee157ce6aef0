import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Message bodies")
struct BodyDecoderTests {
    /// What a decoder made of bytes that arrived in pieces.
    struct Decoded: Equatable {
        var body = ""
        var isWhole = false
        var rest = ""
        var error: MessageError?
    }

    /// Feeds `text` in pieces of `size` bytes and, with `closing`, the end of the connection.
    static func decode(
        _ text: String, _ framing: BodyFraming, piecesOf size: Int = .max, closing: Bool = false
    ) -> Decoded {
        var decoder = BodyDecoder(framing)
        var decoded = Decoded()
        var source = ByteBuffer(string: text)
        var buffer = ByteBuffer()
        func drain() throws(MessageError) {
            while true {
                switch try decoder.next(&buffer) {
                case .data(let data): decoded.body += String(buffer: data)
                case .end:
                    decoded.isWhole = true
                    return
                case .needsMore: return
                }
            }
        }
        do throws(MessageError) {
            try drain()
            while !decoded.isWhole, let piece = source.readSlice(length: min(size, source.readableBytes)),
                piece.readableBytes > 0
            {
                buffer.writeImmutableBuffer(piece)
                try drain()
            }
            if closing, !decoded.isWhole {
                try decoder.close()
                decoded.isWhole = decoder.isDone
            }
        } catch {
            decoded.error = error
        }
        decoded.rest = String(buffer: buffer) + String(buffer: source)
        return decoded
    }

    @Test(
        "a body ends where its framing says, wherever it is cut, and what follows is left",
        arguments: [
            ("hello", BodyFraming.length(5), "hello", ""),
            ("helloGET /", .length(5), "hello", "GET /"),
            ("GET /", .none, "", "GET /"),
            ("GET /", .length(0), "", "GET /"),
            ("5\r\nhello\r\n0\r\n\r\n", .chunked, "hello", ""),
            ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", .chunked, "hello world", "GET /"),
            ("00005\r\nhello\r\n000\r\n\r\n", .chunked, "hello", ""),
            ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", .chunked, "01234567890123456789", ""),
            ("5;name=value;q=\"a b\"\r\nhello\r\n0;last\r\n\r\n", .chunked, "hello", ""),
            ("2\r\n\r\n\r\n0\r\n\r\n", .chunked, "\r\n", ""),
            ("0\r\nExpires: never\r\nX-Sum: 1\r\n\r\n!", .chunked, "", "!"),
            ("0\r\n\r\n", .chunked, "", ""),
            ("0\r\nX: \(String(repeating: "x", count: 8185))\r\n\r\n!", .chunked, "", "!"),
        ])
    func whole(text: String, framing: BodyFraming, body: String, rest: String) {
        for size in [1, 2, 3, 5, 7, .max] {
            let decoded = Self.decode(text, framing, piecesOf: size)
            #expect(decoded == Decoded(body: body, isWhole: true, rest: rest), "in pieces of \(size)")
        }
    }

    @Test(
        "a chunk that two receivers could read differently is refused, wherever it is cut",
        arguments: [
            ("\r\n", MessageError.invalidChunk),
            ("g\r\n", .invalidChunk),
            ("-5\r\nhello\r\n", .invalidChunk),
            ("+5\r\nhello\r\n", .invalidChunk),
            (" 5\r\nhello\r\n", .invalidChunk),
            ("0x5\r\nhello\r\n", .invalidChunk),
            ("5 \r\nhello\r\n", .invalidChunk),
            ("5\t;a\r\nhello\r\n", .invalidChunk),
            ("5\nhello\n0\n\n", .invalidChunk),
            ("5\rhello", .invalidChunk),
            ("5;a\nhello", .invalidChunk),
            ("5;a\u{0}\r\nhello", .invalidChunk),
            ("5;a\rb\r\nhello", .invalidChunk),
            ("fffffffffffffffff\r\n", .invalidChunk),
            ("10000000000000000\r\n", .invalidChunk),
            ("5\r\nhelloX\r\n", .invalidChunk),
            ("5\r\nhello\n0\r\n\r\n", .invalidChunk),
            ("5\r\nhello\r0\r\n\r\n", .invalidChunk),
            ("4\r\nhello\r\n0\r\n\r\n", .invalidChunk),
            ("5;\(String(repeating: "x", count: 300))\r\nhello\r\n", .chunkLineTooLong),
            ("0\r\nExpires never\r\n\r\n", .spaceBeforeColon),
            ("0\r\nExpires\r\n\r\n", .missingColon),
            ("0\r\nExpires : never\r\n\r\n", .spaceBeforeColon),
            ("0\r\n folded: a\r\n\r\n", .obsoleteFolding),
            ("0\r\nX: a\n\r\n", .bareLineFeed),
            ("0\r\nX: a\r\n\n", .bareLineFeed),
            ("0\r\nX: a\u{0}\r\n\r\n", .invalidFieldValue),
            ("0\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n", .chunkLineTooLong),
            ("0\r\nX: \(String(repeating: "x", count: 9000))\n\r\n", .chunkLineTooLong),
            ("0\r\nX: \(String(repeating: "x", count: 8187))\r\n\r\n", .chunkLineTooLong),
            ("0\r\nX: \(String(repeating: "x", count: 8188))\n\r\n", .bareLineFeed),
            ("0\r\nX: \(String(repeating: "x", count: 8189))\n\r\n", .chunkLineTooLong),
        ])
    func malformed(text: String, error: MessageError) {
        for size in [1, 2, 3, .max] {
            let decoded = Self.decode(text, .chunked, piecesOf: size)
            #expect(decoded.error == error, "in pieces of \(size)")
            #expect(!decoded.isWhole)
        }
    }

    @Test("long extensions on each of many chunks are an attack, many tiny chunks are not")
    func overhead() {
        let plain = String(repeating: "1\r\nx\r\n", count: 20_000) + "0\r\n\r\n"
        #expect(Self.decode(plain, .chunked).isWhole)
        let padded = String(repeating: "1;\(String(repeating: "y", count: 200))\r\nx\r\n", count: 100) + "0\r\n\r\n"
        #expect(Self.decode(padded, .chunked).error == .chunkLineTooLong)
    }

    @Test(
        "the end of the connection ends only a body that has no other end",
        arguments: [
            ("hello", BodyFraming.untilClose, MessageError?.none), ("", .untilClose, nil),
            ("hell", .length(5), .truncated),
            ("", .length(5), .truncated), ("5\r\nhel", .chunked, .truncated), ("5\r\nhello\r\n", .chunked, .truncated),
            ("5\r\nhello\r\n0\r\n", .chunked, .truncated), ("5\r\nhello\r\n0\r\nX: a\r\n", .chunked, .truncated),
        ])
    func close(text: String, framing: BodyFraming, error: MessageError?) {
        for size in [1, 2, .max] {
            let decoded = Self.decode(text, framing, piecesOf: size, closing: true)
            #expect(decoded.error == error && decoded.isWhole == (error == nil))
        }
    }
}
