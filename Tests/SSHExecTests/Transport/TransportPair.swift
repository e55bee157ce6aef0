import Crypto
import Foundation
import NIOCore

@testable import SSHExec

/// A client and a server in memory, with what each has said to the other.
struct TransportPair {
    var client: SSHTransport
    var server: SSHTransport
    var clientEvents: [SSHTransport.Event] = []
    var serverEvents: [SSHTransport.Event] = []
    private let key: Curve25519.Signing.PrivateKey

    init(
        client: TransportAlgorithms? = nil, server: TransportAlgorithms? = nil, signsWith wrong: Bool = false
    ) {
        let key = Curve25519.Signing.PrivateKey()
        self.key = key
        let signer = wrong ? Curve25519.Signing.PrivateKey() : key
        let hostKey = ServerHostKey(algorithm: "ssh-ed25519", blob: Self.blob(key.publicKey)) { bytes in
            Self.strings("ssh-ed25519", Array(try signer.signature(for: bytes)))
        }
        self.client = SSHTransport(
            .client { blob, algorithm, signature, bytes in
                algorithm == "ssh-ed25519" && Self.isValid(blob, signature, bytes)
            }, client ?? .client, softwareVersion: "TestClient_1")
        self.server = SSHTransport(
            .server([hostKey]), server ?? TransportAlgorithms(hostKeys: ["ssh-ed25519"]), softwareVersion: "Test_1")
    }

    /// What one side has said and nobody has delivered.
    mutating func taken(from side: WritableKeyPath<TransportPair, SSHTransport>) -> ByteBuffer {
        self[keyPath: side].takeOutbound() ?? ByteBuffer()
    }

    /// Passes bytes to and fro until neither side has more to say.
    ///
    /// - Parameter chunk: How many bytes arrive at a time.
    mutating func run(chunk: Int = .max) throws {
        while true {
            let toServer = client.takeOutbound()
            let toClient = server.takeOutbound()
            if toServer == nil, toClient == nil { return }
            try deliver(toServer, toServer: true, chunk)
            try deliver(toClient, toServer: false, chunk)
        }
    }

    private mutating func deliver(_ bytes: ByteBuffer?, toServer: Bool, _ chunk: Int) throws {
        guard var bytes else { return }
        while let piece = bytes.readSlice(length: min(chunk, bytes.readableBytes)), piece.readableBytes > 0 {
            if toServer { server.append(piece) } else { client.append(piece) }
            while let event = try toServer ? server.next() : client.next() {
                if toServer { serverEvents.append(event) } else { clientEvents.append(event) }
            }
        }
    }

    static func messages(_ events: [SSHTransport.Event]) -> [[UInt8]] {
        events.compactMap { if case .message(let message) = $0 { Array(buffer: message) } else { nil } }
    }

    private static func blob(_ key: Curve25519.Signing.PublicKey) -> [UInt8] {
        strings("ssh-ed25519", Array(key.rawRepresentation))
    }

    private static func strings(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeSSHText(name)
        buffer.writeSSHString(bytes)
        return Array(buffer: buffer)
    }

    private static func isValid(_ blob: [UInt8], _ signature: [UInt8], _ bytes: [UInt8]) -> Bool {
        var (blob, signature) = (ByteBuffer(bytes: blob), ByteBuffer(bytes: signature))
        guard blob.readSSHText() == "ssh-ed25519", let raw = blob.readSSHString(),
            signature.readSSHText() == "ssh-ed25519", let signed = signature.readSSHString(),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: Array(buffer: raw))
        else { return false }
        return key.isValidSignature(Array(buffer: signed), for: bytes)
    }
}
