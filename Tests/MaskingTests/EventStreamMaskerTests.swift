import NIOCore
import Testing

@testable import Masking

@Suite("Event stream masking")
struct EventStreamMaskerTests {
    static let rules = allDetectors + ["field ssn: redact"]

    static let cases: [(text: String, masked: String)] = [
        ("data: {\"ssn\":\"x\"}\n\n", "data: {\"ssn\":\"[REDACTED]\"}\n\n"),
        ("data:{\"ssn\":\"x\"}\r\n\r\n", "data: {\"ssn\":\"[REDACTED]\"}\r\n\r\n"),
        ("data: {\"ssn\":\"x\"}\r\r", "data: {\"ssn\":\"[REDACTED]\"}\r\r"),
        ("data:{\"a\":\"x\"}\n\n", "data:{\"a\":\"x\"}\n\n"),
        (
            "event: e\nid: 1\ndata: {\"ssn\":\ndata: 1}\nretry: 5\n\n",
            "event: e\nid: 1\ndata: {\"ssn\":\ndata: \"[REDACTED]\"}\nretry: 5\n\n"
        ),
        ("data: mail john@example.com\ndata: now\n\n", "data: mail [EMAIL_ADDRESS]\ndata: now\n\n"),
        ("data: 4111 1111\ndata: 1111 1111\n\n", "data: 4111 1111\ndata: 1111 1111\n\n"),
        ("data\n\ndata:\n\n", "data\n\ndata:\n\n"), ("data: [DONE]\n\n", "data: [DONE]\n\n"),
        (": john@example.com\n\n", ": [EMAIL_ADDRESS]\n\n"),
        ("id: john@example.com\ndata: x\n\n", "id: [EMAIL_ADDRESS]\ndata: x\n\n"),
        ("data: \"\\u0034111111111111111\"\n\n", "data: \"[PAN]\"\n\n"),
        ("data: \"open 4111111111111111\n\n", "data: \"open [PAN]\n\n"),
        ("\u{feff}data: {\"ssn\":1}\n\n", "data: {\"ssn\":\"[REDACTED]\"}\n\n"),
        ("data: {\"ssn\":1}", "data: {\"ssn\":\"[REDACTED]\"}\n"), ("data: 4111111111111111", "data: [PAN]\n"),
        ("database: 4111111111111111\n\n", "database: [PAN]\n\n"), ("\n\n\n", "\n\n\n"),
        (
            "data: {\"ssn\":1}\n\ndata: {\"ssn\":2}\n\n",
            "data: {\"ssn\":\"[REDACTED]\"}\n\ndata: {\"ssn\":\"[REDACTED]\"}\n\n"
        ),
    ]

    @Test("each event's data is masked as JSON or text", arguments: cases)
    func masks(text: String, masked: String) throws {
        #expect(try mask(text, Self.rules, .serverSentEvents) == masked)
    }

    @Test("any chunking gives the same events", arguments: cases)
    func chunking(text: String, masked: String) throws {
        #expect(differingCuts(text, try makePlan(Self.rules), .serverSentEvents) == nil)
    }

    @Test("an event leaves as soon as its blank line is there")
    func promptness() throws {
        var masker = try StreamMasker(plan: makePlan(Self.rules), format: .serverSentEvents)
        #expect(try masker.mask(ByteBuffer(string: ": ping\n")).buffer == ByteBuffer(string: ": ping\n"))
        #expect(try masker.mask(ByteBuffer(string: "data: {\"ssn\":1}\n")).buffer.readableBytes == 0)
        #expect(
            try masker.mask(ByteBuffer(string: "\ndata: {")).buffer
                == ByteBuffer(string: "data: {\"ssn\":\"[REDACTED]\"}\n\n"))
    }

    @Test(
        "events that cannot be inspected are refused",
        arguments: [
            "data: {\"ssn\":\n\n", "data: {ssn:1}\n\n", "data: {\"a\":1,\"a\":2}\n\n", "data: [1] x\n\n",
            "data: a\u{0}b\n\n",
        ])
    func refusals(text: String) throws {
        #expect(throws: MaskingError.self) { try mask(text, Self.rules, .serverSentEvents) }
    }

    @Test("an event of text is refused where only rules for fields apply, the end marker is not")
    func fieldRulesOnly() throws {
        #expect(throws: MaskingError.self) { try mask("data: text\n\n", ["field ssn: redact"], .serverSentEvents) }
        #expect(try mask("data: [DONE]\n\n", ["field ssn: redact"], .serverSentEvents) == "data: [DONE]\n\n")
    }

    @Test("an event that never ends is refused at its limit")
    func endless() throws {
        var masker = try StreamMasker(plan: makePlan(Self.rules), format: .serverSentEvents)
        let chunk = ByteBuffer(string: "data: " + String(repeating: "x", count: 65_000) + "\n")
        #expect(throws: MaskingError.notInspectable(reason: "an event is longer than 1048576 bytes")) {
            for _ in 0..<20 { _ = try masker.mask(chunk) }
        }
    }
}
