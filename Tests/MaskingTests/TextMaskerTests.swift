import NIOCore
import Testing

@testable import Masking

@Suite("Text masking")
struct TextMaskerTests {
    static let texts = [
        "<p>Card 4111 1111 1111 1111, mail john.doe@example.com or +1 (555) 234-5678.</p>\n",
        "4111111111111111", "4111-1111-1111-1111-1111 12-4111-1111-1111-1111", "1234 4111 1111 1111 1111 1111",
        "a@b.co@c.de john@example.com.Next x'y@z.org", "IBAN DE89 3704 0044 0532 0130 00 GB82WEST12345698765432 DE89",
        "ssn 123-45-6789 ssn 123456789 123 45 6789 social 123 45 6789", "jörg.müller@exämple.de ü@x.de €@x.de",
        "555-234-5678 555-234-5678-9 (555) 234-5678 (555 234-5678 +44 20 7946 0958 11 12 13 14 15",
        "550e8400-e29b-41d4-a716-446655440000 2024-01-02T03:04:05.678901Z 1700000000000",
        String(repeating: "1", count: 100) + " 4111111111111111 " + String(repeating: "a.", count: 60) + "@example.com",
        "\\nDE89370400440532013000\\tel 5552345678\\n4111111111111111", "4111111111111111.0 4111111111111111.01",
        "4111\u{a0}1111\u{a0}1111\u{a0}1111 123\u{2010}45\u{2010}6789",
    ]

    @Test("any chunking of a text gives the same answer", arguments: texts)
    func chunking(text: String) throws {
        #expect(differingCuts(text, try makePlan(allDetectors), .text) == nil)
    }

    @Test("a text that pauses anywhere, and lets go of what it can, gives the same answer", arguments: texts)
    func pausing(text: String) throws {
        let plan = try makePlan(allDetectors)
        let bytes = Array(text.utf8)
        let expected = try mask(bytes, plan, .text).text
        for cut in 0...bytes.count {
            var masker = try StreamMasker(plan: plan, format: .text)
            var output: [UInt8] = []
            output += try masker.mask(ByteBuffer(bytes: bytes[..<cut])).buffer.readableBytesView
            output += try masker.settle().buffer.readableBytesView
            output += try masker.settle().buffer.readableBytesView
            output += try masker.mask(ByteBuffer(bytes: bytes[cut...])).buffer.readableBytesView
            output += try masker.settle().buffer.readableBytesView
            output += try masker.finish().buffer.readableBytesView
            #expect(String(decoding: output, as: UTF8.self) == expected, "cut at \(cut)")
        }
    }

    @Test(
        "a line or a prompt is let go of whole when the text pauses, and the beginning of a value is not",
        arguments: [
            ("4\n", "4\n"), ("{\"id\":42}\n", "{\"id\":42}\n"), ("sqlite> ", "sqlite>"),
            ("total: 12\n[y/N]", "total: 12\n[y/N]"),
            ("card 41111111", "c"), ("mail:\njohn.doe", "mail:\n"), ("iban=DE", "iban="), ("xxxx\n+1 (5", "xx"),
            ("x\n+", "x\n"),
        ])
    func settling(text: String, shown: String) throws {
        var masker = try StreamMasker(plan: makePlan(allDetectors), format: .text)
        var output = Array(try masker.mask(ByteBuffer(string: text)).buffer.readableBytesView)
        output += try masker.settle().buffer.readableBytesView
        while output.last == UInt8(ascii: " ") { output.removeLast() }
        #expect(String(decoding: output, as: UTF8.self) == shown)
    }

    @Test("each detector alone gives the same answer under any chunking", arguments: Detector.allCases)
    func singleDetectors(detector: Detector) throws {
        let plan = try makePlan(["\(detector): redact"])
        #expect(differingCuts(Self.texts.joined(separator: "\n"), plan, .text) == nil)
    }

    @Test("the same text inside a JSON string gives the same matches, escaped or not")
    func asJSON() throws {
        let plan = try makePlan(allDetectors)
        for text in Self.texts where !text.contains("\\") {
            let expected = try mask(Array(text.utf8), plan, .text)
            let escaped = text.unicodeScalars.map { scalar in
                scalar.value < 0x10000 ? "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst() : ""
            }.joined()
            let plain = text.replacing("\n", with: "\\n")
            let plainAnswer = try mask(Array("[\"\(plain)\"]".utf8), plan)
            let escapedAnswer = try mask(Array("[\"\(escaped)\"]".utf8), plan)
            #expect(plainAnswer.counts == expected.counts)
            #expect(escapedAnswer.counts == expected.counts)
            #expect(plainAnswer.text == "[\"\(expected.text.replacing("\n", with: "\\n"))\"]")
        }
    }

    @Test("bytes that are not UTF-8 pass, and values between them are masked")
    func invalidUTF8() throws {
        let plan = try makePlan(allDetectors)
        let bytes: [UInt8] = [0xff, 0xfe, 0xc3] + Array("4111111111111111".utf8) + [0xe9, 0x80] + Array("a@b.co".utf8)
        for cut in 0...bytes.count {
            var masker = try StreamMasker(plan: plan, format: .text)
            var output: [UInt8] = []
            output += try masker.mask(ByteBuffer(bytes: bytes[..<cut])).buffer.readableBytesView
            output += try masker.mask(ByteBuffer(bytes: bytes[cut...])).buffer.readableBytesView
            output += try masker.finish().buffer.readableBytesView
            let expected = [0xff, 0xfe, 0xc3] + Array("[PAN]".utf8) + [0xe9, 0x80] + Array("[EMAIL_ADDRESS]".utf8)
            #expect(output == expected, "cut at \(cut)")
        }
    }

    @Test("text with NUL bytes, as UTF-16 has them, is refused")
    func utf16() throws {
        let plan = try makePlan(allDetectors)
        let bytes = "4111111111111111".utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        #expect(throws: MaskingError.self) { try mask(bytes, plan, .text) }
    }

    @Test("text is refused where only rules for fields apply")
    func fieldRulesOnly() throws {
        let plan = try makePlan(["field ssn: redact"])
        #expect(throws: MaskingError.self) { try StreamMasker(plan: plan, format: .text) }
    }
}
