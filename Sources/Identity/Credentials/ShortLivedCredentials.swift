import Crypto
import Foundation
import Identifiers
import Synchronization

/// Passwords that the gateway makes for callers who have signed in with a token, for programs that prove a password and
/// send none (SCRAM). Each is as good as the token, and lasts as long as it; a restart of the gateway ends them all.
public final class ShortLivedCredentials: Sendable {
    /// A password and the user name that it is for, shown once.
    public struct Issued: Sendable {
        public let name: String
        public let secret: String
        public let expiresAt: Timestamp
    }

    private struct Entry {
        let verifier: SCRAMVerifier
        let caller: Caller
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// Of one caller; the oldest gives way.
    private static let mostOfOneCaller = 32

    /// - Throws: What BoringSSL says where it cannot derive a key.
    public func issue(to caller: Caller, at now: Timestamp) throws -> Issued {
        let secret = Self.random(bytes: 24)
        let verifier = try SCRAMVerifier(secret: secret)
        let name = "\(caller.label ?? caller.subject)+\(Self.random(bytes: 6))"
        entries.withLock { entries in
            entries = entries.filter { now < $0.value.caller.expiresAt }
            let own = entries.filter {
                $0.value.caller.issuer == caller.issuer && $0.value.caller.subject == caller.subject
            }
            if own.count >= Self.mostOfOneCaller {
                let oldest = own.min { $0.value.caller.expiresAt < $1.value.caller.expiresAt }
                if let oldest { entries[oldest.key] = nil }
            }
            entries[name] = Entry(verifier: verifier, caller: caller)
        }
        return Issued(name: name, secret: secret, expiresAt: caller.expiresAt)
    }

    /// What whoever uses this name has to prove; `nil` for a name that is none, or not any more.
    public func challenge(for name: String, at now: Timestamp) -> SCRAMChallenge? {
        entries.withLock { entries in
            guard let entry = entries[name], now < entry.caller.expiresAt else { return nil }
            return SCRAMChallenge(verifier: entry.verifier, caller: entry.caller)
        }
    }

    /// Letters and digits alone, which no program's configuration has to quote.
    private static func random(bytes: Int) -> String {
        let key = SymmetricKey(size: SymmetricKeySize(bitCount: bytes * 8))
        return key.withUnsafeBytes { bytes in bytes.map { String($0, radix: 36) }.joined() }
    }
}

/// A password that somebody has to prove to hold (RFC 5802). Only the proof gives the caller.
public struct SCRAMChallenge: Sendable {
    private let verifier: SCRAMVerifier
    private let caller: Caller

    init(verifier: SCRAMVerifier, caller: Caller) {
        self.verifier = verifier
        self.caller = caller
    }

    public var salt: [UInt8] { verifier.salt }
    public var iterations: Int { SCRAMVerifier.iterations }

    /// - Parameters:
    ///   - proof: The client's, 32 bytes.
    ///   - message: `AuthMessage`.
    /// - Returns: Who it is, and the server's own proof; `nil` when the client's is wrong.
    public func verify(_ proof: [UInt8], over message: [UInt8]) -> (caller: Caller, serverSignature: [UInt8])? {
        verifier.serverSignature(for: proof, over: message).map { (caller, $0) }
    }
}
