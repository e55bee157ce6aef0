import ConfigFile
import NIOCore
import SSHCredentials

/// The gateway's sign-in to a host, with the target's credential.
struct HostSignIn {
    private var client: UserAuthClient
    private let target: String

    /// - Throws: `HostError` where the credential cannot be had.
    init(_ target: SSHTarget, login: String, sessionIdentifier: [UInt8]) throws(HostError) {
        self.target = target.target.name
        let credential: UserAuthClient.Credential
        do {
            switch target.credential {
            case .key(let reference):
                let text = try reference.resolve(relativeTo: target.baseDirectory).reveal()
                credential = .key(try SSHPrivateKey(file: text))
            case .password(let reference):
                credential = .password(try reference.resolve(relativeTo: target.baseDirectory).reveal())
            }
        } catch let error as PrivateKeyError {
            throw HostError(
                .gatewaysOwn, "the gateway's key for the host \(target.target.name) cannot be used: \(error)")
        } catch {
            throw HostError(.gatewaysOwn, "the gateway's credential for the host \(target.target.name) cannot be had")
        }
        client = UserAuthClient(login: login, credential: credential, sessionIdentifier: sessionIdentifier)
    }

    func start() -> ByteBuffer { client.start() }

    mutating func receive(_ message: ByteBuffer, algorithms: [String]?) throws(HostError) -> UserAuthClient.Step {
        do {
            return try client.receive(message, signatureAlgorithms: algorithms)
        } catch {
            throw HostError(.signInFailed, "the gateway cannot sign in to the host \(target): \(error)")
        }
    }
}
