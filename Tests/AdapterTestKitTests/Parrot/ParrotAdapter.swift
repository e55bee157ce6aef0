import ConfigFile
import Foundation
import GatewayCore
import NIOCore
import ServiceLifecycle
import Synchronization

/// The smallest adapter that keeps all promises, and the ways in which it can be made to break one.
///
/// Its protocol: a client says one line, a word for what it wants and a marker. The answer is a line that begins with
/// `OK`, `WAIT`, `NO` or `GONE`. There are no sockets, only event loops.
final class ParrotAdapter: ProtocolAdapter {
    enum Fault: String, CaseIterable {
        case none
        case forwardsBeforeRecording = "forwards-before-recording"
        case forwardsForStrangers = "forwards-for-strangers"
        case masksOnlyWholeAnswers = "masks-only-whole-answers"
        case recordsUnmasked = "records-unmasked"
        case swallowsOutcomes = "swallows-outcomes"
        case dropsPermits = "drops-permits"
        case forgetsCallersThatLeave = "forgets-callers-that-leave"
        case refusesWithoutReason = "refuses-without-reason"
        case runsApprovedCommandsTwice = "runs-approved-commands-twice"
        case hidesWhatIsOpaque = "hides-what-is-opaque"
        case statesUndeclaredFacts = "states-undeclared-facts"
        case echoesItsCredential = "echoes-its-credential"
        case namesParametersWrongly = "names-parameters-wrongly"
        case neverEndsSessions = "never-ends-sessions"
    }

    static let declaration = AdapterDeclaration(
        kind: "parrot", summary: "Repeats what it hears.",
        listenerKeys: [
            ConfigKey("fault", .choice(Fault.allCases.map(\.rawValue)), required: true, summary: "What it does wrong.")
        ],
        targetKeys: [
            ConfigKey("perch", .string, required: true, summary: "The upstream."),
            ConfigKey("password", .string, required: true, summary: "What the upstream wants to hear first."),
        ],
        actions: [ActionDeclaration("parrot.say", summary: "Says something.")],
        resourceTypes: [ResourceTypeDeclaration("Word", summary: "What is said.")],
        facts: [FactDeclaration("opaque", .bool, summary: "It was not understood.")])

    let fault: Fault
    let target: Target
    let perch: ParrotUpstream
    let sessions: SessionManager
    /// All calls run on it.
    let eventLoop: any EventLoop
    private let calls: NIOLoopBoundBox<[ParrotCall]>

    init(_ environment: AdapterEnvironment) throws {
        guard let listener = environment.listeners.first, let target = environment.targets.first,
            let fault = listener.string("fault").flatMap(Fault.init),
            let perch = ParrotUpstream.named(target.section.string("perch") ?? "")
        else { throw ParrotError() }
        self.fault = fault
        self.target = target
        self.perch = perch
        sessions = environment.sessions
        eventLoop = environment.eventLoops.next()
        calls = .makeBoxSendingValue([], eventLoop: eventLoop)
    }

    var password: String { target.section.string("password") ?? "" }

    func run() async throws {
        try? await gracefulShutdown()
        try await eventLoop.submit { [calls] in
            for call in calls.value { call.gatewayStops() }
            calls.value = []
        }.get()
    }

    /// Says `line`; the answer is the whole of what the client hears.
    func say(_ line: String, token: String?) async throws -> String {
        try await eventLoop.flatSubmit { [self] in
            let call = ParrotCall(adapter: self, line: line)
            calls.value.append(call)
            call.start(token: token)
            return call.answer.futureResult
        }.get()
    }

    func hangUp() async throws {
        try await eventLoop.submit { [calls] in for call in calls.value { call.callerLeft() } }.get()
    }
}

struct ParrotError: Error {}

/// What the adapter speaks to. Found by name, as a server is by its address.
final class ParrotUpstream: Sendable {
    private static let perches = Mutex<[String: ParrotUpstream]>([:])
    /// Bytes of an answer, or `nil` when the upstream is gone.
    typealias Listener = @Sendable ([[UInt8]]?) -> Void

    private let name: String
    private let hear: @Sendable (String) -> [[UInt8]]?
    private let waiting = Mutex<[UUID: Listener]>([:])

    /// - Parameter hear: What it answers to a line, piece by piece; `nil` for nothing.
    init(name: String, _ hear: @escaping @Sendable (String) -> [[UInt8]]?) {
        self.name = name
        self.hear = hear
        Self.perches.withLock { $0[name] = self }
    }

    static func named(_ name: String) -> ParrotUpstream? { perches.withLock { $0[name] } }

    func say(_ line: String, _ listener: @escaping Listener) {
        // Waits before it is heard: once it is, the parrot may fly away at any moment.
        let id = UUID()
        waiting.withLock { $0[id] = listener }
        guard let answer = hear(line) else { return }
        if waiting.withLock({ $0.removeValue(forKey: id) }) != nil { listener(answer) }
    }

    func close() {
        Self.perches.withLock { $0[name] = nil }
        flyAway()
    }

    /// Leaves everyone without an answer who waits for one.
    func flyAway() {
        let left = waiting.withLock { waiting in
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        for listener in left { listener(nil) }
    }
}
