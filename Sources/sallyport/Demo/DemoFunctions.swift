import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization

/// A small HTTP function service with made-up customers, for `sallyport demo`: a real upstream that asks for a key
/// which no caller has, and counts what it runs.
struct DemoFunctions: Service {
    /// What it wants in `X-Function-Key`; the gateway injects it.
    static let key = "demo-function-key-9f2c"

    let port: Int
    let logger: Logger
    private let ledger = RefundLedger()

    init(port: Int, logger: Logger) {
        self.port = port
        self.logger = logger
    }

    func run() async throws {
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
            logger: logger)
        try await application.run()
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: FunctionKeyCheck())
        router.get("customers/:id") { request, context in
            let id = try context.parameters.require("id")
            guard let customer = Self.customers.first(where: { $0.id == id }) else { throw HTTPError(.notFound) }
            return Self.json(customer.json)
        }
        router.get("customers") { _, _ in Self.json("[\(Self.customers.map(\.json).joined(separator: ","))]") }
        router.get("refunds") { [ledger] _, _ in Self.json("{\"refunds\":\(ledger.count)}") }
        router.post("refund") { [ledger] request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            return Self.json("{\"refund\":\"r-\(ledger.add())\",\"accepted\":\(String(buffer: body))}")
        }
        router.get("statement") { _, _ in
            let events = Self.customers.map { "event: line\ndata: \($0.json)\n\n" }.joined()
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: .init(byteBuffer: ByteBuffer(string: events)))
        }
        return router
    }

    private static func json(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: text + "\n")))
    }

    private struct Customer {
        let id: String
        let json: String
    }

    private static let customers = [
        Customer(
            id: "c-17",
            json: """
                {"id":"c-17","name":"Dana Reyes","email":"dana.reyes@example.com","ssn":"536-22-8741",\
                "card":{"number":"4111 1111 1111 1111","expires":"11/29"},"balance":1204.50}
                """),
        Customer(
            id: "c-18",
            json: """
                {"id":"c-18","name":"Noor Haddad","email":"noor@example.org","ssn":"219-09-9921",\
                "card":{"number":"5500005555555559","expires":"02/28"},"balance":88.00,\
                "note":"call +1 212 555 0143, pays from DE89370400440532013000"}
                """),
    ]
}

/// Counts refunds, so that the demo can show that an approved call ran once.
private final class RefundLedger: Sendable {
    private let refunds = Atomic(0)

    var count: Int { refunds.load(ordering: .acquiring) }

    func add() -> Int { refunds.add(1, ordering: .acquiringAndReleasing).newValue }
}

private struct FunctionKeyCheck: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext, next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let key = request.headers.first { $0.name.canonicalName == "x-function-key" }?.value
        guard key == DemoFunctions.key else {
            throw HTTPError(.unauthorized, message: "this function wants its key")
        }
        return try await next(request, context)
    }
}
