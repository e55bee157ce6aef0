import ConfigFile
import GatewayCore
import Identifiers
import Masking
import ServiceLifecycle

/// One adapter on a gateway of its own, and what the checks have found so far.
final class Trial {
    let gateway: KitGateway
    let driver: any AdapterDriver
    let witness: UpstreamWitness
    let patience: Duration
    var report = ConformanceReport()
    /// Everything that clients were told.
    private(set) var answers: [(command: ScriptedCommand, text: String)] = []
    private(set) var tokens: Set<String> = []
    private var services: ServiceGroup?
    private var running: Task<Void, any Error>?

    static let forbids = "kit-forbids"
    static let forbidsOpaque = "kit-forbids-opaque"
    static let advice = "Ask the owners of the kit."
    private static let target = "kit"

    init(_ driver: any AdapterDriver, patience: Duration) throws {
        self.driver = driver
        self.patience = patience
        gateway = try KitGateway(
            policy: Self.policy(driver), masking: [MaskingRuleSet(name: "kit", rules: driver.maskingRules)])
        witness = UpstreamWitness(gateway: gateway)
    }

    private static func policy(_ driver: any AdapterDriver) -> String {
        func permit(_ kind: ScriptedCommand.Kind, _ name: String, _ obligation: String = "") -> String {
            guard let condition = driver.condition(for: kind) else { return "" }
            return """
                @id("\(name)") @record("full") \(obligation)
                permit (principal in Group::"kit-callers", action, resource) when { \(condition) };

                """
        }
        return permit(.allowed, "kit-permits") + permit(.unanswered, "kit-permits-unanswered")
            + permit(.masked, "kit-masks", #"@mask("kit")"#)
            + permit(.needsApproval, "kit-approves", #"@approve("1 of kit-approvers within 10m")"#)
                + """
                @id("\(forbids)") @advice("\(advice)")
                forbid (principal, action, resource) when { \(driver.condition(for: .denied) ?? "false") };
                @id("\(forbidsOpaque)") @advice("\(advice)")
                forbid (principal, action, resource) when { context.opaque };

                """ + driver.furtherPolicy
    }

    // MARK: The adapter's life

    func start() async throws {
        let configuration = try await driver.startUpstream(witness)
        let declaration = driver.adapter.declaration
        let adapter = try driver.adapter.init(
            AdapterEnvironment(
                listeners: [
                    try ConfigDocument.load(
                        text: configuration.listener, file: "listener.yaml", keys: declaration.listenerKeys)
                ],
                targets: [
                    Target(
                        name: Self.target, kind: declaration.kind,
                        section: try ConfigDocument.load(
                            text: configuration.target, file: "target.yaml", keys: declaration.targetKeys))
                ], sessions: gateway.sessions, baseDirectory: gateway.folder, scratchDirectory: gateway.folder,
                eventLoops: driver.eventLoops, consoleURL: "http://127.0.0.1:1", logger: gateway.logger))
        let services = ServiceGroup(services: [adapter], logger: gateway.logger)
        self.services = services
        running = Task { try await services.run() }
        try await driver.adapterStarted(adapter)
    }

    /// Asks the adapter to stop, as the gateway does, and then ends the rest.
    func end() async throws {
        guard let running else { return }
        self.running = nil
        await services?.triggerGracefulShutdown()
        try await running.value
        try await driver.stop()
    }

    // MARK: Steps of checks

    func send(_ command: ScriptedCommand, as person: KitPerson = .caller) async throws -> ClientAnswer {
        try await send(command, token: gateway.token(for: person))
    }

    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer {
        let answer = try await sending(command, token: token).value
        note(answer, to: command)
        return answer
    }

    /// Sends without waiting; give the answer to `note` once it is there.
    func sending(_ command: ScriptedCommand, token: String?) -> Task<ClientAnswer, any Error> {
        witness.expect(command)
        if let token { tokens.insert(token) }
        let driver = driver
        return Task { try await driver.send(command, token: token) }
    }

    func note(_ answer: ClientAnswer, to command: ScriptedCommand) { answers.append((command, answer.text)) }

    /// Whether `condition` comes true within the patience.
    func eventually(_ condition: () throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + patience
        while try !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    /// The outcomes of `command`, once there is one.
    func outcomes(of command: ScriptedCommand) async throws -> [LogEntry] {
        var found: [LogEntry] = []
        _ = try await eventually {
            let entries = try gateway.entries()
            found = entries.intents(with: command.marker).flatMap { entries.outcomes(of: $0) }
            return !found.isEmpty
        }
        return found
    }

    // MARK: Findings

    /// Runs a check when the protocol has a command of this kind.
    func run(
        _ check: ConformanceCheck, needs kind: ScriptedCommand.Kind? = nil, _ body: () async throws -> Void
    ) async throws {
        if let kind, kind != .opaque, driver.condition(for: kind) == nil {
            report.skipped.append(check)
            return
        }
        report.checks.append(check)
        try await body()
    }

    func expect(_ holds: Bool, _ check: ConformanceCheck, _ otherwise: @autoclosure () -> String) {
        if !holds { report.findings.append(.init(check: check, message: otherwise())) }
    }

    /// What holds of each command that policy let run.
    func expectRan(_ command: ScriptedCommand, _ check: ConformanceCheck) {
        let arrivals = witness.arrivals(of: command)
        expect(arrivals.count == 1, check, "the command reached the upstream \(arrivals.count) times")
        expect(
            arrivals.allSatisfy(\.hadOpenIntent), check,
            "the command was at the upstream before the log held its intent, or after it held its outcome")
    }

    func expectNotRun(_ command: ScriptedCommand, _ check: ConformanceCheck) {
        expect(witness.arrivals(of: command).isEmpty, check, "the command reached the upstream")
    }

    /// A refusal in the protocol's words that holds each of `words`.
    func expectRefused(_ answer: ClientAnswer, saying words: [String], _ check: ConformanceCheck) {
        expect(answer.result == .refused, check, "the client was not refused but \(answer.result)")
        for word in words {
            expect(answer.text.contains(word), check, "the refusal does not say \"\(word)\": \(answer.text)")
        }
    }
}
