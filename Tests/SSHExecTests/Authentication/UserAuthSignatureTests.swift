import Crypto
import KeygenWorkshop
import NIOCore
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("Signing in with a key (RFC 4252, section 7)")
struct UserAuthSignatureTests {
    /// What a client does with a key, told apart by what it signs.
    private static func request(
        _ key: SSHPrivateKey, algorithm: String, blob: [UInt8]? = nil, signs: [UInt8]? = nil,
        signatureAlgorithm: String? = nil
    ) throws -> ByteBuffer {
        let blob = blob ?? key.publicBlob
        let bytes = signs ?? ClientMessage.signedBytes(algorithm: algorithm, blob: blob)
        let signature = try key.sign(bytes, algorithm: signatureAlgorithm ?? algorithm)
        return ClientMessage.signed(blob, algorithm: algorithm, signature: signature)
    }

    @Test("every type of key proves itself with each of its algorithms", arguments: KeygenWorkshop.keyTypes)
    func types(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        for algorithm in key.algorithms {
            var server = try UserAuthServer.started()
            let offered = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: algorithm))?.offered
            #expect(offered == key.publicBlob)
            let acceptable = try server.offer(isAcceptable: true)
            let expected = ClientMessage.message(60) { writer in
                writer.text(algorithm)
                writer.string(key.publicBlob)
            }
            #expect(acceptable.map(\.sent) == [expected])
            let attempt = try server.attempt(for: Self.request(key, algorithm: algorithm))
            guard case .key(let proven) = attempt.proof else {
                Issue.record("\(attempt)")
                return
            }
            #expect(proven.blob == key.publicBlob && attempt.user == ClientMessage.user)
            #expect(server.succeed(attempt) != nil)
        }
    }

    @Test("every type of certificate is proven by its own key", arguments: KeygenWorkshop.keyTypes)
    func certificates(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("ca")
        try workshop.makeKey("key", type: type)
        try workshop.makeKey("other", type: type)
        let blob = try workshop.certify("key", by: "ca", ["-n", "anna"])
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        let other = try SSHPrivateKey(file: try workshop.read("other"))
        for signing in key.algorithms {
            let algorithm = signing + "-cert-v01@openssh.com"
            var server = try UserAuthServer.started()
            let wrong = try Self.request(other, algorithm: algorithm, blob: blob, signatureAlgorithm: signing)
            #expect(try server.receive(wrong)?.sent == UserAuthServer.failure)
            // The plain name does not go with a certificate.
            let plain = try Self.request(key, algorithm: signing, blob: blob)
            #expect(try server.receive(plain)?.sent == UserAuthServer.failure)
            let right = try Self.request(key, algorithm: algorithm, blob: blob, signatureAlgorithm: signing)
            guard case .certificate(let certificate) = try server.attempt(for: right).proof else {
                Issue.record("no certificate: \(algorithm)")
                return
            }
            #expect(certificate.principals == ["anna"])
        }
    }

    @Test("a signature over anything else gets a failure, and nobody in")
    func otherBytes() throws {
        let key = try SSHPrivateKey.newEd25519()
        let (type, blob) = (key.type, key.publicBlob)
        let others = [
            ClientMessage.signedBytes(session: Array("another".utf8), algorithm: type, blob: blob),
            ClientMessage.signedBytes(session: [], algorithm: type, blob: blob),
            ClientMessage.signedBytes(user: "web-2", algorithm: type, blob: blob),
            ClientMessage.signedBytes(service: "ssh-userauth", algorithm: type, blob: blob),
            ClientMessage.signedBytes(method: "hostbased", algorithm: type, blob: blob),
            ClientMessage.signedBytes(flag: 0, algorithm: type, blob: blob),
            ClientMessage.signedBytes(algorithm: "ssh-rsa", blob: blob),
            ClientMessage.signedBytes(algorithm: type, blob: try SSHPrivateKey.newEd25519().publicBlob),
            ClientMessage.signedBytes(algorithm: type, blob: blob).dropLast() + [],
            [],
        ]
        for bytes in others {
            var server = try UserAuthServer.started()
            let message = try Self.request(key, algorithm: type, signs: bytes)
            #expect(try server.receive(message)?.sent == UserAuthServer.failure)
            #expect(!server.isAuthenticated)
            #expect(try server.receive(Self.request(key, algorithm: type))?.attempt != nil)
        }
    }

    @Test("a signature that is damaged anywhere, or no signature at all, gets a failure")
    func damagedSignatures() throws {
        let key = try SSHPrivateKey.newEd25519()
        let bytes = ClientMessage.signedBytes(algorithm: key.type, blob: key.publicBlob)
        let signature = try key.sign(bytes, algorithm: key.type)
        var damaged = signature.indices.map { index in
            var changed = signature
            changed[index] ^= 1
            return changed
        }
        damaged += (0..<signature.count).map { Array(signature.prefix($0)) }
        damaged.append(signature + [0])
        for blob in damaged {
            var server = try UserAuthServer.started()
            let message = ClientMessage.signed(key.publicBlob, algorithm: key.type, signature: blob)
            #expect(try server.receive(message)?.sent == UserAuthServer.failure)
        }
    }

    @Test("RSA keys sign with SHA-2 only, and with what the request says")
    func rsa() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: "rsa 2048")
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        // Both as SHA-1 would be announced, and with another algorithm than the signature's.
        for (named, signing) in [
            ("ssh-rsa", "rsa-sha2-512"), ("ssh-rsa", "rsa-sha2-256"), ("rsa-sha2-256", "rsa-sha2-512"),
            ("rsa-sha2-512", "rsa-sha2-256"),
        ] {
            var server = try UserAuthServer.started()
            let message = try Self.request(key, algorithm: named, signatureAlgorithm: signing)
            #expect(try server.receive(message)?.sent == UserAuthServer.failure, "\(named) \(signing)")
        }
        var server = try UserAuthServer.started()
        let offer = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: "ssh-rsa"))
        #expect(offer?.sent == UserAuthServer.failure)
    }

    @Test("keys that nobody can read, and algorithms that are not the key's, are answered like unknown keys")
    func unreadable() throws {
        let key = try SSHPrivateKey.newEd25519()
        for (blob, algorithm) in [
            (key.publicBlob, "ecdsa-sha2-nistp256"), (key.publicBlob, "ssh-ed25519-cert-v01@openssh.com"),
            (key.publicBlob + [0], key.type), ([], key.type), (Array("nonsense".utf8), "ssh-dss"),
        ] {
            var server = try UserAuthServer.started()
            #expect(
                try server.receive(ClientMessage.offer(blob, algorithm: algorithm))?.sent == UserAuthServer.failure)
        }
        var server = try UserAuthServer.started()
        _ = try server.receive(ClientMessage.offer(key.publicBlob, algorithm: key.type))
        #expect(try server.offer(isAcceptable: false).map(\.sent) == [UserAuthServer.failure])
    }

    @Test("an offer that was accepted lets nobody in")
    func offerOnly() throws {
        var server = try ServerState.judgingOffer.server()
        #expect(try server.offer(isAcceptable: true).count == 1)
        #expect(!server.isAuthenticated)
        #expect(throws: TransportError.self) { try server.receive(ByteBuffer(bytes: [52])) }
    }
}
