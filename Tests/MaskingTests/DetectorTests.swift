import Testing

@testable import Masking

@Suite("Detectors")
struct DetectorTests {
    /// What all detectors make of a text.
    private static func redacted(_ text: String) throws -> String { try mask(text, allDetectors, .text) }

    @Test(
        "card numbers are found by range and check digit, whole or grouped",
        arguments: [
            ("4111111111111111", "[PAN]"), ("4111 1111 1111 1111", "[PAN]"), ("4111-1111-1111-1111", "[PAN]"),
            ("4111.1111.1111.1111", "[PAN]"), ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "[PAN]"),
            ("4111\u{2011}1111\u{2011}1111\u{2011}1111", "[PAN]"), ("card: 4111111111111111.", "card: [PAN]."),
            ("378282246310005", "[PAN]"), ("3782 822463 10005", "[PAN]"), ("30569309025904", "[PAN]"),
            ("6011111111111117", "[PAN]"), ("3530111333300000", "[PAN]"), ("5555555555554444", "[PAN]"),
            ("2223003122003222", "[PAN]"), ("6200000000000005", "[PAN]"), ("6200 0000 0000 0000 000", "[PAN]"),
            ("order 12 4111111111111111 x", "order 12 [PAN] x"), ("12 4111 1111 1111 1111", "12 [PAN]"),
            ("a,4111111111111111,b", "a,[PAN],b"), ("4111111111111111.0", "[PAN].0"),
            ("no4 4111111111111111", "no4 [PAN]"),
            ("card_4111111111111111", "card_[PAN]"), ("visa 4222222222222", "visa [PAN]"),
            ("\\n4111111111111111", "\\n[PAN]"),
            ("<td>4111111111111111</td>", "<td>[PAN]</td>"), ("\"4111111111111111\"", "\"[PAN]\""),
        ])
    func cards(text: String, expected: String) throws {
        #expect(try Self.redacted(text) == expected)
    }

    @Test(
        "numbers that are no card numbers stay",
        arguments: [
            "4111111111111112", "4111 1111 1111 1112", "1234567890123456", "1700000000000", "1700000000123456789",
            "20240102030405", "0.4111111111111111", "4111111111111111.55", "411111111111111", "41111111111111111111",
            "x4111111111111111", "4111111111111111x", "4111 1111-1111 1111", "4222222222222", "9999999999999995",
            "550e8400-e29b-41d4-a716-446655440000", "12345678-4111-1111-1111-111111111111", "1Z999AA10123456784",
            "9400 1000 0000 0000 0000 00", "d3b07384d113edec49eaa6238ad5ff00", "4006381333931", "192.168.100.200",
            "2024-01-02T03:04:05.678901Z", "123456789012", "0000000000000000",
        ])
    func notCards(text: String) throws {
        #expect(try Self.redacted(text) == text)
    }

    @Test(
        "account numbers are found by country, length and check digits",
        arguments: [
            ("DE89370400440532013000", "[IBAN]"), ("DE89 3704 0044 0532 0130 00", "[IBAN]"),
            ("GB82 WEST 1234 5698 7654 32", "[IBAN]"), ("gb82west12345698765432", "[IBAN]"),
            ("NO9386011117947", "[IBAN]"), ("MT84MALT011000012345MTLCAST001S", "[IBAN]"),
            ("LC55HEMM000100010012001200023015", "[IBAN]"), ("IBAN:FR1420041010050500013M02606.", "IBAN:[IBAN]."),
            ("DE88370400440532013000", nil), ("DE8937040044053201300", nil), ("DE893704004405320130001", nil),
            ("XDE89370400440532013000", nil), ("ZZ89370400440532013000", nil), ("DE89 3704 00440532 0130 00", nil),
            ("US64SVBKUS6S3300958879", nil),
        ] as [(String, String?)])
    func accounts(text: String, expected: String?) throws {
        #expect(try Self.redacted(text) == expected ?? text)
    }

    @Test(
        "social security numbers are found with hyphens, and bare where words say so",
        arguments: [
            ("123-45-6789", "[US_SSN]"), ("(123-45-6789)", "([US_SSN])"), ("SSN-123-45-6789", "SSN-[US_SSN]"),
            ("123\u{2010}45\u{2010}6789", "[US_SSN]"), ("ssn 123456789", "ssn [US_SSN]"),
            ("Social Security Number: 123 45 6789", "Social Security Number: [US_SSN]"),
            ("taxId=123456789", "taxId=[US_SSN]"),
            ("000-45-6789", nil), ("666-45-6789", nil), ("900-45-6789", nil), ("123-00-6789", nil),
            ("123-45-0000", nil),
            ("078-05-1120", nil), ("111-11-1111", nil), ("123456789", nil), ("123 45 6789", nil), ("1123-45-6789", nil),
            ("123-45-67890", nil), ("1-123-45-6789", nil), ("123-45-6789-1", nil), ("123.45.6789", nil),
            ("ssn 12345678", nil),
            ("123-456-789", nil), ("order 123456789", nil), ("classname 123456789", nil), ("2024-01-02", nil),
        ] as [(String, String?)])
    func socialSecurity(text: String, expected: String?) throws {
        #expect(try Self.redacted(text) == expected ?? text)
    }

    @Test(
        "email addresses are found whole",
        arguments: [
            ("john@example.com", "[EMAIL_ADDRESS]"), ("<john.doe+tag@mail.example.co.uk>", "<[EMAIL_ADDRESS]>"),
            ("mailto:o'brien@example.com?x", "mailto:[EMAIL_ADDRESS]?x"),
            ("Mail john@example.com.", "Mail [EMAIL_ADDRESS]."),
            ("to=john@example.com&x=1", "to=[EMAIL_ADDRESS]&x=1"), ("jörg.müller@exämple.de", "[EMAIL_ADDRESS]"),
            ("«john@example.com»", "«[EMAIL_ADDRESS]»"), ("联系john@example.com", "联系[EMAIL_ADDRESS]"),
            ("a@xn--e1afmkfd.xn--p1ai", "[EMAIL_ADDRESS]"), ("a@b.co,c@d.org", "[EMAIL_ADDRESS],[EMAIL_ADDRESS]"),
            ("'john@example.com'", "'[EMAIL_ADDRESS]'"), ("\\njohn@example.com", "\\n[EMAIL_ADDRESS]"),
            ("john.5551234567@example.com", "[EMAIL_ADDRESS]"), ("x@y.com-", "[EMAIL_ADDRESS]-"),
            ("john@localhost", nil), ("@types/node", nil), ("icon@2x.png", nil), ("pkg@1.2.3", nil), ("a @ b.com", nil),
            ("john@.com", nil), ("@@", nil), ("john@-x.com", nil), ("price @ 12.50", nil),
        ] as [(String, String?)])
    func emails(text: String, expected: String?) throws {
        #expect(try Self.redacted(text) == expected ?? text)
    }

    @Test(
        "telephone numbers are found by their separators or country code, and bare where words say so",
        arguments: [
            ("(555) 234-5678", "[PHONE_NUMBER]"), ("(555)234-5678", "[PHONE_NUMBER]"),
            ("555-234-5678", "[PHONE_NUMBER]"),
            ("555.234.5678", "[PHONE_NUMBER]"), ("1-555-234-5678", "[PHONE_NUMBER]"),
            ("1 (555) 234-5678", "[PHONE_NUMBER]"),
            ("+1 555 234 5678", "[PHONE_NUMBER]"), ("+15552345678", "[PHONE_NUMBER]"),
            ("+1 (555) 234-5678", "[PHONE_NUMBER]"),
            ("+44 20 7946 0958", "[PHONE_NUMBER]"), ("+49 (0)30 901820.", "[PHONE_NUMBER]."),
            ("+390612345678", "[PHONE_NUMBER]"),
            ("call 555-234-5678 now", "call [PHONE_NUMBER] now"), ("tel:5552345678", "tel:[PHONE_NUMBER]"),
            ("Phone 15552345678", "Phone [PHONE_NUMBER]"), ("customerPhone 5552345678", "customerPhone [PHONE_NUMBER]"),
            ("5552345678", nil), ("hotel 5552345678", nil), ("155-234-5678", nil), ("555-134-5678", nil),
            ("911-234-5678", nil),
            ("555-234-56789", nil), ("5-555-234-5678", nil), ("2555-234-5678", nil), ("+0123456789", nil),
            ("+1234567", nil),
            ("2024-01-02T03:04:05+01:00", nil), ("1.555.234.5678.9", nil), ("a+15552345678", nil), ("1700000000", nil),
            ("192.168.100.1000", nil), ("ratio 0.555-234-5678", nil),
        ] as [(String, String?)])
    func telephones(text: String, expected: String?) throws {
        #expect(try Self.redacted(text) == expected ?? text)
    }

    @Test(
        "detectors have readable names in any spelling",
        arguments: [
            ("PAN", .pan), ("iban", .iban), ("US_SSN", .ssn), ("us-ssn", .ssn), ("Email", .email),
            ("email_address", .email), ("phone", .phone), ("PHONE_NUMBER", .phone), ("dna", nil),
        ] as [(String, Detector?)])
    func names(name: String, expected: Detector?) {
        #expect((try? Detector(named: name)) == expected)
        #expect(expected == nil || expected.map { (try? Detector(named: $0.rawValue)) == $0 } == true)
    }

    @Test("an unknown detector's error lists those that exist")
    func unknownName() {
        #expect(
            throws: MaskingSyntaxError(
                text: "dna", message: "no such detector; there are PAN, IBAN, US_SSN, EMAIL_ADDRESS, PHONE_NUMBER")
        ) { try Detector(named: "dna") }
    }
}
