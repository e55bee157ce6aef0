import NIOCore
import SSHCredentials

/// The client's side of signing in (RFC 4252), with one credential.
///
/// Pure: messages go in with `receive`, and what is to be sent comes out.
struct UserAuthClient {
    enum Credential: Sendable {
        case key(SSHPrivateKey)
        case password(String)
    }

    struct Step {
        var messages: [ByteBuffer] = []
        var isSignedIn = false
    }

    /// Why a host lets nobody in.
    struct Failure: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    private enum State {
        case askingForService
        case proving(method: String)
        case over
    }

    /// A host that asks for more than that wants no password.
    private static let mostRounds = 32
    private static let mostPrompts = 32

    private let login: String
    private let credential: Credential
    private let sessionIdentifier: [UInt8]
    private var state = State.askingForService
    /// Methods for a password; signature algorithms for a key.
    private var triesLeft: [String]
    private var rounds = 0

    init(login: String, credential: Credential, sessionIdentifier: [UInt8]) {
        self.login = login
        self.credential = credential
        self.sessionIdentifier = sessionIdentifier
        triesLeft = []
    }

    func start() -> ByteBuffer {
        var message = ByteBuffer(integer: MessageNumber.serviceRequest)
        message.writeSSHText("ssh-userauth")
        return message
    }

    /// - Parameter signatureAlgorithms: What the host says it verifies (RFC 8308, section 3.1); `nil` where it says
    ///   nothing.
    mutating func receive(_ message: ByteBuffer, signatureAlgorithms: [String]?) throws(Failure) -> Step {
        switch (state, message.getInteger(at: message.readerIndex, as: UInt8.self)) {
        case (.askingForService, MessageNumber.serviceAccept):
            triesLeft = try tries(signatureAlgorithms)
            return Step(messages: [try nextRequest()])
        // Before success a host may show a text to people; there is nobody here.
        case (.proving, MessageNumber.userAuthBanner): return Step()
        case (.proving, MessageNumber.userAuthSuccess):
            state = .over
            return Step(isSignedIn: true)
        case (.proving, MessageNumber.userAuthFailure):
            return Step(messages: [try nextRequest(after: try Self.refusal(message))])
        case (.proving("keyboard-interactive"), MessageNumber.userAuthMethodSpecific):
            return Step(messages: [try answer(message)])
        // RFC 4252, section 8: the number asks for a change there.
        case (.proving("password"), MessageNumber.userAuthMethodSpecific):
            throw Failure(
                description:
                    "the password of \(login) has expired; change it on the host and in the target's `password`"
            )
        default: throw Self.violation
        }
    }

    private static let violation = Failure(description: "the host broke the protocol while it let the gateway in")

    /// Only RSA keys have a choice to make. Older hosts list no other algorithms, though they verify them.
    private func tries(_ signatureAlgorithms: [String]?) throws(Failure) -> [String] {
        guard case .key(let key) = credential else { return ["password", "keyboard-interactive"] }
        guard key.isRSA, let signatureAlgorithms else { return key.algorithms }
        let common = key.algorithms.filter(signatureAlgorithms.contains)
        guard !common.isEmpty else {
            throw Failure(
                description: "the host verifies none of the signatures that an RSA key makes here "
                    + "(\(key.algorithms.joined(separator: ", "))); give the target an Ed25519 key")
        }
        return common
    }

    /// What a host that does not let in says (RFC 4252, section 5.1).
    private struct Refusal {
        let methods: [String]
        /// What was shown is right, and more is wanted.
        let isPartialSuccess: Bool
    }

    private static func refusal(_ message: ByteBuffer) throws(Failure) -> Refusal {
        do {
            var reader = SSHWireReader(Array(buffer: message))
            _ = try reader.byte()
            return Refusal(methods: try reader.nameList(limit: 1024), isPartialSuccess: try reader.byte() != 0)
        } catch {
            throw violation
        }
    }

    private mutating func nextRequest(after refusal: Refusal? = nil) throws(Failure) -> ByteBuffer {
        while !triesLeft.isEmpty {
            let next = triesLeft.removeFirst()
            switch credential {
            case .key(let key):
                // Another signature by the key is no second proof.
                if let refusal, refusal.isPartialSuccess || !refusal.methods.contains("publickey") { continue }
                state = .proving(method: "publickey")
                return try signed(key, next)
            case .password(let password):
                if let refusal, !refusal.methods.contains(next) { continue }
                state = .proving(method: next)
                return request(next) { message in
                    if next == "password" {
                        message.writeSSHBool(false)
                        message.writeSSHText(password)
                    } else {
                        message.writeSSHText("")
                        message.writeSSHText("")
                    }
                }
            }
        }
        throw Failure(description: explanation(refusal))
    }

    /// Why there is nothing left to try, and what would help.
    private func explanation(_ refusal: Refusal?) -> String {
        let offered = refusal?.methods ?? []
        let list = offered.isEmpty ? "nothing else" : offered.joined(separator: ", ")
        if refusal?.isPartialSuccess == true {
            return
                "the host takes the gateway's credential for \(login) and wants a second proof (\(list)), "
                + "which the gateway cannot give"
        }
        switch credential {
        case .key(let key) where offered.contains("publickey"):
            let fingerprint = SSHVerificationKey.fingerprint(of: key.publicBlob)
            return "the host does not take the gateway's key for \(login); add its public key (\(fingerprint)) to the "
                + "login's authorized_keys"
        case .password where offered.contains("password") || offered.contains("keyboard-interactive"):
            return "the host does not take the gateway's password for \(login)"
        case .key:
            return
                "the host takes no keys for \(login), but \(list); give the target a `password` if that is among them"
        case .password:
            return
                "the host takes no passwords for \(login), but \(list); give the target a `key` if publickey is among "
                + "them"
        }
    }

    private func request(_ method: String, _ fields: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var message = ByteBuffer(integer: MessageNumber.userAuthRequest)
        message.writeSSHText(login)
        message.writeSSHText("ssh-connection")
        message.writeSSHText(method)
        fields(&message)
        return message
    }

    private func signed(_ key: SSHPrivateKey, _ algorithm: String) throws(Failure) -> ByteBuffer {
        let bytes = UserAuthRequest.signedBytes(
            sessionIdentifier: sessionIdentifier, user: login, algorithm: algorithm, blob: key.publicBlob)
        let signature: [UInt8]
        do {
            signature = try key.sign(bytes, algorithm: algorithm)
        } catch {
            throw Failure(description: "the gateway's key cannot sign")
        }
        return request("publickey") { message in
            message.writeSSHBool(true)
            message.writeSSHText(algorithm)
            message.writeSSHString(key.publicBlob)
            message.writeSSHString(signature)
        }
    }

    /// Gives the password where one is asked for without an echo (RFC 4256), as hosts with PAM do.
    private mutating func answer(_ message: ByteBuffer) throws(Failure) -> ByteBuffer {
        rounds += 1
        guard case .password(let password) = credential, rounds <= Self.mostRounds,
            let echoes = Self.prompts(message)
        else { throw Self.violation }
        guard !echoes.contains(true) else {
            throw Failure(description: "the host asks a person something beside the password")
        }
        var answers = ByteBuffer(integer: MessageNumber.userAuthInfoResponse)
        answers.writeInteger(UInt32(echoes.count))
        for _ in echoes { answers.writeSSHText(password) }
        return answers
    }

    /// - Returns: Whether each prompt's answer is shown; `nil` when they cannot be read.
    private static func prompts(_ message: ByteBuffer) -> [Bool]? {
        do {
            var reader = SSHWireReader(Array(buffer: message))
            _ = try reader.byte()
            // The name, the instruction and the language.
            for _ in 0..<3 { _ = try reader.string() }
            let count = try reader.uint32()
            guard count <= mostPrompts else { return nil }
            var echoes: [Bool] = []
            for _ in 0..<count {
                _ = try reader.string()
                echoes.append(try reader.byte() != 0)
            }
            try reader.end()
            return echoes
        } catch {
            return nil
        }
    }
}
