import Identity
import NIOCore

/// Signs a caller in: asks who is behind what the client shows, whatever the method, and comes to one `Caller`.
///
/// Whether the target exists matters only after that, so nobody who is not signed in learns it.
final class CallerSignIn {
    /// The connection lets go of this when it ends or is signed in; answers that come later still find it.
    private let connection: CallerConnection
    private var server: UserAuthServer
    /// Those that are on record already.
    private var judgedFailures = 0
    private var prompt: DevicePrompt?
    /// Set once the person was asked and the issuer is waited for.
    private var deviceCaller: EventLoopFuture<Caller>?

    init(_ connection: CallerConnection, sessionIdentifier: [UInt8]) {
        self.connection = connection
        server = UserAuthServer(
            sessionIdentifier: sessionIdentifier, maximumFailures: connection.listener.options.maximumAttempts)
    }

    /// Nobody waits any more.
    func cancel() { prompt?.cancel() }

    func receive(_ message: ByteBuffer) {
        // Another request abandons the browser (RFC 4252, section 5.1): nobody waits for the issuer any more.
        if deviceCaller != nil,
            message.getInteger(at: message.readerIndex, as: UInt8.self) == MessageNumber.userAuthRequest
        {
            prompt?.cancel()
            prompt = nil
            deviceCaller = nil
        }
        let before = unjudgedFailures
        perform { server throws(TransportError) in try server.receive(message).map { [$0] } ?? [] }
        if unjudgedFailures > before {
            connection.loop.lane.recordSignInFailure(
                SignInProblem("something that proves nothing"), client: connection.client)
        }
    }

    /// Of what nobody had to judge: a signature that is wrong, a method that is none.
    private var unjudgedFailures: Int { server.failures - server.abandonments - judgedFailures }

    private func perform(
        _ body: (inout UserAuthServer) throws(TransportError) -> [UserAuthServer.Action]
    ) {
        let before = server.failures - server.abandonments
        var actions: [UserAuthServer.Action] = []
        var violation: TransportError?
        do throws(TransportError) {
            actions = try body(&server)
        } catch {
            violation = error
        }
        for _ in before..<(server.failures - server.abandonments) {
            connection.services.failures.failed(connection.host)
        }
        if let violation { return connection.peer.disconnect(violation.reason, violation.message) }
        for action in actions { perform(action) }
    }

    private func perform(_ action: UserAuthServer.Action) {
        switch action {
        case .send(let message): connection.peer.send(message)
        case .judgeOffer(let blob):
            let isKnown = connection.loop.lane.registeredKey(blob) != nil
            perform { server throws(TransportError) in try server.offer(isAcceptable: isKnown) }
        case .beginInteractive: askInBrowser()
        case .judge(let attempt): judge(attempt)
        }
    }

    private func judge(_ attempt: UserAuthServer.Attempt) {
        guard connection.services.failures.failures(of: connection.host) < connection.listener.options.maximumFailures
        else {
            return connection.peer.disconnect(
                .tooManyConnections, "Too many failed attempts came from this address; try again in a minute.")
        }
        switch attempt.proof {
        case .key(let key):
            // The machine has verified the signature over this connection's session identifier.
            if let registered = connection.loop.lane.registeredKey(key.blob) {
                succeed(attempt, registered.callerAfterProof())
            } else {
                fail(SignInProblem("a key that nobody has registered"))
            }
        case .certificate: fail(SignInProblem("a certificate, which this listener takes from nobody"))
        case .password(let bytes):
            guard let token = String(validating: bytes, as: UTF8.self) else {
                return fail(SignInProblem("a password that is no text"))
            }
            verify(token, attempt)
        case .answers: awaitPerson(attempt)
        }
    }

    private func verify(_ token: String, _ attempt: UserAuthServer.Attempt) {
        switch connection.loop.lane.signIn(token, client: connection.client) {
        case .signedIn(let caller): succeed(attempt, caller)
        case .pending(let progress):
            progress.assumeIsolated().whenComplete { result in
                switch result {
                case .success(let caller): self.succeed(attempt, caller)
                // It is recorded already.
                case .failure: self.failed()
                }
            }
        }
    }

    private func succeed(_ attempt: UserAuthServer.Attempt, _ caller: Caller) {
        guard !connection.peer.isEnded, let success = server.succeed(attempt) else { return }
        connection.peer.send(success)
        connection.signedIn(caller, user: attempt.user)
    }

    private func fail(_ problem: SignInProblem) {
        connection.loop.lane.recordSignInFailure(problem, client: connection.client)
        failed()
    }

    private func failed() {
        guard !connection.peer.isEnded else { return }
        judgedFailures += 1
        perform { server throws(TransportError) in try server.fail() }
    }

    // MARK: In a browser

    private func askInBrowser() {
        connection.loop.lane.beginDeviceSignIn(client: connection.client).assumeIsolated().whenComplete { result in
            guard !self.connection.peer.isEnded else {
                if case .success(let prompt) = result { prompt.cancel() }
                return
            }
            switch result {
            case .success(let prompt): self.show(prompt)
            case .failure: self.failed()
            }
        }
    }

    private func show(_ prompt: DevicePrompt) {
        self.prompt?.cancel()
        self.prompt = prompt
        connection.giveTime(connection.listener.options.deviceSignInTimeout)
        let place = prompt.verificationURIComplete ?? prompt.verificationURI
        perform { server throws(TransportError) in
            try server.ask(
                name: "Sallyport",
                instruction:
                    "Sign in at \(place)\nThe code is \(prompt.userCode)\nDo so only if you have started this yourself.\n",
                prompts: ["Press Enter once you have signed in: "])
        }
        // Asked from the start: whoever signs in before they press Enter does not wait.
        deviceCaller = connection.loop.lane.finishDeviceSignIn(prompt, client: connection.client)
    }

    private func awaitPerson(_ attempt: UserAuthServer.Attempt) {
        guard let deviceCaller else { return failed() }
        self.deviceCaller = nil
        deviceCaller.assumeIsolated().whenComplete { result in
            self.prompt = nil
            switch result {
            case .success(let caller): self.succeed(attempt, caller)
            case .failure: self.failed()
            }
        }
    }
}

/// What a client showed that is nobody's.
private struct SignInProblem: Error, CustomStringConvertible {
    let description: String
    init(_ what: String) { description = "the client showed \(what)" }
}
