import Crypto
import NIOCore
import SSHCredentials
import Testing

@testable import SSHExec

/// Messages as clients write them, byte for byte (RFC 4252 and RFC 4256).
enum ClientMessage {
    static let session = Array("session identifier of this connection".utf8)
    static let user = "web-1"

    static func message(_ number: UInt8, _ fields: (inout SSHWireWriter) -> Void = { _ in }) -> ByteBuffer {
        var writer = SSHWireWriter()
        writer.byte(number)
        fields(&writer)
        return ByteBuffer(bytes: writer.bytes)
    }

    static func service(_ name: String = "ssh-userauth") -> ByteBuffer { message(5) { $0.text(name) } }

    static func request(
        _ method: String, user: String = user, service: String = "ssh-connection",
        _ fields: (inout SSHWireWriter) -> Void = { _ in }
    ) -> ByteBuffer {
        message(50) { writer in
            writer.text(user)
            writer.text(service)
            writer.text(method)
            fields(&writer)
        }
    }

    static func password(_ password: String, user: String = user) -> ByteBuffer {
        request("password", user: user) { writer in
            writer.byte(0)
            writer.text(password)
        }
    }

    static func keyboardInteractive(user: String = user) -> ByteBuffer {
        request("keyboard-interactive", user: user) { writer in
            writer.text("")
            writer.text("")
        }
    }

    static func answers(_ answers: [String]) -> ByteBuffer {
        message(61) { writer in
            writer.uint32(UInt32(answers.count))
            for answer in answers { writer.text(answer) }
        }
    }

    static func offer(_ blob: [UInt8], algorithm: String) -> ByteBuffer {
        request("publickey") { writer in
            writer.byte(0)
            writer.text(algorithm)
            writer.string(blob)
        }
    }

    static func signed(_ blob: [UInt8], algorithm: String, signature: [UInt8]) -> ByteBuffer {
        request("publickey") { writer in
            writer.byte(1)
            writer.text(algorithm)
            writer.string(blob)
            writer.string(signature)
        }
    }

    /// RFC 4252, section 7, written down a second time: what must be signed.
    static func signedBytes(
        session: [UInt8] = session, user: String = user, service: String = "ssh-connection",
        method: String = "publickey", flag: UInt8 = 1, algorithm: String, blob: [UInt8]
    ) -> [UInt8] {
        var writer = SSHWireWriter()
        writer.string(session)
        writer.byte(50)
        writer.text(user)
        writer.text(service)
        writer.text(method)
        writer.byte(flag)
        writer.text(algorithm)
        writer.string(blob)
        return writer.bytes
    }
}

extension UserAuthServer {
    static let failure = ByteBuffer(
        bytes: [51, 0, 0, 0, 39] + Array("publickey,keyboard-interactive,password".utf8) + [0])

    /// One that has been asked for the service already.
    static func started(maximumFailures: Int = 6) throws -> UserAuthServer {
        var server = UserAuthServer(sessionIdentifier: ClientMessage.session, maximumFailures: maximumFailures)
        _ = try server.receive(ClientMessage.service())
        return server
    }

    /// Says that the attempt in this action is to be judged, and hands it over.
    mutating func attempt(for message: ByteBuffer) throws -> Attempt {
        try #require(try receive(message)?.attempt)
    }
}

extension UserAuthServer.Action {
    var sent: ByteBuffer? {
        if case .send(let message) = self { message } else { nil }
    }

    var attempt: UserAuthServer.Attempt? {
        if case .judge(let attempt) = self { attempt } else { nil }
    }

    var offered: [UInt8]? {
        if case .judgeOffer(let blob) = self { blob } else { nil }
    }

    var beginsInteractive: Bool {
        if case .beginInteractive = self { true } else { false }
    }
}

/// Every state that a server can be in.
enum ServerState: CaseIterable {
    case awaitingService
    case idle
    case judging
    case judgingOffer
    case startingInteractive
    case awaitingAnswers
    case authenticated

    func server() throws -> UserAuthServer {
        var server = UserAuthServer(sessionIdentifier: ClientMessage.session, maximumFailures: 6)
        if self == .awaitingService { return server }
        server = try UserAuthServer.started()
        switch self {
        case .awaitingService, .idle: break
        case .judging: _ = try server.receive(ClientMessage.password("p"))
        case .judgingOffer:
            let key = try SSHPrivateKey.newEd25519()
            let action = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type))
            #expect(action?.offered == key.publicBlob)
        case .startingInteractive: _ = try server.receive(ClientMessage.keyboardInteractive())
        case .awaitingAnswers:
            _ = try server.receive(ClientMessage.keyboardInteractive())
            _ = try server.ask(name: "n", instruction: "i", prompts: ["p"])
        case .authenticated:
            let attempt = try server.attempt(for: ClientMessage.password("p"))
            #expect(server.succeed(attempt) == ByteBuffer(bytes: [52]))
        }
        return server
    }

    /// The messages that a client may send then.
    var allowed: Set<UInt8> {
        switch self {
        case .awaitingService: [5]
        case .idle: [5, 50]
        case .judging, .judgingOffer, .startingInteractive, .authenticated: [50]
        case .awaitingAnswers: [5, 50, 61]
        }
    }
}

extension SSHPrivateKey {
    static func newEd25519() throws -> SSHPrivateKey { try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey())) }
}
