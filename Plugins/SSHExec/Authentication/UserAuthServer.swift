import NIOCore
import SSHCredentials

/// The server's side of signing in (RFC 4252): one request at a time, one answer each, in order.
///
/// Pure: messages go in with `receive`, and what is to be done comes out. Whether somebody may sign in is found out
/// elsewhere; only `succeed` ends it well, and it takes the attempt that was being judged.
struct UserAuthServer {
    /// One try that somebody has to judge.
    struct Attempt {
        enum Proof {
            /// The signature over this very connection has been verified by the key.
            case key(SSHVerificationKey)
            /// The same by the key that a certificate is for.
            case certificate(OpenSSHCertificate)
            case password([UInt8])
            /// The person was asked for what `ask` said, and has answered each prompt.
            case answers([String])
        }

        let user: String
        let proof: Proof
        fileprivate let number: Int
        fileprivate let sessionIdentifier: [UInt8]
    }

    enum Action {
        case send(ByteBuffer)
        case judge(Attempt)
        /// Whether a key would do, before its holder signs: answered with `offer`.
        case judgeOffer([UInt8])
        /// A person wants to be asked: answered with `ask` or `fail`.
        case beginInteractive(user: String)
    }

    private enum State {
        case awaitingService
        case idle
        case judging(Attempt)
        case judgingOffer(algorithm: String, blob: [UInt8])
        case startingInteractive(user: String)
        case awaitingAnswers(user: String, prompts: Int)
        case authenticated
    }

    static let methods = ["publickey", "keyboard-interactive", "password"]
    /// Requests that prove nothing, `none` and offers of keys, are answered without counting as failures at first:
    /// agents may hold a few keys.
    private static let freeQuestions = 20
    /// How often somebody may be asked within one attempt.
    private static let mostRounds = 32
    /// A client may send requests before it has the answer to one (RFC 4252, section 5.1): so many of them, and so
    /// many bytes, wait.
    private static let mostHeld = 4
    private static let mostHeldBytes = 64 * 1024

    private let sessionIdentifier: [UInt8]
    private let maximumFailures: Int
    private var state = State.awaitingService
    private var user: String?
    private(set) var failures = 0
    /// Of the failures: exchanges that the client gave up for another method, as many do that try all they know.
    private(set) var abandonments = 0
    private var questions = 0
    private var rounds = 0
    private var attempts = 0
    private var held: [ByteBuffer] = []

    init(sessionIdentifier: [UInt8], maximumFailures: Int) {
        self.sessionIdentifier = sessionIdentifier
        self.maximumFailures = maximumFailures
    }

    var isAuthenticated: Bool {
        if case .authenticated = state { true } else { false }
    }

    mutating func receive(_ message: ByteBuffer) throws(TransportError) -> Action? {
        switch (state, message.getInteger(at: message.readerIndex, as: UInt8.self)) {
        // Some clients ask for the service again before each attempt.
        case (.awaitingService, MessageNumber.serviceRequest), (.idle, MessageNumber.serviceRequest):
            return try acceptService(message)
        case (.awaitingAnswers, MessageNumber.serviceRequest):
            try abandon()
            return try acceptService(message)
        case (.idle, MessageNumber.userAuthRequest): return try request(message)
        // RFC 4252, section 5.1: a new request abandons the exchange that goes on, which gets no answer.
        case (.awaitingAnswers, MessageNumber.userAuthRequest):
            try abandon()
            return try request(message)
        case (.awaitingAnswers(let user, let prompts), MessageNumber.userAuthInfoResponse):
            let response = try UserAuthInfoResponse(message)
            // RFC 4256, section 3.4: another number of answers fails.
            guard response.answers.count == prompts else { return try failed() }
            return .judge(newAttempt(user, .answers(response.answers)))
        case (.judging, MessageNumber.userAuthRequest), (.judgingOffer, MessageNumber.userAuthRequest),
            (.startingInteractive, MessageNumber.userAuthRequest):
            let bytes = held.reduce(message.readableBytes) { $0 + $1.readableBytes }
            guard held.count < Self.mostHeld, bytes <= Self.mostHeldBytes else {
                throw .violation("Requests to sign in came faster than they are answered.")
            }
            held.append(message)
            return nil
        // RFC 4252, section 5.1.
        case (.authenticated, MessageNumber.userAuthRequest): return nil
        default:
            // Also the messages that only a server sends (CVE-2018-10933), and all of channels.
            throw .violation("A message came that does not belong to signing in.")
        }
    }

    private mutating func acceptService(_ message: ByteBuffer) throws(TransportError) -> Action {
        var message = message
        message.moveReaderIndex(forwardBy: 1)
        guard let name = message.readSSHText(), name.utf8.elementsEqual("ssh-userauth".utf8),
            message.readableBytes == 0
        else {
            throw TransportError(.serviceNotAvailable, "Only signing in (ssh-userauth) can be asked for first.")
        }
        state = .idle
        var accept = ByteBuffer(integer: MessageNumber.serviceAccept)
        accept.writeSSHText(name)
        return .send(accept)
    }

    private mutating func request(_ message: ByteBuffer) throws(TransportError) -> Action {
        let request = try UserAuthRequest(message)
        guard request.service.utf8.elementsEqual("ssh-connection".utf8) else {
            throw TransportError(.serviceNotAvailable, "Only ssh-connection follows signing in.")
        }
        guard request.user.utf8.count <= UserAuthRequest.longestUser else {
            throw .violation("The user name is too long.")
        }
        if let user, !user.utf8.elementsEqual(request.user.utf8) {
            throw .violation("The user name changed from one request to the next.")
        }
        if case .none = request.method { return try failed(isQuestion: true) }
        user = request.user
        switch request.method {
        case .none, .other: return try failed()
        case .password(let password): return .judge(newAttempt(request.user, .password(password)))
        case .keyboardInteractive:
            rounds = 0
            state = .startingInteractive(user: request.user)
            return .beginInteractive(user: request.user)
        case .publicKey(let algorithm, let blob, let signature):
            guard let key = OfferedKey(blob), key.takes(algorithm) else {
                return try failed(isQuestion: signature == nil)
            }
            guard let signature else {
                state = .judgingOffer(algorithm: algorithm, blob: blob)
                return .judgeOffer(blob)
            }
            let bytes = UserAuthRequest.signedBytes(
                sessionIdentifier: sessionIdentifier, user: request.user, algorithm: algorithm, blob: blob)
            guard key.verifies(signature, over: bytes, algorithm) else { return try failed() }
            return .judge(newAttempt(request.user, key.proof))
        }
    }

    private mutating func newAttempt(_ user: String, _ proof: Attempt.Proof) -> Attempt {
        attempts += 1
        let attempt = Attempt(
            user: user, proof: proof, number: attempts, sessionIdentifier: sessionIdentifier)
        state = .judging(attempt)
        return attempt
    }

    // MARK: What was found out

    /// Ends signing in: `attempt` was judged, and is somebody's.
    ///
    /// - Returns: What to send; `nil` when the attempt is not the one that goes on, on this very connection.
    mutating func succeed(_ attempt: Attempt) -> ByteBuffer? {
        guard case .judging(let current) = state, current.number == attempt.number,
            current.sessionIdentifier == attempt.sessionIdentifier
        else { return nil }
        state = .authenticated
        return UserAuthAnswer.success()
    }

    /// The attempt that goes on has failed, in whatever state it is.
    ///
    /// - Returns: The answer, and what the next request wants, where it has come already.
    mutating func fail() throws(TransportError) -> [Action] {
        switch state {
        case .judging, .startingInteractive: return try [failed()] + continued()
        case .judgingOffer: return try [failed(isQuestion: true)] + continued()
        case .awaitingService, .idle, .awaitingAnswers, .authenticated: return []
        }
    }

    /// Whether the key that was offered may sign.
    mutating func offer(isAcceptable: Bool) throws(TransportError) -> [Action] {
        guard case .judgingOffer(let algorithm, let blob) = state else { return [] }
        guard isAcceptable else { return try fail() }
        state = .idle
        try count(isQuestion: true)
        return try [.send(UserAuthAnswer.publicKeyOK(algorithm: algorithm, blob: blob))] + continued()
    }

    /// Asks the person (RFC 4256): first, or again instead of `succeed` or `fail` for what they answered.
    ///
    /// - Parameter echoes: Whether the person sees what they type.
    mutating func ask(
        name: String, instruction: String, prompts: [String], echoes: Bool = true
    ) throws(TransportError) -> [Action] {
        let user: String
        switch state {
        case .startingInteractive(let current): user = current
        case .judging(let attempt):
            guard case .answers = attempt.proof else { return [] }
            user = attempt.user
        case .awaitingService, .idle, .judgingOffer, .awaitingAnswers, .authenticated: return []
        }
        guard rounds < Self.mostRounds, prompts.count <= UserAuthInfoResponse.mostAnswers else { return try fail() }
        rounds += 1
        state = .awaitingAnswers(user: user, prompts: prompts.count)
        let request = UserAuthAnswer.infoRequest(
            name: name, instruction: instruction, prompts: prompts, echoes: echoes)
        return try [.send(request)] + continued()
    }

    /// Goes on with the requests that came meanwhile, until one of them has to wait.
    private mutating func continued() throws(TransportError) -> [Action] {
        var actions: [Action] = []
        while !held.isEmpty {
            switch state {
            case .idle, .awaitingAnswers:
                if let action = try receive(held.removeFirst()) { actions.append(action) }
            case .awaitingService, .judging, .judgingOffer, .startingInteractive, .authenticated: return actions
            }
        }
        return actions
    }

    private mutating func failed(isQuestion: Bool = false) throws(TransportError) -> Action {
        state = .idle
        try count(isQuestion: isQuestion)
        return .send(UserAuthAnswer.failure(methods: Self.methods))
    }

    /// An abandoned exchange counts: each has had somebody asked, and an identity provider too.
    private mutating func abandon() throws(TransportError) {
        state = .idle
        abandonments += 1
        try count()
    }

    private mutating func count(isQuestion: Bool = false) throws(TransportError) {
        if isQuestion, questions < Self.freeQuestions {
            questions += 1
            return
        }
        failures += 1
        guard failures < maximumFailures else {
            throw TransportError(.noMoreAuthenticationMethods, "Too many authentication failures.")
        }
    }
}
