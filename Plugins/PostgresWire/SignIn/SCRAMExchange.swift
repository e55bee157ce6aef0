import Foundation
import Identity
import NIOCore

/// The client's first message of SCRAM-SHA-256 (RFC 5802, section 7), read as PostgreSQL reads it.
struct SCRAMClientFirst: Hashable, Sendable {
    /// `n,,` or `y,,`: channel binding is not offered.
    let header: [UInt8]
    let bare: [UInt8]
    let nonce: [UInt8]

    init(_ message: ByteBuffer) throws(ProtocolViolation) {
        let bytes = Array(message.readableBytesView)
        let parts = bytes.split(separator: UInt8(ascii: ","), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !bytes.contains(0) else { throw .malformedSCRAM("comma expected") }
        guard parts[0].elementsEqual("n".utf8) || parts[0].elementsEqual("y".utf8) else {
            throw .malformedSCRAM("channel binding that was not offered")
        }
        guard parts[1].isEmpty else { throw .malformedSCRAM("an authorization identity is not supported") }
        // The user's name is that of the startup packet; drivers write "", "*" or the name here.
        let attributes = parts[2].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard attributes.count >= 2, attributes[0].starts(with: "n=".utf8), attributes[1].starts(with: "r=".utf8) else {
            throw .malformedSCRAM("expected a name and a nonce")
        }
        let nonce = attributes[1].dropFirst(2)
        guard !nonce.isEmpty, nonce.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .malformedSCRAM("non-printable characters in the nonce")
        }
        header = Array(bytes[..<parts[2].startIndex])
        bare = Array(parts[2])
        self.nonce = Array(nonce)
    }
}

/// The server's side of one exchange, after the client's first message.
struct SCRAMExchange: Sendable {
    /// What the server says first.
    let serverFirst: ByteBuffer
    private let first: SCRAMClientFirst
    private let challenge: SCRAMChallenge
    private let nonce: [UInt8]

    /// - Parameter nonce: The server's part: printable, without commas, never used before.
    init(_ first: SCRAMClientFirst, _ challenge: SCRAMChallenge, nonce: String = SCRAMExchange.randomNonce()) {
        self.first = first
        self.challenge = challenge
        self.nonce = first.nonce + Array(nonce.utf8)
        let salt = Data(challenge.salt).base64EncodedString()
        serverFirst = ByteBuffer(
            bytes: Array("r=".utf8) + self.nonce + Array(",s=\(salt),i=\(challenge.iterations)".utf8))
    }

    /// - Returns: Who it is and the server's final message; `nil` when the proof is wrong.
    func finish(_ message: ByteBuffer) throws(ProtocolViolation) -> (caller: Caller, serverFinal: ByteBuffer)? {
        let bytes = Array(message.readableBytesView)
        let attributes = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard !bytes.contains(0), attributes.count >= 3, attributes[0].starts(with: "c=".utf8),
            attributes[1].starts(with: "r=".utf8), let last = attributes.last, last.starts(with: "p=".utf8)
        else { throw .malformedSCRAM("expected channel binding, nonce and proof") }
        guard attributes[0].dropFirst(2).elementsEqual(Data(first.header).base64EncodedString().utf8) else {
            throw .malformedSCRAM("unexpected channel-binding attribute in client-final-message")
        }
        guard attributes[1].dropFirst(2).elementsEqual(nonce) else {
            throw ProtocolViolation("invalid SCRAM response: nonce does not match")
        }
        guard let proof = Data(base64Encoded: Data(last.dropFirst(2))) else {
            throw .malformedSCRAM("malformed proof in client-final-message")
        }
        let comma = [UInt8(ascii: ",")]
        let signed = first.bare + comma + Array(serverFirst.readableBytesView) + comma + bytes[..<(last.startIndex - 1)]
        return challenge.verify(Array(proof), over: signed).map { caller, signature in
            (caller, ByteBuffer(string: "v=\(Data(signature).base64EncodedString())"))
        }
    }

    /// 18 random bytes, as PostgreSQL takes them.
    static func randomNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<18).map { _ in UInt8.random(in: 0...255, using: &generator) }).base64EncodedString()
    }
}

extension ProtocolViolation {
    fileprivate static func malformedSCRAM(_ what: String) -> ProtocolViolation {
        ProtocolViolation("malformed SCRAM message: \(what)")
    }
}
