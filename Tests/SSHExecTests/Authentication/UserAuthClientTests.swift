import KeygenWorkshop
import NIOCore
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("Signing in to a host")
struct UserAuthClientTests {
    private static let session = ClientMessage.session

    private static func client(_ credential: UserAuthClient.Credential) -> UserAuthClient {
        UserAuthClient(login: ClientMessage.user, credential: credential, sessionIdentifier: session)
    }

    /// What a host answers: the methods that it goes on with.
    private static func failure(_ methods: [String], partial: Bool = false) -> ByteBuffer {
        ClientMessage.message(51) { writer in
            writer.nameList(methods)
            writer.byte(partial ? 1 : 0)
        }
    }

    private static func infoRequest(_ prompts: [(String, Bool)]) -> ByteBuffer {
        ClientMessage.message(60) { writer in
            for text in ["", "", ""] { writer.text(text) }
            writer.uint32(UInt32(prompts.count))
            for (text, echoes) in prompts {
                writer.text(text)
                writer.byte(echoes ? 1 : 0)
            }
        }
    }

    private static let accept = ClientMessage.message(6) { $0.text("ssh-userauth") }
    private static let success = ByteBuffer(bytes: [52])

    /// One that has sent its first request.
    private static func proving(
        _ credential: UserAuthClient.Credential, algorithms: [String]? = nil
    ) throws -> (client: UserAuthClient, request: ByteBuffer) {
        var client = client(credential)
        #expect(client.start() == ClientMessage.service())
        let step = try client.receive(accept, signatureAlgorithms: algorithms)
        return (client, try #require(step.messages.first))
    }

    private static func description(_ body: () throws -> UserAuthClient.Step) -> String {
        do {
            return "no error, but \(try body())"
        } catch {
            return "\(error)"
        }
    }

    /// Runs the client against the server, which judges as `judge` does.
    private static func run(
        _ credential: UserAuthClient.Credential, algorithms: [String]? = nil,
        judge: (UserAuthServer.Attempt) -> Bool
    ) throws -> Bool {
        var client = client(credential)
        var server = UserAuthServer(sessionIdentifier: session, maximumFailures: 6)
        var toServer = [client.start()]
        while !toServer.isEmpty {
            var actions = try server.receive(toServer.removeFirst()).map { [$0] } ?? []
            while !actions.isEmpty {
                switch actions.removeFirst() {
                case .send(let message):
                    let step = try client.receive(message, signatureAlgorithms: algorithms)
                    toServer += step.messages
                    #expect(!step.isSignedIn)
                case .judge(let attempt):
                    if judge(attempt) {
                        let success = server.succeed(attempt)
                        let message = try #require(success)
                        return try client.receive(message, signatureAlgorithms: algorithms).isSignedIn
                            && server.isAuthenticated
                    }
                    actions += try server.fail()
                case .judgeOffer: actions += try server.offer(isAcceptable: true)
                case .beginInteractive:
                    actions += try server.ask(name: "", instruction: "", prompts: ["Password: "], echoes: false)
                }
            }
        }
        return false
    }

    @Test("a key signs in, whatever its type", arguments: KeygenWorkshop.keyTypes)
    func keys(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        let isIn = try Self.run(.key(key)) { attempt in
            if case .key(let proven) = attempt.proof { proven.blob == key.publicBlob } else { false }
        }
        #expect(isIn)
    }

    @Test("a password signs in as such, or where a host asks a person for it")
    func passwords() throws {
        let asPassword = try Self.run(.password("sesame ä")) { attempt in
            if case .password(let bytes) = attempt.proof { bytes == Array("sesame ä".utf8) } else { false }
        }
        #expect(asPassword)
        let asAnswer = try Self.run(.password("sesame ä")) { attempt in
            if case .answers(let answers) = attempt.proof { answers == ["sesame ä"] } else { false }
        }
        #expect(asAnswer)
    }

    @Test("RSA keys sign with what the host verifies, the best first")
    func rsaAlgorithms() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: "rsa 2048")
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        for (listed, tried) in [
            (nil, ["rsa-sha2-512", "rsa-sha2-256"]), (["ssh-rsa", "rsa-sha2-256"], ["rsa-sha2-256"]),
            (["rsa-sha2-256", "rsa-sha2-512"], ["rsa-sha2-512", "rsa-sha2-256"]),
        ] as [([String]?, [String])] {
            var (client, first) = try Self.proving(.key(key), algorithms: listed)
            var requests = [first]
            while let step = try? client.receive(Self.failure(["publickey"]), signatureAlgorithms: listed) {
                requests += step.messages
            }
            let used = try requests.map { request in
                guard case .publicKey(let algorithm, _, .some) = try UserAuthRequest(request).method else { return "" }
                return algorithm
            }
            #expect(used == tried)
        }
        var client = Self.client(.key(key))
        let text = Self.description { try client.receive(Self.accept, signatureAlgorithms: ["ssh-rsa"]) }
        #expect(text.contains("rsa-sha2-512") && text.contains("Ed25519"), "\(text)")
    }

    @Test("a host of the time when only RSA was listed takes Ed25519 nevertheless")
    func oldLists() throws {
        let key = try SSHPrivateKey.newEd25519()
        #expect(try Self.run(.key(key), algorithms: ["rsa-sha2-256", "rsa-sha2-512"]) { _ in true })
    }

    @Test("a refusal says what the host takes and what would help")
    func refusals() throws {
        let key = try SSHPrivateKey.newEd25519()
        let fingerprint = SSHVerificationKey.fingerprint(of: key.publicBlob)
        let cases: [(UserAuthClient.Credential, [ByteBuffer], [String])] = [
            (.key(key), [Self.failure(["publickey"])], [ClientMessage.user, fingerprint, "authorized_keys"]),
            (.key(key), [Self.failure(["password"])], ["takes no keys", "password", "`password`"]),
            (.key(key), [Self.failure([])], ["nothing else"]),
            (.key(key), [Self.failure(["password"], partial: true)], ["second proof", "password"]),
            (.password("secret"), [Self.failure(["publickey"])], ["takes no passwords", "publickey", "`key`"]),
            (
                .password("secret"), [Self.failure(["password", "publickey"])],
                ["does not take the gateway's password"]
            ),
            (
                .password("secret"),
                [Self.failure(["keyboard-interactive"]), Self.failure(["keyboard-interactive"])],
                ["does not take the gateway's password"]
            ),
            (
                .password("secret"),
                [
                    ClientMessage.message(60) { writer in
                        writer.text("Change it")
                        writer.text("")
                    }
                ], ["expired"]
            ),
        ]
        for (credential, answers, words) in cases {
            var client = try Self.proving(credential).client
            let text = Self.description {
                var step = UserAuthClient.Step()
                for answer in answers { step = try client.receive(answer, signatureAlgorithms: nil) }
                return step
            }
            for word in words { #expect(text.contains(word), "\(text)") }
            #expect(!text.contains("secret"))
        }
    }

    @Test("a key that was one of two proofs is not shown twice")
    func partialSuccess() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: "rsa 2048")
        var client = try Self.proving(.key(try SSHPrivateKey(file: try workshop.read("key")))).client
        let answer = Self.failure(["publickey", "password"], partial: true)
        let text = Self.description { try client.receive(answer, signatureAlgorithms: nil) }
        #expect(text.contains("second proof"), "\(text)")
    }

    @Test("the password is given to prompts without an echo only, as often as is asked")
    func prompts() throws {
        var (client, _) = try Self.proving(.password("secret"))
        _ = try client.receive(Self.failure(["keyboard-interactive"]), signatureAlgorithms: nil)
        for count in [1, 0, 2] {
            let prompts = [(String, Bool)](repeating: ("Password: ", false), count: count)
            let step = try client.receive(Self.infoRequest(prompts), signatureAlgorithms: nil)
            #expect(step.messages == [ClientMessage.answers([String](repeating: "secret", count: count))])
        }
        var other = client
        let text = Self.description {
            try other.receive(Self.infoRequest([("P: ", false), ("Code: ", true)]), signatureAlgorithms: nil)
        }
        #expect(text.contains("beside the password"), "\(text)")
        #expect(throws: UserAuthClient.Failure.self) {
            for _ in 0..<40 { _ = try client.receive(Self.infoRequest([("P: ", false)]), signatureAlgorithms: nil) }
        }
    }

    @Test("a host's text for people changes nothing")
    func banner() throws {
        var (client, _) = try Self.proving(.password("secret"))
        let banner = ClientMessage.message(53) { writer in
            writer.text("Welcome")
            writer.text("")
        }
        #expect(try client.receive(banner, signatureAlgorithms: nil).messages.isEmpty)
        #expect(try client.receive(Self.success, signatureAlgorithms: nil).isSignedIn)
        #expect(throws: UserAuthClient.Failure.self) { try client.receive(Self.success, signatureAlgorithms: nil) }
    }

    @Test("a host that breaks the protocol gets no credential, and signs nobody in")
    func outOfTurn() throws {
        for number in UInt8.min...UInt8.max where number != 6 {
            var client = Self.client(.password("secret"))
            #expect(throws: UserAuthClient.Failure.self, "\(number)") {
                try client.receive(ByteBuffer(bytes: [number]), signatureAlgorithms: nil)
            }
        }
        let key = try SSHPrivateKey.newEd25519()
        for number in UInt8.min...UInt8.max where number != 52 && number != 53 {
            var client = try Self.proving(.key(key)).client
            #expect(throws: UserAuthClient.Failure.self, "\(number)") {
                try client.receive(ByteBuffer(bytes: [number]), signatureAlgorithms: nil)
            }
        }
    }

    @Test("what a host sends is read to its end or not at all, wherever it is cut")
    func cut() throws {
        var (asked, _) = try Self.proving(.password("secret"))
        let failure = Self.failure(["keyboard-interactive"])
        for count in 0..<failure.readableBytes {
            var client = asked
            #expect(throws: UserAuthClient.Failure.self) {
                try client.receive(ByteBuffer(bytes: failure.readableBytesView.prefix(count)), signatureAlgorithms: nil)
            }
        }
        _ = try asked.receive(failure, signatureAlgorithms: nil)
        let request = Self.infoRequest([("Password: ", false)])
        for count in 0..<request.readableBytes {
            var client = asked
            #expect(throws: UserAuthClient.Failure.self) {
                try client.receive(ByteBuffer(bytes: request.readableBytesView.prefix(count)), signatureAlgorithms: nil)
            }
        }
        #expect(throws: UserAuthClient.Failure.self) {
            try asked.receive(
                ClientMessage.message(60) { writer in
                    for text in ["", "", ""] { writer.text(text) }
                    writer.uint32(UInt32.max)
                }, signatureAlgorithms: nil)
        }
    }

    @Test("names of methods that would write on a terminal are not repeated")
    func terminalCodes() throws {
        var (client, _) = try Self.proving(.password("secret"))
        let answer = ClientMessage.message(51) { writer in
            writer.text("\u{1b}[2Jpublickey")
            writer.byte(0)
        }
        let text = Self.description { try client.receive(answer, signatureAlgorithms: nil) }
        #expect(!text.contains("\u{1b}") && text.contains("broke the protocol"), "\(text)")
    }
}
