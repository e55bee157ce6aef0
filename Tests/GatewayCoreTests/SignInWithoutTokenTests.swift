import AdapterTestKit
import Crypto
import Identity
import NIOCore
import SSHCredentials
import StrictJSON
import Testing

@testable import GatewayCore

@Suite("Signing in by SSH key and on another device")
struct SignInWithoutTokenTests {
    @Test("each lane knows a registered key at once, until the token ends")
    func registeredKey() async throws {
        let gateway = try Wanted.gateway()
        let caller = try await gateway.caller(.caller)
        let privateKey = try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey()))
        let key = try SSHPublicKey(blob: privateKey.publicBlob)
        let proven = try ProvenSSHKey(
            key, signature: ProvenSSHKey.signature(of: "a token", by: privateKey), of: "a token")
        func found(_ blob: [UInt8]) async throws -> [Caller?] {
            var callers: [Caller?] = []
            for loop in [Loops.first, Loops.second] {
                callers.append(
                    try await loop.submit {
                        try gateway.sessions.lane(on: loop).registeredKey(blob)?.callerAfterProof()
                    }.get())
            }
            return callers
        }
        #expect(try await found(key.blob) == [nil, nil])
        _ = try gateway.sessions.parts.authenticator.registeredKeys.register(proven, to: caller, at: gateway.clock.now)
        #expect(try await found(key.blob) == [caller, caller])
        #expect(try await found(Array(key.blob.dropLast())) == [nil, nil])
        gateway.clock.advance(by: caller.expiresAt.duration(since: gateway.clock.now))
        #expect(try await found(key.blob) == [nil, nil])
    }

    @Test("that nobody can sign in on another device is on the log when it is told")
    func notOffered() async throws {
        let gateway = try Wanted.gateway()
        let began = Loops.first.flatSubmit {
            do {
                return try gateway.sessions.lane(on: Loops.first).beginDeviceSignIn(client: "10.1.2.3:4")
            } catch {
                return Loops.first.makeFailedFuture(error)
            }
        }
        await #expect(throws: SignInError.device(.notOffered(nil))) { try await began.get() }
        let entry = try #require(try gateway.entries().last)
        #expect(entry.kind == "sign-in-failure" && entry.json["code"] == "device-not-offered")
        #expect(entry.json["client"] == "10.1.2.3:4")
    }
}
