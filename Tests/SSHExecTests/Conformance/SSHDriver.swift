import AdapterTestKit
import Foundation
import GatewayCore
import Masking
import NIOCore
import NIOPosix
import Synchronization

@testable import SSHExec

/// Tries the SSH adapter: commands are programs by name, with the marker as an argument.
final class SSHDriver: AdapterDriver {
    /// How a command carries a value that only its name tells to be regulated.
    enum Naming {
        /// Not at all: text has no fields, so the adapter takes no rule that knows names. It comes on the standard input.
        case input
        /// In the command, under a rule that knows its name. The adapter may refuse such a command, but it records it.
        case command
    }

    let naming: Naming
    let adapter: any ProtocolAdapter.Type = SSHExecAdapter.self
    let credential: String? = "the-hosts-own-secret"
    let eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    private let secret = "\(NSTemporaryDirectory())sallyport-conformance-\(UUID().uuidString)"
    private let state = Mutex(State())

    private struct State {
        var gateway: SocketAddress?
        var host: ConformanceHost?
        /// The client's connection that waits for an answer.
        var waiting: (any Channel)?
    }

    init(_ naming: Naming) { self.naming = naming }

    func condition(for kind: ScriptedCommand.Kind) -> String? { "resource.name == \"\(Self.program(kind))\"" }

    var maskingRules: [MaskingRule] {
        // Variables that come beside the command line are parameters by the second name.
        let names = naming == .command ? ["ssn", "env.KIT_SSN"] : []
        return names.map { MaskingRule(selector: .field($0), transform: .redact) }
            + [MaskingRule(selector: .detector(.ssn), transform: .keepLast(2))]
    }

    private static func program(_ kind: ScriptedCommand.Kind) -> String { "\(kind)-tool".lowercased() }

    func startUpstream(_ witness: UpstreamWitness) async throws -> DriverConfiguration {
        let host = try await ConformanceHost(eventLoops, witness, password: credential ?? "")
        state.withLock { $0.host = host }
        try credential?.write(toFile: secret, atomically: true, encoding: .utf8)
        chmod(secret, 0o600)
        return DriverConfiguration(
            listener: "listen: \"127.0.0.1:0\"",
            target: """
                address: "127.0.0.1:\(host.port)"
                login: kit
                password: "file:\(secret)"
                host_keys: ["\(host.fingerprint)"]
                environment: [KIT_SSN]
                """)
    }

    func adapterStarted(_ adapter: any ProtocolAdapter) async throws {
        guard let adapter = adapter as? SSHExecAdapter else { return }
        while adapter.addresses.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        state.withLock { $0.gateway = adapter.addresses.first }
    }

    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer {
        guard let address = state.withLock({ $0.gateway }) else { throw ChannelError.unknownLocalAddress }
        let answer = eventLoops.next().makePromise(of: ClientAnswer.self)
        let program = Program(line: line(command), variables: variables(command), input: input(command))
        let channel = try await ClientBootstrap(group: eventLoops)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = SSHTransport(
                        .client(verify: HostKeyVerification.isSigned), .client, softwareVersion: "ConformanceClient")
                    let peer = SSHPeer(channel, transport, writeTimeout: .seconds(60))
                    // Without a token as somebody who presses Enter where a password is asked for.
                    let client = Client(token: token ?? "", program, answer)
                    peer.delegate = client
                    try channel.pipeline.syncOperations.addHandlers([peer, client])
                }
            }
            .connect(to: address).get()
        if command.kind == .unanswered { state.withLock { $0.waiting = channel } }
        let answered = try await answer.futureResult.get()
        // Until the gateway has closed too it may not have seen that this caller left, and one that still waited for an
        // approval could use it up.
        let patience = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        try? await channel.close(mode: .output)
        try? await channel.closeFuture.get()
        patience.cancel()
        return answered
    }

    private func line(_ command: ScriptedCommand) -> String {
        switch command.kind {
        // Each way in which a command line carries a value under a name: a variable, a long option, a form's field.
        case .masked where naming == .command:
            "ssn=\(command.named) \(Self.program(.masked)) --ssn=\(command.named) -d 'ssn=\(command.named)' "
                + command.marker
        case .opaque: "eval \"$X\" \(command.marker)"
        case .allowed, .denied, .needsApproval, .masked, .unanswered: "\(Self.program(command.kind)) \(command.marker)"
        }
    }

    /// What is sent before the command line, in requests of its own.
    private func variables(_ command: ScriptedCommand) -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        if command.kind == .masked, naming == .command { variables.append(("KIT_SSN", command.named)) }
        if let words = command.justification { variables.append((Refusal.justificationVariable, words)) }
        return variables
    }

    private func input(_ command: ScriptedCommand) -> String {
        command.kind == .masked && naming == .input ? "\(command.named)\n" : ""
    }

    func cut(_ side: ScriptedCommand.Side) async throws {
        switch side {
        case .caller: try await state.withLock { $0.waiting }?.close()
        case .upstream: await state.withLock { $0.host }?.hangUp()
        }
    }

    func stop() async throws {
        try FileManager.default.removeItem(atPath: secret)
        try await state.withLock { $0.host }?.stop()
    }
}

/// What a client wants to have run.
private struct Program {
    let line: String
    let variables: [(name: String, value: String)]
    let input: String
}

/// Signs in with its token as the password, runs one program, and collects all that it is told. A handler too, so
/// that it lives as long as the channel: the peer knows it weakly.
private final class Client: SSHPeerDelegate, ChannelInboundHandler {
    typealias InboundIn = Never

    private let token: String
    private let program: Program
    private let answer: EventLoopPromise<ClientAnswer>
    private var signIn: UserAuthClient?
    private var output = ByteBuffer()
    private var complaints = ByteBuffer()
    private var exitStatus: UInt32?

    init(token: String, _ program: Program, _ answer: EventLoopPromise<ClientAnswer>) {
        self.token = token
        self.program = program
        self.answer = answer
    }

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) {
        let signIn = UserAuthClient(
            login: "kit", credential: .password(token), sessionIdentifier: peer.transport.sessionIdentifier)
        peer.send(signIn.start())
        self.signIn = signIn
    }

    func peer(_ peer: SSHPeer, received message: ByteBuffer) {
        do throws(UserAuthClient.Failure) {
            let step = try signIn?.receive(message, signatureAlgorithms: nil)
            for message in step?.messages ?? [] { peer.send(message) }
            guard step?.isSignedIn == true else { return }
            peer.isAuthenticated = true
            _ = peer.connection.open(type: "session")
            peer.setNeedsFlush()
        } catch {
            answer.succeed(ClientAnswer(.refused, "\(error)"))
        }
    }

    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) {
        switch event {
        case .opened(let id): start(in: PeerChannel(id: id, peer: peer))
        case .openFailed(_, let failure): answer.succeed(ClientAnswer(.refused, failure.text))
        case .request(_, let request):
            if case .status(let status)? = ProgramExit(request) { exitStatus = status }
        case .data(let id, let stream, let bytes):
            if stream == .standard {
                output.writeImmutableBuffer(bytes)
            } else {
                complaints.writeImmutableBuffer(bytes)
            }
            peer.connection.consume(id, bytes.readableBytes)
            if stream == .error, text.contains("waits for approval") { answer.succeed(ClientAnswer(.pending, text)) }
        case .closed: finish()
        default: break
        }
        peer.setNeedsFlush()
    }

    private func start(in channel: PeerChannel) {
        for variable in program.variables {
            var details = ByteBuffer()
            details.writeSSHText(variable.name)
            details.writeSSHText(variable.value)
            channel.sendRequest("env", wantsReply: false, details: details)
        }
        var details = ByteBuffer()
        details.writeSSHText(program.line)
        channel.sendRequest("exec", wantsReply: true, details: details)
        channel.send(.standard, ByteBuffer(string: program.input))
        channel.sendEOF()
    }

    func peerBecameWritable(_ peer: SSHPeer) {}

    func peer(_ peer: SSHPeer, ended reason: String) { finish() }

    /// One stream after the other: a value within one of them must not be hidden by bytes of the other.
    private var text: String { "\(String(buffer: output))\n\(String(buffer: complaints))" }

    // Without effect once the answer was whole.
    private func finish() {
        switch exitStatus {
        case 0: answer.succeed(ClientAnswer(.answered, text))
        // Both with the gateway's reason on the standard error; the kit's programs never fail by themselves.
        case Notice.refusedStatus, Notice.failedStatus: answer.succeed(ClientAnswer(.refused, text))
        default: answer.succeed(ClientAnswer(.broken, text))
        }
    }
}
