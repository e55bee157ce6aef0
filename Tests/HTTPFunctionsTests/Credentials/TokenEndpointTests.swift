import NIOCore
import NIOPosix
import StrictJSON
import Testing

@testable import HTTPFunctions

@Suite("Issued tokens")
struct TokenEndpointTests {
    /// A server on loopback that writes `answer` when a request comes, and leaves the connection open.
    private static func withServer(
        answering answer: String, _ body: (_ url: String) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedAnswer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do { try await body("http://127.0.0.1:\(server.localAddress?.port ?? 0)/token") } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    private final class FixedAnswer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: String
        init(_ answer: String) { self.answer = answer }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }

    @Test(
        "an endpoint that does not end its answer in time has failed, wherever it stops", .timeLimit(.minutes(1)),
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        ])
    func late(answer: String) async throws {
        try await Self.withServer(answering: answer) { url in
            let error = await #expect(throws: CredentialError.self) {
                try await TokenEndpoint.post(url, [("a", "b")], within: .milliseconds(200))
            }
            #expect(error?.reason.contains(url) == true)
        }
    }

    @Test(
        "a lifetime is read as a number of seconds that cannot overflow",
        arguments: [
            ("3600", 3600), ("0", 0), ("-1", 0), ("-9223372036854775808", 0), ("9223372036854775807", 86_400),
            ("99999999999999999999", 300), ("3.6e3", 300), ("0.5", 300), ("\"x\"", 300), ("null", 300),
        ] as [(String, Int64)])
    func lifetime(said: String, seconds: Int64) async throws {
        let body = "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":\(said)}"
        try await Self.withServer(
            answering: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        ) { url in
            let client = ClientCredentialsRequest(
                tokenURL: url, clientID: "a", secret: try CredentialSecret(.environment("PATH"), baseDirectory: "/"),
                scope: nil, audience: nil,
                sendsSecretInForm: true)
            let token = try await client.fetch()
            #expect(token.lifetime == .seconds(seconds))
            let credential = TokenCredential(field: "Authorization") { token }
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let request = OutgoingRequest(
                method: "GET", scheme: "http", authority: "a", target: "/", fields: [], body: ByteBuffer())
            guard case .pending(let prepared) = credential.prepare(request, on: loop) else {
                Issue.record("a token that was never fetched is at hand")
                return
            }
            #expect(try await prepared.get().request.fields.map(\.value) == ["Bearer t"])
        }
    }

    @Test(
        "an ID token lives until its exp, whatever number that is",
        arguments: [
            ("1600", 600), ("1000", 0), ("-1", 0), ("-9223372036854775808", 0),
            ("9223372036854775807", 9_223_372_036_854_774_807), ("99999999999999999999", 60), ("1600.5", 60),
        ] as [(String, Int64)])
    func expiry(said: String, seconds: Int64) {
        let claims = BasicCredential.encode(user: "{\"exp\"", password: "\(said)}")
        #expect(GoogleIDTokenRequest.lifetime(of: "h.\(claims).s", now: 1000) == seconds)
    }
}
