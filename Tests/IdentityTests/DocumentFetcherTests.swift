import AsyncHTTPClient
import NIOCore
import NIOPosix
import Testing

@testable import Identity

@Suite("Documents of issuers")
struct DocumentFetcherTests {
    /// Writes `answer` when a request comes, and leaves the connection open.
    private final class FixedAnswer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: String
        init(_ answer: String) { self.answer = answer }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }

    private static func fetch(_ answer: String, within limit: Duration) async throws -> FetchedDocument {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedAnswer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let fetched: Result<FetchedDocument, any Error>
        do {
            fetched = .success(
                try await HTTPDocumentFetcher(client: .shared, within: limit)
                    .fetch("http://127.0.0.1:\(server.localAddress?.port ?? 0)/keys"))
        } catch {
            fetched = .failure(error)
        }
        try await server.close()
        return try fetched.get()
    }

    @Test(
        "an issuer that does not end its answer in time is unreachable, wherever it stops", .timeLimit(.minutes(1)),
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        ])
    func late(answer: String) async throws {
        let error = await #expect(throws: DocumentError.self) {
            try await Self.fetch(answer, within: .milliseconds(200))
        }
        guard case .unreachable? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a document comes whole, with the age that its issuer gives it; any other status and too much are refused")
    func document() async throws {
        let fetched = try await Self.fetch(
            "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nContent-Length: 2\r\n\r\n{}", within: .seconds(10))
        #expect(fetched.bytes == Array("{}".utf8) && fetched.maximumAge == .seconds(60))
        await #expect(throws: DocumentError.self) {
            try await Self.fetch("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", within: .seconds(10))
        }
        let large = String(repeating: "x", count: HTTPDocumentFetcher.largestDocument + 1)
        let error = await #expect(throws: DocumentError.self) {
            try await Self.fetch(
                "HTTP/1.1 200 OK\r\nContent-Length: \(large.utf8.count)\r\n\r\n\(large)", within: .seconds(10))
        }
        guard case .tooLarge? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
