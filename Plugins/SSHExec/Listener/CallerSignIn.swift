import GatewayCore
import Identity
import NIOCore
import SSHCredentials

/// Signs a caller in: asks who is behind what the client shows, whatever the method, and comes to one `Caller`.
///
/// Whether the target exists matters only after that, so nobody who is not signed in learns it.
final class CallerSignIn {
    /// What a client is asked for that has begun keyboard-interactive (RFC 4256).
    private enum Asking {
        case nothing
        /// A token, or nothing: only who answers with nothing has an identity provider asked, and not every program
        /// that tries each method it knows.
        case forToken
        /// To sign in in a browser.
        case inBrowser(BrowserSignIn)
    }

    /// The connection lets go of this when it ends or is signed in; answers that come later still find it.
    private let connection: CallerConnection
    private let network: ClientNetwork
    private var server: UserAuthServer
    /// Those that are on record already.
    private var judgedFailures = 0
    /// Whether the client has asked to sign in by anything at all.
    private var hasTried = false
    private var refusedOffers = RefusedOffers()
    private var asking = Asking.nothing

    init(_ connection: CallerConnection, sessionIdentifier: [UInt8]) {
        self.connection = connection
        network = ClientNetwork(connection.host)
        server = UserAuthServer(
            sessionIdentifier: sessionIdentifier, maximumFailures: connection.listener.options.maximumAttempts)
    }

    private var lane: Lane { connection.loop.lane }
    private var options: ListenerOptions { connection.listener.options }
    private var failures: FailureLimiter { connection.services.failures }

    /// The connection has ended: nobody waits any more.
    func cancel() {
        leaveBrowser(countingFailure: true)
        // What asked, was refused without proving anything wrong, and went, has left no other trace.
        guard hasTried, judgedFailures == 0, unjudgedFailures == 0, !refusedOffers.areOnRecord else { return }
        lane.recordSignInFailure(SignInProblem("\(refusedOffers), and left"), client: connection.client)
    }

    func receive(_ message: ByteBuffer) {
        if message.getInteger(at: message.readerIndex, as: UInt8.self) == MessageNumber.userAuthRequest {
            hasTried = true
        }
        let before = unjudgedFailures
        perform { server throws(TransportError) in try server.receive(message).map { [$0] } ?? [] }
        if unjudgedFailures > before {
            lane.recordSignInFailure(SignInProblem("something that proves nothing"), client: connection.client)
        }
    }

    /// Of what nobody had to judge: a signature that is wrong, a method that is none.
    private var unjudgedFailures: Int { server.failures - server.abandonments - judgedFailures }

    private func perform(
        _ body: (inout UserAuthServer) throws(TransportError) -> [UserAuthServer.Action]
    ) {
        let failuresBefore = server.failures - server.abandonments
        let (abandonmentsBefore, totalBefore) = (server.abandonments, server.failures)
        var actions: [UserAuthServer.Action] = []
        var violation: TransportError?
        do throws(TransportError) {
            actions = try body(&server)
        } catch {
            violation = error
        }
        for _ in failuresBefore..<(server.failures - server.abandonments) { failures.failed(network) }
        // Another request abandons what the person was asked (RFC 4252, section 5.1), also one that was sent before.
        // Whoever has an identity provider asked and gives up counts as one who has failed.
        if server.failures > totalBefore {
            leaveBrowser(countingFailure: server.abandonments > abandonmentsBefore)
        }
        if let violation { return connection.peer.disconnect(violation.reason, violation.message) }
        for action in actions { perform(action) }
    }

    private func perform(_ action: UserAuthServer.Action) {
        switch action {
        case .send(let message): connection.peer.send(message)
        case .judgeOffer(let blob):
            let isAcceptable = isAcceptable(blob)
            perform { server throws(TransportError) in try server.offer(isAcceptable: isAcceptable) }
        case .beginInteractive:
            asking = .forToken
            perform { server throws(TransportError) in
                try server.ask(
                    name: "Sallyport", instruction: "",
                    prompts: ["Your token, or Enter to sign in in a browser: "], echoes: false)
            }
        case .judge(let attempt): judge(attempt)
        }
    }

    private func judge(_ attempt: UserAuthServer.Attempt) {
        guard failures.failures(of: network) < options.maximumFailures else {
            return connection.peer.disconnect(
                .tooManyConnections, "Too many failed attempts came from this address; try again in a minute.")
        }
        switch attempt.proof {
        case .key(let key):
            // The machine has verified the signature over this connection's session identifier.
            if let registered = registered(key) {
                succeed(attempt, registered.callerAfterProof())
            } else {
                fail(SignInProblem("a key that nobody has registered"))
            }
        case .certificate(let certificate): judge(certificate, attempt)
        case .password(let bytes):
            guard let token = String(validating: bytes, as: UTF8.self) else {
                return fail(SignInProblem("a password that is no text"))
            }
            verify(token, attempt)
        case .answers(let answers): judge(answers, attempt)
        }
    }

    private func verify(_ token: String, _ attempt: UserAuthServer.Attempt) {
        switch lane.signIn(token, client: connection.client) {
        case .signedIn(let caller): succeed(attempt, caller)
        case .pending(let progress): progress.assumeIsolated().whenComplete { self.succeed(attempt, $0) }
        }
    }

    /// - Parameter result: Its failure is recorded already.
    private func succeed(_ attempt: UserAuthServer.Attempt, _ result: Result<Caller, any Error>) {
        switch result {
        case .success(let caller): succeed(attempt, caller)
        case .failure: failed()
        }
    }

    private func succeed(
        _ attempt: UserAuthServer.Attempt, _ caller: Caller,
        _ permissions: Set<CertificatePermission> = Set(CertificatePermission.allCases)
    ) {
        guard !connection.peer.isEnded, let success = server.succeed(attempt) else { return }
        connection.peer.send(success)
        connection.signedIn(caller, permissions, user: attempt.user)
    }

    private func fail(_ problem: any Error) {
        lane.recordSignInFailure(problem, client: connection.client)
        failed()
    }

    private func failed() {
        guard !connection.peer.isEnded else { return }
        judgedFailures += 1
        perform { server throws(TransportError) in try server.fail() }
    }

    // MARK: Keys and certificates

    /// An authority's key signs certificates and nobody in, whoever has registered it.
    private func registered(_ key: SSHVerificationKey) -> RegisteredKey? {
        guard !connection.listener.userAuthorities.contains(where: { $0.authorities.keys.contains(key) }) else {
            return nil
        }
        return lane.registeredKey(key.blob)
    }

    private func isAcceptable(_ blob: [UInt8]) -> Bool {
        switch OfferedKey(blob) {
        case .key(let key)?:
            if registered(key) != nil { return true }
            refusedOffers.add(key)
            return false
        case .certificate(let certificate)?:
            do throws(SignInError) {
                _ = try lane.judge(certificate, by: connection.listener.userAuthorities, from: connection.host)
                return true
            } catch {
                // Its client does not sign now, so nobody would learn why. Those of other authorities are in many agents.
                if isOfAuthority(certificate) {
                    lane.recordSignInFailure(error, client: connection.client)
                    refusedOffers.areOnRecord = true
                } else {
                    refusedOffers.add(certificate.key)
                }
                return false
            }
        case nil: return false
        }
    }

    private func isOfAuthority(_ certificate: OpenSSHCertificate) -> Bool {
        certificate.authority == certificate.key
            || connection.listener.userAuthorities.contains { $0.authorities.keys.contains(certificate.authority) }
    }

    /// The machine has verified the signature over this connection's session identifier by the certified key, under what
    /// the certificate demands of it.
    private func judge(_ certificate: OpenSSHCertificate, _ attempt: UserAuthServer.Attempt) {
        do throws(SignInError) {
            switch try lane.judge(certificate, by: connection.listener.userAuthorities, from: connection.host) {
            case .certified(let certified):
                succeed(attempt, certified.callerAfterProof(), certified.permissions)
            case .openPubkey(let certificate):
                lane.signIn(with: certificate, client: connection.client).assumeIsolated().whenComplete { result in
                    switch result {
                    case .success(let certified):
                        self.succeed(attempt, certified.callerAfterProof(), certified.permissions)
                    // It is recorded already.
                    case .failure: self.failed()
                    }
                }
            }
        } catch {
            fail(error)
        }
    }

    // MARK: In a browser

    private func judge(_ answers: [String], _ attempt: UserAuthServer.Attempt) {
        switch asking {
        case .nothing: failed()
        case .forToken:
            asking = .nothing
            let token = answers.joined()
            if token.isEmpty { beginBrowser() } else { verify(token, attempt) }
        case .inBrowser(let browser):
            browser.caller.assumeIsolated().whenComplete { result in
                self.leaveBrowser(countingFailure: false)
                self.succeed(attempt, result)
            }
        }
    }

    private func beginBrowser() {
        guard let place = connection.services.browserSignIns.take(network, most: options.maximumBrowserSignIns) else {
            return fail(SignInError.device(.tooMany(options.maximumBrowserSignIns)))
        }
        lane.beginDeviceSignIn(client: connection.client).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let prompt): self.show(prompt, place)
            case .failure:
                place.leave()
                self.failed()
            }
        }
    }

    private func show(_ prompt: DevicePrompt, _ place: BrowserSignIns.Place) {
        guard !connection.peer.isEnded else {
            prompt.cancel()
            return place.leave()
        }
        // Before the client is asked, as what it has sent meanwhile is read then and may give this up; and the issuer is
        // asked from the start, so that whoever signs in before they press Enter does not wait.
        asking = .inBrowser(
            BrowserSignIn(
                prompt: prompt, place: place, caller: lane.finishDeviceSignIn(prompt, client: connection.client)))
        connection.giveTime(options.deviceSignInTimeout)
        let page = prompt.verificationURIComplete ?? prompt.verificationURI
        perform { server throws(TransportError) in
            try server.ask(
                name: "Sallyport",
                instruction:
                    "Sign in at \(page)\nThe code is \(prompt.userCode)\nDo so only if you have started this yourself.\n",
                prompts: ["Press Enter once you have signed in: "])
        }
    }

    private func leaveBrowser(countingFailure: Bool) {
        if case .inBrowser(let browser) = asking {
            browser.end()
            if countingFailure { failures.failed(network) }
        }
        asking = .nothing
    }
}

/// A person who was shown a page and a code.
private struct BrowserSignIn {
    let prompt: DevicePrompt
    let place: BrowserSignIns.Place
    let caller: EventLoopFuture<Caller>

    /// Nobody waits for the issuer any more.
    func end() {
        prompt.cancel()
        place.leave()
    }
}

/// The keys that a client asked about and that are nobody's: which they were tells apart a person whose key is not
/// registered yet and a stranger.
private struct RefusedOffers: CustomStringConvertible {
    private static let mostNamed = 3

    /// Whether an entry tells of one already.
    var areOnRecord = false
    private var named: [String] = []
    private var others = 0

    mutating func add(_ key: SSHVerificationKey) {
        if named.count < Self.mostNamed {
            named.append(SSHVerificationKey.fingerprint(of: key.blob))
        } else {
            others += 1
        }
    }

    var description: String {
        guard !named.isEmpty else { return "nothing that proves who it is" }
        let more = others == 0 ? "" : " and \(others) more"
        return "keys that nobody has registered (\(named.joined(separator: ", "))\(more))"
    }
}

/// What a client showed that is nobody's.
private struct SignInProblem: Error, CustomStringConvertible {
    let description: String
    init(_ what: String) { description = "the client showed \(what)" }
}
