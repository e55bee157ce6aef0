import Foundation
import Synchronization

/// A whole gateway as its own process, with its configuration in a folder that goes away with it.
final class TestGateway: Sendable {
    let folder: URL
    let port: Int
    let consolePort: Int
    /// Where it listens for PostgreSQL, when it is asked to.
    let postgresPort: Int?
    /// Where it listens for SSH, when it is asked to.
    let sshPort: Int?
    let issuer: TestIssuer
    private let running: RunningProcessBox
    private let scheme: String
    private let upstreams: [any Sendable]

    /// What a test may change before the start.
    struct Options: Sendable {
        /// The `targets:` list, in YAML, each line indented by two.
        var targets: String
        var policy = Options.usualPolicy
        /// More top-level YAML.
        var extra = ""
        var maskingRules = Options.usualMasking
        var listener = ""
        /// The keys of a listener for PostgreSQL, in YAML's flow style with a comma before each; `nil` for none.
        var postgresListener: String?
        /// The same of a listener for SSH.
        var sshListener: String?
        /// Keys of the issuer, in YAML's flow style.
        var issuerKeys = "groups: {claim: groups}"
        /// Keys of `audit`, in YAML's flow style with a comma before each.
        var audit = ""
        /// Any that is free without one.
        var consolePort: Int?
        var environment: [String: String] = [:]
        /// The servers behind the gateway: they live as long as it does.
        var upstreams: [any Sendable] = []
        /// Of the listener: `https` where it has `tls`.
        var scheme = "http"
        /// Gets the gateway's folder before the start, for files that the configuration names.
        var prepare: @Sendable (URL) async throws -> Void = { _ in }

        init(targets: String) { self.targets = targets }

        static let usualMasking = """
                  - {field: ssn, transform: keep-last 4}
                  - {detector: PAN, transform: keep-last 4}
                  - {detector: EMAIL_ADDRESS, transform: redact}
            """

        static let usualPolicy = """
            @id("payments-may-read") @mask("customer-pii") @record("full")
            permit (principal in Group::"payments", action in Action::"http.read", resource);
            @id("payments-may-write") @mask("customer-pii") @record("full")
            permit (principal in Group::"payments", action in Action::"http.write", resource)
            unless { resource.name like "refund*" || resource.name like "export*" };
            @id("refunds-need-approval") @approve("1 of approver within 15m") @mask("customer-pii") @record("full")
            permit (principal in Group::"payments", action == Action::"http.post", resource)
            when { resource.name like "refund*" };
            @id("no-export") @advice("Ask the data office for an export.")
            forbid (principal, action, resource) when { resource.name like "export*" };
            @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
            @id("approvers-decide") permit (principal in Group::"approver", action in Action::"console.approvals", resource);
            """
    }

    init(_ options: Options, issuer: TestIssuer) async throws {
        self.issuer = issuer
        upstreams = options.upstreams
        scheme = options.scheme
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Leftovers.add(folder: folder)
        port = try Tools.freePort()
        consolePort = try options.consolePort ?? Tools.freePort()
        postgresPort = try options.postgresListener == nil ? nil : Tools.freePort()
        let postgresListener = postgresPort.map {
            "  - {adapter: postgres, listen: \"127.0.0.1:\($0)\"\(options.postgresListener ?? "")}"
        }
        sshPort = try options.sshListener == nil ? nil : Tools.freePort()
        let sshListener = sshPort.map {
            "  - {adapter: ssh, listen: \"127.0.0.1:\($0)\"\(options.sshListener ?? "")}"
        }
        let configuration = """
            state: state
            identity:
              issuers:
                - {issuer: "\(issuer.url)", audiences: ["\(issuer.clientID)"], client_id: "\(issuer.clientID)", \(options.issuerKeys)}
            listeners:
              - {adapter: http, listen: "127.0.0.1:\(port)"\(options.listener)}
            \(postgresListener ?? "")
            \(sshListener ?? "")
            targets:
            \(options.targets)
            policy: {files: [policy.cedar]}
            masking:
              rule_sets:
                - name: customer-pii
                  rules:
            \(options.maskingRules)
            approvals: {groups: [approver]}
            console: {listen: "127.0.0.1:\(consolePort)"}
            audit: {origin: test.sallyport.example/log\(options.audit)}
            \(options.extra)
            """
        try configuration.write(
            to: folder.appendingPathComponent("sallyport.yaml"), atomically: true, encoding: .utf8)
        try options.policy.write(
            to: folder.appendingPathComponent("policy.cedar"), atomically: true, encoding: .utf8)
        try await options.prepare(folder)
        running = RunningProcessBox(folder: folder, environment: options.environment)
        try await start()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var url: String { "\(scheme)://127.0.0.1:\(port)" }
    var consoleURL: String { "http://127.0.0.1:\(consolePort)" }
    var stateFolder: URL { folder.appendingPathComponent("state") }
    var auditFolder: URL { stateFolder.appendingPathComponent("audit") }
    var process: RunningProcess { get throws { try running.current } }

    func start() async throws {
        let process = try running.start()
        try await Tools.waitForPort(port, of: process)
        try await Tools.waitForPort(consolePort, of: process)
        for port in [postgresPort, sshPort].compactMap({ $0 }) { try await Tools.waitForPort(port, of: process) }
    }

    func stop() async throws -> Int32 { try await running.current.stop() }

    /// As if the machine's memory had failed: no handler runs.
    func kill() async throws {
        try running.current.signal(SIGKILL)
        _ = try await running.current.exit()
    }

    /// Runs one of the gateway's own commands beside it, as `user` where it signs in.
    func command(_ arguments: String..., token: String? = nil) async throws -> RunningProcess.Finished {
        var environment = ["SALLYPORT_CONSOLE": consoleURL, "SALLYPORT_HOME": folder.path]
        if let token { environment["SALLYPORT_TOKEN"] = token }
        return try await RunningProcess.run(
            try Tools.sallyport, arguments, in: folder, environment: environment)
    }

    /// What `sallyport audit verify` says of the log, or the schema of its entries, when that is not "good".
    ///
    /// - Parameter bySchema: Whether entries are held against the schema too, which takes a while where there are many.
    func auditFault(bySchema: Bool = true) async throws -> String? {
        let verified = try await command("audit", "verify", "--config", "sallyport.yaml")
        guard verified.status == 0 else { return "\(verified.output)\(verified.errors)" }
        guard bySchema else { return nil }
        let wrong = try await schemaFindings().wrong
        return wrong.isEmpty ? nil : wrong.joined(separator: "\n")
    }

    /// The outcomes on record, each with the text of its command.
    func outcomes() async throws -> [RecordedOutcome] { RecordedOutcome.all(in: try await auditEntries()) }

    /// Every entry of the audit log, the oldest first: in the log itself those of two event loops may stand the other
    /// way around for one round of the sequencer.
    func auditEntries() async throws -> [[String: Any]] {
        let dated = try await auditEntriesInLogOrder().enumerated().map {
            // All of one length, so text compares as moments do.
            (time: $0.element["time"] as? String ?? "", index: $0.offset, entry: $0.element)
        }
        return dated.sorted { ($0.time, $0.index) < ($1.time, $1.index) }.map(\.entry)
    }

    /// Every entry of the audit log, as `sallyport audit export` prints them.
    func auditEntriesInLogOrder() async throws -> [[String: Any]] {
        let finished = try await command("audit", "export", "--config", "sallyport.yaml")
        guard finished.status == 0 else { throw TestFailure("audit export: \(finished.errors)") }
        return finished.output.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }
}

/// A command's outcome as the audit log has it.
struct RecordedOutcome: Sendable {
    let command: String
    let kind: String
    let status: String
    let reason: String?

    static func all(in entries: [[String: Any]]) -> [RecordedOutcome] {
        var texts: [String: String] = [:]
        for entry in entries where entry["kind"] as? String == "intent" {
            guard let id = entry["id"] as? String, let command = entry["command"] as? [String: Any] else { continue }
            texts[id] = command["text"] as? String
        }
        return entries.compactMap { entry in
            guard entry["kind"] as? String == "outcome", let id = entry["command"] as? String,
                let outcome = entry["outcome"] as? [String: Any]
            else { return nil }
            return RecordedOutcome(
                command: texts[id] ?? "unknown", kind: outcome["kind"] as? String ?? "",
                status: outcome["status"] as? String ?? "", reason: outcome["reason"] as? String)
        }
    }
}

/// The gateway's process, which a test may end and start again.
private final class RunningProcessBox: Sendable {
    private let process = Mutex<RunningProcess?>(nil)
    private let folder: URL
    private let environment: [String: String]

    init(folder: URL, environment: [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    var current: RunningProcess {
        get throws {
            guard let process = process.withLock({ $0 }) else { throw TestFailure("the gateway was not started") }
            return process
        }
    }

    func start() throws -> RunningProcess {
        let started = try RunningProcess(
            try Tools.sallyport, ["serve", "--config", "sallyport.yaml"], in: folder, environment: environment)
        process.withLock { $0 = started }
        return started
    }
}
