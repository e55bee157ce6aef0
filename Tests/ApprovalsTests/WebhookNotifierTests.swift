import Crypto
import Foundation
import Identifiers
import Identity
import Logging
import NIOHTTP1
import Testing

@testable import Approvals

@Suite("WebhookNotifier")
struct WebhookNotifierTests {
    private let setup: Desk
    private static let secret = SymmetricKey(data: Data("0123456789abcdef".utf8))

    init() throws { setup = try Desk() }

    /// Lets a notifier run while `body` does.
    private func notifying(
        _ receiver: WebhookReceiver, _ change: (inout WebhookNotifier.Options) -> Void = { _ in },
        _ body: (WebhookNotifier) async throws -> Void
    ) async throws {
        var options = WebhookNotifier.Options(url: receiver.url, consoleURL: "https://gate.example") { Self.secret }
        options.firstPause = .milliseconds(1)
        options.longestPause = .milliseconds(5)
        change(&options)
        let notifier = try WebhookNotifier(options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await notifier.run() }
        try await body(notifier)
        running.cancel()
        try await running.value
        try await receiver.stop()
    }

    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    private func json(_ delivery: WebhookReceiver.Delivery) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(delivery.body)) as? [String: Any])
    }

    @Test("each step is told once, signed, in order")
    func steps() async throws {
        let receiver = try await WebhookReceiver()
        let rejected = try await setup.desk.ask(Ask.two)
        let approved = try await setup.desk.ask(digest: Ask.otherDigest)
        let asked = [rejected, approved]
        _ = try await setup.desk.reject(rejected)
        _ = try await setup.desk.approve(approved)
        _ = try await setup.desk.use(approved, digest: Ask.otherDigest)
        let lost = try await setup.desk.ask(digest: "lost")
        setup.clock.advance(by: .seconds(900))
        _ = await setup.desk.expireDue()
        #expect(asked.count == 2)
        try await notifying(receiver) { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            let got = await receiver.next(6)
            let bodies = try got.map(json)
            #expect(
                bodies.map { $0["event"] as? String } == [
                    "ticket.opened", "ticket.opened", "ticket.rejected", "ticket.approved", "ticket.opened",
                    "ticket.expired",
                ])
            #expect(got.map { $0.headers.first(name: "Sallyport-Event") } == bodies.map { $0["event"] as? String })
            #expect(got.map { $0.headers.first(name: "Sallyport-Delivery") } == bodies.map { $0["id"] as? String })
            #expect(Set(bodies.map { $0["id"] as? String }).count == 6)
            for delivery in got {
                let header = try #require(delivery.headers.first(name: "Sallyport-Signature"))
                #expect(WebhookSignature.isValid(header, for: delivery.body, secret: Self.secret))
                #expect(delivery.headers.first(name: "Content-Type") == "application/json")
                #expect(delivery.path == "/hook")
            }
            let ticket = try #require(bodies[2]["ticket"] as? [String: Any])
            #expect(ticket["id"] as? String == rejected.id.description)
            #expect(ticket["state"] as? String == "rejected")
            #expect(ticket["url"] as? String == "https://gate.example/approvals/\(rejected.id)")
            #expect(ticket["approver_groups"] as? [String] == ["approver", "sre"])
            #expect(ticket["approvals_needed"] as? Int == 2)
            let decision = try #require(bodies[2]["decision"] as? [String: Any])
            #expect((decision["approver"] as? [String: Any])?["subject"] as? String == "bob")
            #expect((bodies[5]["ticket"] as? [String: Any])?["id"] as? String == lost.id.description)
            #expect(bodies[5]["decision"] == nil)
        }
    }

    @Test("what people typed and what the command says stays inside, unless a filter passes it")
    func texts() async throws {
        let secretText = "4111 1111 1111 1111 \u{202e}"
        let ticket = try await setup.desk.open(
            requester: Callers.alice, target: "ledger", digest: Ask.digest, summary: "pay \(secretText)",
            requirements: [Ask.one], justification: "because \(secretText)")
        _ = try await setup.desk.decide(
            ticket.id, by: Callers.bob, verdict: .approve, justification: "ok \(secretText)")
        let plain = try await WebhookReceiver()
        try await notifying(plain) { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            for delivery in await plain.next(2) {
                #expect(!String(decoding: delivery.body, as: UTF8.self).contains("1111"))
            }
        }
        let filtered = try await WebhookReceiver()
        try await notifying(filtered) { options in
            options.text = { $0.replacingOccurrences(of: "4111 1111 1111 1111", with: "«PAN»") }
        } _: { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            let bodies = try await filtered.next(2).map(json)
            let told = try #require(bodies[1]["ticket"] as? [String: Any])
            #expect(told["summary"] as? String == "pay «PAN» ⟦U+202E⟧")
            #expect((bodies[1]["decision"] as? [String: Any])?["justification"] as? String == "ok «PAN» ⟦U+202E⟧")
        }
    }

    @Test(
        "what fails for now is tried again, with the same id and body",
        arguments: [
            WebhookReceiver.Answer(status: .internalServerError), .init(status: .tooManyRequests),
            .init(status: .serviceUnavailable, headers: ["Retry-After": "0"]), .init(hangsUp: true),
        ])
    func retries(answer: WebhookReceiver.Answer) async throws {
        let receiver = try await WebhookReceiver([answer, answer])
        _ = try await setup.desk.ask()
        try await notifying(receiver) { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            let got = await receiver.next(3)
            #expect(Set(got.map(\.body)).count == 1)
            #expect(Set(got.map { $0.headers.first(name: "Sallyport-Delivery") }).count == 1)
            try await until { notifier.counts.delivered == 1 }
            #expect(notifier.counts == .init(delivered: 1, failed: 0, dropped: 0))
        }
    }

    @Test(
        "what is refused for good is not tried again, nor is a redirect followed, and the next goes out",
        arguments: [HTTPResponseStatus.badRequest, .unauthorized, .notFound, .gone, .temporaryRedirect])
    func refused(status: HTTPResponseStatus) async throws {
        let elsewhere = try await WebhookReceiver()
        let receiver = try await WebhookReceiver([.init(status: status, headers: ["Location": elsewhere.url])])
        _ = try await setup.desk.ask()
        _ = try await setup.desk.ask(digest: Ask.otherDigest)
        try await notifying(receiver) { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            _ = await receiver.next(2)
            try await until { notifier.counts.delivered == 1 }
            #expect(notifier.counts == .init(delivered: 1, failed: 1, dropped: 0))
        }
        #expect(elsewhere.deliveries.isEmpty)
        try await elsewhere.stop()
    }

    @Test("after its attempts a notice is given up, and the next goes out")
    func givesUp() async throws {
        let receiver = try await WebhookReceiver(Array(repeating: .init(status: .badGateway), count: 3))
        _ = try await setup.desk.ask()
        _ = try await setup.desk.ask(digest: Ask.otherDigest)
        try await notifying(receiver) { options in
            options.attempts = 3
        } _: { notifier in
            for event in setup.audit.events { notifier.notify(event) }
            let got = await receiver.next(4)
            #expect(Set(got[0..<3].map(\.body)).count == 1 && got[3].body != got[0].body)
            try await until { notifier.counts.delivered == 1 }
            #expect(notifier.counts == .init(delivered: 1, failed: 1, dropped: 0))
        }
    }

    @Test(
        "a receiver that is down, or a secret that is missing or short, delays nobody and stops with the gateway",
        arguments: 0..<3)
    func down(fault: Int) async throws {
        struct Missing: Error {}
        let receiver = try await WebhookReceiver()
        let url = receiver.url
        if fault == 0 { try await receiver.stop() }
        try await notifying(receiver) { options in
            options.url = url
            options.attempts = 1000
            if fault == 1 { options.secret = { throw Missing() } }
            if fault == 2 { options.secret = { SymmetricKey(data: Data("short".utf8)) } }
        } _: { notifier in
            _ = try await setup.desk.ask()
            for event in setup.audit.events { notifier.notify(event) }
            try await Task.sleep(for: .milliseconds(20))
            #expect(notifier.counts == .init())
        }
        #expect(receiver.deliveries.isEmpty)
    }

    @Test("a full queue drops what comes, counts it and does not block")
    func fullQueue() async throws {
        _ = try await setup.desk.ask()
        let event = try #require(setup.audit.events.first)
        let options = {
            var options = WebhookNotifier.Options(url: "https://chat.example/hook", consoleURL: "") { Self.secret }
            options.queueLimit = 3
            return options
        }()
        let notifier = try WebhookNotifier(options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for _ in 0..<10 { notifier.notify(event) }
        #expect(notifier.counts.dropped == 7)
    }

    @Test(
        "only an encrypted receiver, or one on this machine, is accepted",
        arguments: [
            ("https://chat.example/hook", nil), ("http://127.0.0.1:1/", nil), ("http://localhost/x", nil),
            ("http://[::1]:8/x", nil), ("http://chat.example/", .notEncrypted("http://chat.example/")),
            ("http://127.0.0.1.chat.example/", .notEncrypted("http://127.0.0.1.chat.example/")),
            ("ftp://chat.example/", .notAURL("ftp://chat.example/")), ("", .notAURL("")), ("chat", .notAURL("chat")),
            ("https://user:word@chat.example/", .notAURL("https://user:word@chat.example/")),
            ("https:///hook", .notAURL("https:///hook")),
        ] as [(String, WebhookError?)])
    func urls(url: String, fault: WebhookError?) {
        let options = WebhookNotifier.Options(url: url, consoleURL: "") { Self.secret }
        if let fault {
            #expect(throws: fault) { try WebhookNotifier(options) }
        } else {
            #expect(throws: Never.self) { try WebhookNotifier(options) }
        }
    }
}
