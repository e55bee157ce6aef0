import Foundation
import Identifiers
import Logging
import StrictJSON
import Synchronization
import Testing

@testable import Identity

/// The endpoints of an issuer that answers as a test says, one answer a question; the last stays.
final class ScriptedForms: FormPoster {
    enum Answer {
        case json(Int, JSONValue)
        case down
    }

    private struct State {
        var answers: [String: [Answer]]
        var asked: [(url: String, fields: [String: String])] = []
    }

    private let state: Mutex<State>

    init(_ answers: [String: [Answer]]) { state = Mutex(State(answers: answers)) }

    var asked: [(url: String, fields: [String: String])] { state.withLock { $0.asked } }

    func post(_ fields: [(String, String)], to url: String) async throws -> (status: Int, body: [UInt8]) {
        let answer = state.withLock { state -> Answer? in
            state.asked.append((url, Dictionary(fields, uniquingKeysWith: { "\($0),\($1)" })))
            if (state.answers[url]?.count ?? 0) > 1 { return state.answers[url]?.removeFirst() }
            return state.answers[url]?.first
        }
        switch answer {
        case .json(let status, let body): return (status, body.canonicalBytes)
        case .down, nil: throw DocumentError.unreachable(url: url, "down")
        }
    }
}

/// An issuer's metadata, and nothing else of it.
private struct MetadataOnly: DocumentFetcher {
    var issuer = "https://login.example.com"
    var hasDeviceFlow = true

    func fetch(_ url: String) async throws -> FetchedDocument {
        var document: [JSONMember] = [
            JSONMember("issuer", .string(issuer)), JSONMember("jwks_uri", "https://login.example.com/keys"),
            JSONMember("token_endpoint", .string(DeviceAuthorizationTests.tokens)),
        ]
        if hasDeviceFlow {
            document.append(JSONMember("device_authorization_endpoint", .string(DeviceAuthorizationTests.devices)))
        }
        return FetchedDocument(bytes: JSONValue.object(document).canonicalBytes, maximumAge: nil)
    }
}

@Suite("Signing in on another device")
struct DeviceAuthorizationTests {
    static let tokens = "https://login.example.com/token"
    static let devices = "https://login.example.com/device_authorization"
    static let code: JSONValue = [
        "device_code": "d-1", "user_code": "WDJB-MJHT", "verification_uri": "https://login.example.com/device",
        "verification_uri_complete": "https://login.example.com/device?user_code=WDJB-MJHT", "expires_in": 900,
        "interval": 5,
    ]

    static func problem(_ code: String, _ text: String? = nil) -> ScriptedForms.Answer {
        .json(400, text.map { ["error": .string(code), "error_description": .string($0)] } ?? ["error": .string(code)])
    }

    /// What came of one run: the grant or the error, how long was waited each time, and what the issuer was asked.
    private func run(
        begin: ScriptedForms.Answer = .json(200, code), _ polls: [ScriptedForms.Answer]
    ) async throws -> (result: Result<String, DeviceAuthorizationError>, waits: [Duration], forms: ScriptedForms) {
        let forms = ScriptedForms([Self.devices: [begin], Self.tokens: polls])
        let clock = TestClock()
        let waits = Mutex<[Duration]>([])
        let authorization = try DeviceAuthorization(
            metadata: await IssuerMetadata.fetch(MetadataOnly().issuer, through: MetadataOnly()),
            endpoint: IssuerTokenEndpoint(url: Self.tokens, clientID: "cli", clientSecret: "s&cret", forms: forms),
            scopes: ["openid", "groups"], now: { clock.now },
            sleep: { duration in
                try Task.checkCancellation()
                waits.withLock { $0.append(duration) }
                clock.advance(duration)
            })
        let result: Result<String, DeviceAuthorizationError>
        do throws(DeviceAuthorizationError) {
            result = .success(try await authorization.token(for: try await authorization.begin()))
        } catch {
            result = .failure(error)
        }
        return (result, waits.withLock { $0 }, forms)
    }

    @Test("the code is asked for, and the token as soon as the person has confirmed")
    func granted() async throws {
        let (result, waits, forms) = try await run([
            Self.problem("authorization_pending"), Self.problem("authorization_pending"),
            .json(200, ["id_token": "t-1", "access_token": "a"]),
        ])
        #expect(try result.get() == "t-1")
        #expect(waits == [.seconds(5), .seconds(5), .seconds(5)])
        #expect(forms.asked.map(\.url) == [Self.devices, Self.tokens, Self.tokens, Self.tokens])
        #expect(forms.asked[0].fields["scope"] == "openid groups")
        #expect(
            forms.asked[1].fields == [
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "d-1", "client_id": "cli",
                "client_secret": "s&cret",
            ])
    }

    @Test("slow_down adds five seconds for good")
    func slowDown() async throws {
        let (result, waits, _) = try await run([
            Self.problem("slow_down"), Self.problem("authorization_pending"), Self.problem("slow_down"),
            .json(200, ["id_token": "t"]),
        ])
        #expect(try result.get() == "t")
        #expect(waits == [.seconds(5), .seconds(10), .seconds(10), .seconds(15)])
    }

    @Test("an issuer that does not answer is asked again more slowly, and given up after the third time in succession")
    func unreachable() async throws {
        let passing = try await run([
            .down, .json(503, ["busy": true]), Self.problem("authorization_pending"), .down, .down,
            .json(200, ["id_token": "t"]),
        ])
        #expect(try passing.result.get() == "t")
        #expect(passing.waits.map(\.components.seconds) == [5, 10, 20, 20, 40, 60])
        let lasting = try await run([.down])
        #expect(throws: DeviceAuthorizationError.unreachable("\(Self.tokens) cannot be reached (down)")) {
            try lasting.result.get()
        }
        #expect(lasting.waits.count == 3)
    }

    private static let refusals: [(poll: ScriptedForms.Answer, DeviceAuthorizationError)] = [
        (problem("access_denied"), .denied), (problem("expired_token"), .expired),
        (problem("invalid_grant", "no such code"), .refused("invalid_grant", "no such code")),
        (problem("authorization_pending"), .expired),
        (
            .json(200, ["access_token": "a"]),
            .unusable("\(tokens) is not as expected: it gave no ID token; the client cli needs the scope openid")
        ),
    ]

    @Test("each way in which nobody signs in has its own error", arguments: refusals.indices)
    func refused(index: Int) async throws {
        let outcome = try await run([Self.refusals[index].poll])
        #expect(throws: Self.refusals[index].1) { try outcome.result.get() }
    }

    @Test("a code that nobody confirms is not asked for beyond its end")
    func expires() async throws {
        let outcome = try await run([Self.problem("authorization_pending")])
        #expect(outcome.waits.count == 900 / 5)
    }

    private static func changed(_ name: String, _ value: JSONValue) -> JSONValue {
        .object((code.object ?? []).filter { $0.name != name } + (value == .null ? [] : [JSONMember(name, value)]))
    }

    private static let beginnings: [(ScriptedForms.Answer, code: String)] = [
        (problem("unauthorized_client", "not for you"), "device-refused"), (.down, "device-unreachable"),
        (.json(404, ["message": "nothing here"]), "device-unreachable"),
        (.json(200, changed("device_code", .null)), "device-unusable"),
        (.json(200, changed("user_code", .null)), "device-unusable"),
        (.json(200, changed("verification_uri", .null)), "device-unusable"),
        (.json(200, changed("user_code", "\u{1b}[2J")), "device-unusable"),
        (.json(200, changed("verification_uri", "https://a/\u{202e}")), "device-unusable"),
        (.json(200, changed("verification_uri_complete", "https://a/\nhttps://b/")), "device-unusable"),
    ]

    @Test("an answer without a code, or with one that would steer a terminal, begins nothing", arguments: 0..<9)
    func unusable(index: Int) async throws {
        let (begin, code) = Self.beginnings[index]
        let outcome = try await run(begin: begin, [.json(200, ["id_token": "t"])])
        #expect { try outcome.result.get() } throws: { ($0 as? DeviceAuthorizationError)?.code == code }
        #expect(outcome.forms.asked.count == 1)
    }

    @Test("an issuer without the flow says so before anything is asked")
    func notOffered() async throws {
        let metadata = try await IssuerMetadata.fetch(
            MetadataOnly().issuer, through: MetadataOnly(hasDeviceFlow: false))
        let endpoint = IssuerTokenEndpoint(
            url: Self.tokens, clientID: "cli", clientSecret: nil, forms: ScriptedForms([:]))
        #expect(throws: DeviceAuthorizationError.notOffered("https://login.example.com")) {
            try DeviceAuthorization(metadata: metadata, endpoint: endpoint, scopes: [])
        }
    }
}

@Suite("Signing in on another device through the gateway")
struct DeviceSignInsTests {
    private static let pending = DeviceAuthorizationTests.problem("authorization_pending")

    private func signIns(
        _ polls: [ScriptedForms.Answer], clientID: String? = "cli", hasDeviceFlow: Bool = true, interval: JSONValue = 1
    ) -> DeviceSignIns {
        var quick = DeviceAuthorizationTests.code.object ?? []
        quick.removeAll { $0.name == "interval" }
        quick.append(JSONMember("interval", interval))
        let forms = ScriptedForms([
            DeviceAuthorizationTests.devices: [.json(200, .object(quick))], DeviceAuthorizationTests.tokens: polls,
        ])
        let fetcher = MetadataOnly(hasDeviceFlow: hasDeviceFlow)
        return DeviceSignIns(
            issuers: [
                .init(
                    configuration: IssuerConfiguration(issuer: fetcher.issuer, audiences: ["cli"], clientID: clientID),
                    fetcher: fetcher, forms: forms)
            ], now: { .now }, logger: Logger(label: "test"))
    }

    @Test("whoever is shown the code signs in with the token that comes")
    func granted() async throws {
        let prompt = try await signIns([.json(200, ["id_token": "t"])]).begin()
        #expect(prompt.userCode == "WDJB-MJHT" && prompt.verificationURI == "https://login.example.com/device")
        #expect(prompt.expiresAt.duration(since: .now) > .seconds(890))
        #expect(try await prompt.token() == "t")
    }

    @Test("a client that goes away ends the waiting at once, before and during it")
    func cancelled() async throws {
        let signIns = signIns([Self.pending], interval: 60)
        let prompt = try await signIns.begin()
        let waiting = Task { try await prompt.token() }
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        prompt.cancel()
        await #expect(throws: DeviceAuthorizationError.cancelled) { try await waiting.value }
        #expect(ContinuousClock.now - start < .seconds(30), "of an interval's 60")
        await #expect(throws: DeviceAuthorizationError.cancelled) { try await prompt.token() }
        let another = try await signIns.begin()
        let task = Task { try await another.token() }
        task.cancel()
        await #expect(throws: DeviceAuthorizationError.cancelled) { try await task.value }
    }

    @Test("only so many are waited for at once; each way to end makes room")
    func places() async throws {
        let signIns = signIns([Self.pending])
        var prompts: [DevicePrompt] = []
        for _ in 0..<DeviceSignIns.mostAtOnce { prompts.append(try await signIns.begin()) }
        func isFull() async -> Bool {
            do throws(DeviceAuthorizationError) {
                _ = try await signIns.begin()
                return false
            } catch {
                return error == .tooMany(DeviceSignIns.mostAtOnce)
            }
        }
        #expect(await isFull())
        prompts.removeLast()
        #expect(await !isFull())
        prompts.append(try await signIns.begin())
        #expect(await isFull())
        prompts[0].cancel()
        prompts[0].cancel()
        prompts.append(try await signIns.begin())
        #expect(await isFull())
    }

    @Test("where no issuer has a client or the flow, nobody is asked to wait")
    func notOffered() async throws {
        for none in [signIns([], clientID: nil), signIns([], hasDeviceFlow: false)] {
            await #expect(throws: DeviceAuthorizationError.notOffered(nil)) { try await none.begin() }
        }
    }
}
