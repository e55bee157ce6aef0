import NIOCore
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("Bad messages while signing in")
struct UserAuthMalformedTests {
    @Test("every message out of turn ends the connection and lets nobody in", arguments: ServerState.allCases)
    func outOfTurn(state: ServerState) throws {
        let bodies: [[UInt8]] = [
            [], [0], Array(buffer: ClientMessage.password("p")).suffix(from: 1) + [],
            Array(buffer: ClientMessage.answers(["a"])).suffix(from: 1) + [],
        ]
        for number in UInt8.min...UInt8.max where !state.allowed.contains(number) {
            for body in bodies {
                var server = try state.server()
                #expect {
                    try server.receive(ByteBuffer(bytes: [number] + body))
                } throws: { error in
                    (error as? TransportError)?.reason == .protocolError
                }
                #expect(server.isAuthenticated == (state == .authenticated), "\(number)")
            }
        }
        var server = try state.server()
        #expect(throws: TransportError.self) { try server.receive(ByteBuffer()) }
    }

    private static func samples() throws -> [(ServerState, ByteBuffer)] {
        let key = try SSHPrivateKey.newEd25519()
        let bytes = ClientMessage.signedBytes(algorithm: key.type, blob: key.publicBlob)
        let signature = try key.sign(bytes, algorithm: key.type)
        return [
            (.awaitingService, ClientMessage.service()),
            (.idle, ClientMessage.request("none")),
            (.idle, ClientMessage.password("p")),
            (
                .idle,
                ClientMessage.request("password") { writer in
                    writer.byte(1)
                    writer.text("old")
                    writer.text("new")
                }
            ),
            (.idle, ClientMessage.keyboardInteractive()),
            (.idle, ClientMessage.offer(key.publicBlob, algorithm: key.type)),
            (.idle, ClientMessage.signed(key.publicBlob, algorithm: key.type, signature: signature)),
            (.awaitingAnswers, ClientMessage.answers(["a"])),
        ]
    }

    @Test("a message that is cut or has a tail ends the connection, wherever it is cut")
    func cut() throws {
        for (state, message) in try Self.samples() {
            var whole = try state.server()
            #expect(throws: Never.self) { try whole.receive(message) }
            let bytes = Array(buffer: message)
            for count in 0..<bytes.count {
                var server = try state.server()
                #expect(throws: TransportError.self, "\(bytes) \(count)") {
                    try server.receive(ByteBuffer(bytes: bytes.prefix(count)))
                }
            }
            var server = try state.server()
            #expect(throws: TransportError.self, "\(bytes)") { try server.receive(ByteBuffer(bytes: bytes + [0])) }
        }
    }

    @Test("a message with any byte changed never lets anybody in, and never ends the gateway")
    func changed() throws {
        for (state, message) in try Self.samples() {
            let bytes = Array(buffer: message)
            for index in bytes.indices {
                for change: UInt8 in [0x01, 0x80, 0xff] {
                    var changed = bytes
                    changed[index] ^= change
                    var server = try state.server()
                    _ = try? server.receive(ByteBuffer(bytes: changed))
                    #expect(!server.isAuthenticated)
                }
            }
        }
    }

    @Test("names that are no text, or that end early for others, are refused")
    func names() throws {
        let names: [[UInt8]] = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x77, 0], Array("web-1\0admin".utf8)]
        for name in names {
            var server = try UserAuthServer.started()
            let message = ClientMessage.message(50) { writer in
                writer.string(name)
                writer.text("ssh-connection")
                writer.text("none")
            }
            #expect(throws: TransportError.self, "\(name)") { try server.receive(message) }
        }
    }

    @Test("more answers than anybody may be asked for are not read", arguments: [33, 0x7fff_ffff, UInt32.max])
    func manyAnswers(count: UInt32) throws {
        var server = try ServerState.awaitingAnswers.server()
        #expect(throws: TransportError.self) { try server.receive(ClientMessage.message(61) { $0.uint32(count) }) }
    }
}
