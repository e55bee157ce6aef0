import Foundation
import Testing

/// What Entra, Okta and Google leave out of their tokens, as whole calls: nobody is let in for a group that is not
/// known, nobody slips past a rule that forbids one, and the refusal says how to fix it.
@Suite("Groups that a token does not tell", .serialized)
struct UnknownGroupsTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let name: String
        let issuerKeys: String
        /// Claims besides `sub` and `email`.
        let claims: String
        /// What the answer's next step speaks of; `nil` where the call is allowed.
        let advice: String?
        var testDescription: String { name }
    }

    private static let hundred = (1...100).map { "\"g\($0)\"" }.joined(separator: ",")

    static let shapes = [
        Shape(
            name: "Entra: a reference in place of more than 200 groups",
            issuerKeys: "groups: {claim: groups, provider: entra}",
            claims: #""_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"ENDPOINT"}}"#,
            advice: "Groups assigned to the application"),
        Shape(
            name: "Entra: hasgroups", issuerKeys: "groups: {claim: groups, provider: entra}",
            claims: #""hasgroups":true"#, advice: "Groups assigned to the application"),
        Shape(
            name: "Entra: groups in the token", issuerKeys: "groups: {claim: groups, provider: entra}",
            claims: #""groups":["payments"]"#, advice: nil),
        Shape(
            name: "Okta: exactly 100 groups", issuerKeys: "groups: {claim: groups, provider: okta}",
            claims: "\"groups\":[\(hundred)]", advice: "fewer than 100 groups"),
        Shape(
            name: "Google: no groups, nobody configured", issuerKeys: "groups: {provider: google}",
            claims: #""hd":"example.com""#, advice: "identity.issuers[].groups.static"),
        Shape(
            name: "Google: groups from the configuration",
            issuerKeys:
                "groups: {provider: google, hosted_domain: example.com, static: [{user: erin, groups: [payments]}]}",
            claims: #""hd":"example.com""#, advice: nil),
    ]

    @Test("what is not known grants nothing", arguments: shapes)
    func unknown(shape: Shape) async throws {
        let bait = try await CountingListener()
        let claims = shape.claims.replacingOccurrences(of: "ENDPOINT", with: bait.url)
        let issuer = try await MockProvider(users: [#"{"sub":"erin","email":"erin@example.com",\#(claims)}"#])
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        options.issuerKeys = shape.issuerKeys
        let gateway = try await TestGateway(options, issuer: issuer)
        let erin = Curl(token: try await issuer.token(for: "erin"))

        let answer = try await erin.get("\(gateway.url)/payments/customer")
        if let advice = shape.advice {
            #expect(answer.status == 403)
            #expect((answer.member("next_step") as? String)?.contains(advice) == true, "\(answer.body)")
        } else {
            #expect(answer.status == 200, "\(answer.body)")
        }
        // The token's own URL is a stranger's word: nobody asked there.
        #expect(bait.connections == 0)
    }

    @Test("a rule that forbids a group also stops those whose groups are unknown")
    func forbidden() async throws {
        let issuer = try await MockProvider(users: [#"{"sub":"erin","email":"erin@example.com","hasgroups":true}"#])
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        options.issuerKeys = "groups: {claim: groups, provider: entra}"
        options.policy = """
            @id("everybody") permit (principal, action, resource);
            @id("no-contractors") forbid (principal in Group::"contractors", action, resource);
            """
        let gateway = try await TestGateway(options, issuer: issuer)
        let answer = try await Curl(token: try await issuer.token(for: "erin")).get("\(gateway.url)/payments/customer")
        #expect(answer.status == 403)
        #expect(answer.member("rule") as? String == "no-contractors")
    }

    @Test("an account of another Google organization is nobody here")
    func hostedDomain() async throws {
        let issuer = try await MockProvider(users: [
            #"{"sub":"erin","email":"erin@example.com","hd":"elsewhere.example"}"#,
            #"{"sub":"frank","email":"frank@example.com"}"#,
        ])
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        options.issuerKeys = """
            groups: {provider: google, hosted_domain: example.com, \
            static: [{user: erin, groups: [payments]}, {user: frank, groups: [payments]}]}
            """
        let gateway = try await TestGateway(options, issuer: issuer)
        for user in ["erin", "frank"] {
            let answer = try await Curl(token: try await issuer.token(for: user)).get(
                "\(gateway.url)/payments/customer")
            #expect(answer.status == 401, "\(user): \(answer.body)")
        }
    }
}
