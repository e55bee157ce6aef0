import GatewayCore
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Identifiers
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The gateway's own door for people: a REST API under `/api/v1`, small pages for approvers, and the transparency log's
/// files.
///
/// - The API takes bearer tokens alone, pages a cookie alone: a page of another site can neither call the API in a
///   person's name nor send a form.
/// - Every answer but the public ones was authorized by the policies in force; who may not read learns not even what exists.
/// - Bad input is answered by a problem document (RFC 9457) that says what to do, and never by status 500.
public final class Console: Service {
    private let options: ConsoleOptions
    private let backend: any ConsoleBackend
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let started = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    private let port = Mutex<Int?>(nil)

    /// - Throws: `ConsoleError` when it would not be safe to serve.
    public init(
        _ options: ConsoleOptions, backend: any ConsoleBackend, now: @escaping @Sendable () -> Timestamp = { .now },
        logger: Logger = Logger(label: "console")
    ) throws(ConsoleError) {
        try options.check()
        self.options = options
        self.backend = backend
        self.now = now
        self.logger = logger
    }

    /// The port that it listens on, once it does. For one caller.
    public func listeningPort() async -> Int? {
        for await port in started.stream { return port }
        return port.withLock { $0 }
    }

    public func run() async throws {
        let server: HTTPServerBuilder = .http1(configuration: .init(idleTimeout: .seconds(30)))
        // The routes need the port for the address of our own pages, so they are made once it is known.
        let responder = LateResponder()
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            responder: responder,
            server: try options.tls.map { try .tls(server, tlsConfiguration: $0) } ?? server,
            configuration: .init(address: .hostname(options.host, port: options.port), serverName: "Sallyport"),
            onServerRunning: { [self] channel in
                let listening = channel.localAddress?.port ?? options.port
                responder.set(self.responder(port: listening))
                port.withLock { $0 = listening }
                started.continuation.yield(listening)
                self.logger.info("the console is open", metadata: ["url": "\(url(port: listening))"])
            },
            logger: logger)
        defer { started.continuation.finish() }
        try await application.run()
    }

    private func url(port: Int) -> String {
        if let url = options.url { return url }
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        return "\(options.tls == nil ? "http" : "https")://\(host):\(port)"
    }

    private func responder(port: Int) -> ConsoleResponder {
        let url = url(port: port)
        return ConsoleResponder(
            routes: Self.routes(options, backend: backend, url: url, port: port, now: now),
            isEncrypted: url.hasPrefix("https://"), logger: logger)
    }

    /// All that the console answers.
    static func routes(
        _ options: ConsoleOptions, backend: any ConsoleBackend, url: String, port: Int,
        now: @escaping @Sendable () -> Timestamp
    ) -> [Route] {
        let isEncrypted = url.hasPrefix("https://")
        var origins: Set<String> = [url.lowercased()]
        // On this machine people use either name.
        if options.isLoopback && options.tls == nil {
            origins.formUnion(["http://127.0.0.1:\(port)", "http://localhost:\(port)"])
        }
        let browser = Browser(sessions: WebSessions(now: now), origins: origins, isEncrypted: isEncrypted)
        let codeSignIn =
            options.issuers.isEmpty
            ? nil : CodeSignIn(options.issuers, url: url, isEncrypted: isEncrypted, now: now)
        return FrontPage(browser: browser, url: url).routes
            + SignInPages(backend: backend, browser: browser, codeSignIn: codeSignIn).routes
            + ApprovalPages(backend: backend, browser: browser).routes
            + ApprovalsAPI(backend: backend).routes
            + SessionsAPI(backend: backend).routes
            + AuditAPI(backend: backend).routes
            + GatewayAPI(backend: backend).routes
            + SSHKeysAPI(backend: backend).routes
            + RetentionAPI(backend: backend).routes
            + LogMirror(backend: backend, isOpen: options.isTransparencyLogOpen).routes
    }
}

/// Answers 503 until it is told what to answer.
private final class LateResponder: HTTPResponder {
    typealias Context = ConsoleContext

    private let responder = Mutex<ConsoleResponder?>(nil)

    func set(_ new: ConsoleResponder) { responder.withLock { $0 = new } }

    func respond(to request: Request, context: Context) async throws -> Response {
        guard let responder = responder.withLock({ $0 }) else {
            return .problem(
                Problem(.serviceUnavailable, "starting", "The console is starting.", next: "Try again in a moment."))
        }
        return try await responder.respond(to: request, context: context)
    }
}
