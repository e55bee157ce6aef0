import Crypto
import Masking
import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Fields of a function's answer")
struct AnswerFieldsTests {
    /// What of an answer with `fields` reaches the caller.
    private static func lines(
        _ fields: [(String, String)], rules: [MaskingRule] = [], secrets: [String] = [],
        setCookie: FunctionTarget.Passing = .pass, isRewritten: Bool = false
    ) throws -> String {
        let catalog = try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "pii", rules: rules)], pseudonymKey: SymmetricKey(size: .bits256))
        let headers = HeaderFields(fields.map { (name: $0.0, value: $0.1) })
        let head = ResponseHead(
            status: 200, fields: headers, framing: .none, keepsAlive: true, connection: ConnectionOptions(headers))
        var buffer = ByteBuffer()
        try AnswerFields(
            setCookie: setCookie, secrets: UpstreamSecrets(secrets),
            masking: rules.isEmpty ? .none : try catalog.plan(["pii"]), isRewritten: isRewritten
        ).lines(of: head, into: &buffer)
        return String(buffer: buffer)
    }

    @Test("what is between the gateway and the function stays there")
    func hopByHop() throws {
        let lines = try Self.lines([
            ("Connection", "close, X-Private"), ("X-Private", "1"), ("Keep-Alive", "5"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "5"), ("Trailer", "X"), ("Upgrade", "h2c"), ("Alt-Svc", "h2=\":1\""),
            ("Proxy-Authenticate", "Basic"), ("Sallyport-Command", "forged"), ("X-Public", "2"),
        ])
        #expect(lines == "X-Public: 2\r\n")
    }

    @Test("a field that echoes the function's credential is dropped")
    func credential() throws {
        let lines = try Self.lines(
            [("X-Debug", "key=hunter22-key!"), ("X-Other", "hunter2")], secrets: ["hunter22-key"])
        #expect(lines == "X-Other: hunter2\r\n")
    }

    @Test("cookies pass or not, as the target says")
    func cookies() throws {
        #expect(try Self.lines([("Set-Cookie", "a=b")]) == "Set-Cookie: a=b\r\n")
        #expect(try Self.lines([("Set-Cookie", "a=b")], setCookie: .drop).isEmpty)
    }

    @Test("what describes the bytes of a body that is rewritten is dropped with them")
    func rewritten() throws {
        let fields = [
            ("ETag", "\"1\""), ("Content-MD5", "x"), ("Repr-Digest", "sha-256=:x:"), ("Accept-Ranges", "bytes"),
        ]
        #expect(try Self.lines(fields, isRewritten: true).isEmpty)
        #expect(try Self.lines(fields).components(separatedBy: "\r\n").count == 5)
    }

    @Test("values are masked by what they hold and by what they are called")
    func masked() throws {
        let rules = [
            MaskingRule(selector: .detector(.pan), transform: try Transform(parsing: "keep-last 4")),
            MaskingRule(selector: .field("x-customer-ssn"), transform: try Transform(parsing: "redact")),
        ]
        let lines = try Self.lines(
            [("X-Card", "card 4111 1111 1111 1111"), ("X-Customer-SSN", "536228741"), ("Date", "now")], rules: rules)
        #expect(lines == "X-Card: card **** **** **** 1111\r\nX-Customer-SSN: [masked]\r\nDate: now\r\n")
    }
}
