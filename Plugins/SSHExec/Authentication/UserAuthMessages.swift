import NIOCore
import SSHCredentials

/// A request to sign in (RFC 4252, section 5).
struct UserAuthRequest {
    enum Method {
        case none
        /// - Parameter signature: `nil` when the client only asks whether the key would do (section 7).
        case publicKey(algorithm: String, blob: [UInt8], signature: [UInt8]?)
        case password([UInt8])
        case keyboardInteractive
        /// One that is not known, or a change of a password.
        case other(String)
    }

    /// Longer names are none.
    static let longestUser = 1024

    let user: String
    let service: String
    let method: Method

    /// - Parameter message: With its number.
    /// - Throws: What ends the connection: one that cannot be read to its end has no answer.
    init(_ message: ByteBuffer) throws(TransportError) {
        do {
            var reader = SSHWireReader(Array(buffer: message))
            _ = try reader.byte()
            user = try reader.text()
            service = try reader.text()
            method = try Self.method(try reader.text(), &reader)
        } catch {
            throw .violation("A request to sign in cannot be read.")
        }
    }

    private static func method(_ name: String, _ reader: inout SSHWireReader) throws(SSHWireError) -> Method {
        let method: Method
        switch name {
        case "none": method = .none
        case "password":
            let isChange = try reader.boolean()
            let password = try reader.string()
            if isChange { _ = try reader.string() }
            method = isChange ? .other(name) : .password(password)
        case "keyboard-interactive":
            // A language, and ways to be asked, which are only hints (RFC 4256, section 3.1).
            _ = try reader.string()
            _ = try reader.string()
            method = .keyboardInteractive
        case "publickey":
            let isSigned = try reader.boolean()
            let algorithm = try reader.text()
            let blob = try reader.string()
            // What it says is judged with the key: a wrong signature gets an answer.
            let signature = isSigned ? try reader.string() : nil
            method = .publicKey(algorithm: algorithm, blob: blob, signature: signature)
        // Nobody here knows what follows its name.
        default: return .other(name)
        }
        try reader.end()
        return method
    }

    /// What a client signs to prove that it has the key (RFC 4252, section 7).
    static func signedBytes(
        sessionIdentifier: [UInt8], user: String, algorithm: String, blob: [UInt8]
    ) -> [UInt8] {
        var bytes = ByteBuffer()
        bytes.writeSSHString(sessionIdentifier)
        bytes.writeInteger(MessageNumber.userAuthRequest)
        bytes.writeSSHText(user)
        bytes.writeSSHText("ssh-connection")
        bytes.writeSSHText("publickey")
        bytes.writeSSHBool(true)
        bytes.writeSSHText(algorithm)
        bytes.writeSSHString(blob)
        return Array(buffer: bytes)
    }
}

/// What a person answered (RFC 4256, section 3.4).
struct UserAuthInfoResponse {
    /// The limit of prompts too.
    static let mostAnswers = 32

    let answers: [String]

    /// - Parameter message: With its number.
    init(_ message: ByteBuffer) throws(TransportError) {
        do {
            var reader = SSHWireReader(Array(buffer: message))
            _ = try reader.byte()
            let count = try reader.uint32()
            guard count <= Self.mostAnswers else {
                throw SSHWireError.tooLong(length: Int(count), limit: Self.mostAnswers)
            }
            var answers: [String] = []
            for _ in 0..<count { answers.append(try reader.text()) }
            try reader.end()
            self.answers = answers
        } catch {
            throw .violation("An answer to what was asked cannot be read.")
        }
    }
}

/// The messages with which a server answers (RFC 4252, sections 5 and 7; RFC 4256, section 3.2).
enum UserAuthAnswer {
    static func success() -> ByteBuffer { ByteBuffer(integer: MessageNumber.userAuthSuccess) }

    static func failure(methods: [String]) -> ByteBuffer {
        var message = ByteBuffer(integer: MessageNumber.userAuthFailure)
        message.writeSSHNameList(methods)
        message.writeSSHBool(false)
        return message
    }

    static func publicKeyOK(algorithm: String, blob: [UInt8]) -> ByteBuffer {
        var message = ByteBuffer(integer: MessageNumber.userAuthMethodSpecific)
        message.writeSSHText(algorithm)
        message.writeSSHString(blob)
        return message
    }

    static func infoRequest(name: String, instruction: String, prompts: [String], echoes: Bool)
        -> ByteBuffer
    {
        var message = ByteBuffer(integer: MessageNumber.userAuthMethodSpecific)
        message.writeSSHText(name)
        message.writeSSHText(instruction)
        message.writeSSHText("")
        message.writeInteger(UInt32(prompts.count))
        for prompt in prompts {
            message.writeSSHText(prompt)
            message.writeSSHBool(echoes)
        }
        return message
    }
}

extension SSHWireReader {
    /// RFC 4251, section 5: everything but zero is true.
    fileprivate mutating func boolean() throws(SSHWireError) -> Bool { try byte() != 0 }
}
